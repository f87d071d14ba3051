"""The atelier: a procedural catalogue of garments and shoppers whose true preferences are known.

`Atelier` is the source. `Oracle` has the true preferences, and `measure` reads the attributes of a
garment from any picture, so that designs can be compared with the truth.
"""

from keras_fashion.data.sources.atelier.measurement import Measurement, measure
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
