"""The atelier: a procedural fashion world with a known answer."""

from keras_fashion.datasets.atelier.measure import Measurement, measure
from keras_fashion.datasets.atelier.oracle import Oracle
from keras_fashion.datasets.atelier.recovery import taste_recovery
from keras_fashion.datasets.atelier.source import Atelier

__all__ = ["Atelier", "Measurement", "Oracle", "measure", "taste_recovery"]
