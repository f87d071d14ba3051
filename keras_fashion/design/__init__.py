"""Preference maximisation: design for a user, a group, or from an item; and why one is liked."""

from keras_fashion.design.colour_difference import colour_difference
from keras_fashion.design.explanation import ComparedItem, Explanation, PreferenceExplainer
from keras_fashion.design.occlusion import occlusion_map
from keras_fashion.design.preference_maximiser import Designs, PreferenceMaximiser
from keras_fashion.design.redesign import Redesign, invert, redesign

__all__ = [
    "ComparedItem",
    "Designs",
    "Explanation",
    "PreferenceExplainer",
    "PreferenceMaximiser",
    "Redesign",
    "colour_difference",
    "invert",
    "occlusion_map",
    "redesign",
]
