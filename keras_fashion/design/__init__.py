"""Preference maximisation: design for a user, a group, or from an item that exists."""

from keras_fashion.design.preference_maximiser import Designs, PreferenceMaximiser
from keras_fashion.design.redesign import Redesign, invert, redesign

__all__ = ["Designs", "PreferenceMaximiser", "Redesign", "invert", "redesign"]
