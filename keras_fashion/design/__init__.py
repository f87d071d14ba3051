"""Preference maximization: design for a user, a group, or from an item that exists."""

from keras_fashion.design.explanations import (
    ComparedItem,
    Explanation,
    PreferenceExplainer,
    occlusion_map,
)
from keras_fashion.design.inversion import Originals, color_difference, invert
from keras_fashion.design.item_redesign import Redesign, redesign
from keras_fashion.design.objective import (
    AGGREGATIONS,
    Aggregation,
    LeastMisery,
    Mean,
    SoftMin,
)
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.design.procedure import PROCEDURES, Procedure

__all__ = [
    "AGGREGATIONS",
    "PROCEDURES",
    "Aggregation",
    "ComparedItem",
    "Designs",
    "Explanation",
    "LeastMisery",
    "Mean",
    "Originals",
    "PreferenceExplainer",
    "PreferenceMaximizer",
    "Procedure",
    "Redesign",
    "SoftMin",
    "color_difference",
    "invert",
    "occlusion_map",
    "redesign",
]
