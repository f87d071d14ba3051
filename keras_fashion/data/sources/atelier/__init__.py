"""The atelier: a procedural fashion world with a known answer."""

from keras_fashion.data.sources.atelier.measure import Measurement, measure
from keras_fashion.data.sources.atelier.oracle import (
    Oracle,
    existing_utilities,
    true_utility,
    utility_recovery,
)
from keras_fashion.data.sources.atelier.source import Atelier

__all__ = [
    "Atelier",
    "Measurement",
    "Oracle",
    "existing_utilities",
    "measure",
    "true_utility",
    "utility_recovery",
]
