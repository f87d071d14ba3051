"""Preference maximisation: design for a user, a group, or from an item that exists."""

from keras_fashion.design.colour_difference import colour_difference
from keras_fashion.design.explanation import ComparedItem, Explanation, PreferenceExplainer
from keras_fashion.design.group_preference import (
    GROUP_PREFERENCES,
    GroupPreference,
    LeastMisery,
    Mean,
    SoftMin,
)
from keras_fashion.design.inversion import invert
from keras_fashion.design.occlusion import occlusion_map
from keras_fashion.design.originals import Originals
from keras_fashion.design.preference_maximiser import Designs, PreferenceMaximiser
from keras_fashion.design.procedure import PROCEDURES, Procedure
from keras_fashion.design.redesign import Redesign, redesign

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
