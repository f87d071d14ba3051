"""Preference maximisation: design for a user, a group, or from an item that exists."""

from keras_fashion.design.explanations import (
    ComparedItem,
    Explanation,
    PreferenceExplainer,
    occlusion_map,
)
from keras_fashion.design.inversion import Originals, colour_difference, invert
from keras_fashion.design.item_redesign import Redesign, redesign
from keras_fashion.design.objective import (
    GROUP_PREFERENCES,
    GroupPreference,
    LeastMisery,
    Mean,
    SoftMin,
)
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximiser
from keras_fashion.design.procedure import PROCEDURES, Procedure

__all__ = [
    "GROUP_PREFERENCES",
    "PROCEDURES",
    "ComparedItem",
    "Designs",
    "Explanation",
    "GroupPreference",
    "LeastMisery",
    "Mean",
    "Originals",
    "PreferenceExplainer",
    "PreferenceMaximiser",
    "Procedure",
    "Redesign",
    "SoftMin",
    "colour_difference",
    "invert",
    "occlusion_map",
    "redesign",
]
