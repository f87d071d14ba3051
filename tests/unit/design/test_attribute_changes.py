"""Words for what changed, against garments that are drawn with known attributes."""

import numpy as np
import pytest

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, sample_garments
from keras_fashion.data.sources.atelier.garments import draw_garment
from keras_fashion.design import describe_changes


@pytest.fixture(scope="module")
def garments():
    return sample_garments(np.random.default_rng(0), 600)


def changed(garments, category, before, after):
    """Returns the words for a plain garment of medium attributes that is changed as given."""
    own = garments[garments["category"] == CATEGORIES.index(category)]
    references = np.stack([draw_garment(each) for each in own[:80]])
    garment = own[:1].copy()
    garment["pattern"], garment["length"], garment["width"], garment["cut"] = 0, 0.5, 0.5, 0.5
    garment["lightness"], garment["chroma"], garment["hue"] = 55, 30, 40
    pictures = []
    for attributes in (before, after):
        each = garment.copy()
        for name, value in attributes.items():
            each[name] = value
        pictures.append(draw_garment(each[0]))
    return describe_changes(np.stack(pictures), references)


@pytest.mark.parametrize(
    ("category", "before", "after", "first"),
    [
        ("Tops", {"lightness": 70}, {"lightness": 30}, "darker"),
        ("Tops", {"lightness": 30}, {"lightness": 70}, "lighter"),
        ("Dresses", {"hue": 150, "chroma": 35}, {"hue": 20, "chroma": 35}, "redder"),
        ("Dresses", {"hue": 20, "chroma": 35}, {"hue": 150, "chroma": 35}, "greener"),
        ("Bags", {"hue": 90, "chroma": 35}, {"hue": 280, "chroma": 35}, "bluer"),
        ("Trousers", {"length": 0.9}, {"length": 0.1}, "shorter"),
        ("Skirts", {"length": 0.1}, {"length": 0.9}, "longer"),
        ("Tops", {"length": 0.1}, {"length": 0.9}, "wider, sleeves included"),
        ("Skirts", {"width": 0.9}, {"width": 0.1}, "narrower hem"),
        ("Dresses", {"pattern": 0}, {"pattern": 3, "accent_lightness": 95}, "more patterned"),
        ("Dresses", {"pattern": 3, "accent_lightness": 95}, {"pattern": 0}, "plainer"),
    ],
)
def test_the_attribute_that_was_changed_is_named(garments, category, before, after, first):
    words = changed(garments, category, before, after)
    assert words[0] == [] and first in words[1][:2]


def test_the_same_garment_has_not_changed(garments):
    assert changed(garments, "Tops", {}, {}) == [[], []]


def test_a_change_that_nobody_sees_is_not_named(garments):
    assert changed(garments, "Tops", {"lightness": 50}, {"lightness": 51}) == [[], []]
