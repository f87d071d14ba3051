"""The atelier: a procedural catalogue of garments and shoppers whose true preferences are known.

`Atelier` is the source. `Oracle` has the true preferences, and `measure` reads the attributes of a
garment from any picture, so that designs can be compared with the truth. What shoppers prefer may
change over time (`Drift`), and `drift_recovery` says how well a model has recovered that.
"""

from keras_fashion.data.sources.atelier.drift import Drift
from keras_fashion.data.sources.atelier.measurement import Measurement, measure
from keras_fashion.data.sources.atelier.oracle import (
    Oracle,
    existing_utilities,
    true_utility,
    utility_recovery,
)
from keras_fashion.data.sources.atelier.recovery import DriftRecovery, drift_recovery
from keras_fashion.data.sources.atelier.source import Atelier

__all__ = [
    "Atelier",
    "Drift",
    "DriftRecovery",
    "Measurement",
    "Oracle",
    "drift_recovery",
    "existing_utilities",
    "measure",
    "true_utility",
    "utility_recovery",
]
