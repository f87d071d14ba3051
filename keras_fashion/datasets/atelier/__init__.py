"""The atelier: a procedural fashion world with a known answer."""

from keras_fashion.datasets.atelier.oracle import Oracle
from keras_fashion.datasets.atelier.source import prepare_atelier

__all__ = ["Oracle", "prepare_atelier"]
