"""Tests of labels as attributes."""

import numpy as np
import pytest

from keras_fashion.design.attribute_labels import LabelAttribute
from keras_fashion.errors import InputError


def pictures_of(colors):
    """Squares of the colors before white."""
    pictures = np.full((len(colors), 32, 32, 3), 255, np.uint8)
    pictures[:, 8:24, 8:24] = colors[:, None, None]
    return pictures


@pytest.fixture(scope="module")
def colors():
    return np.random.default_rng(0).integers(20, 220, (120, 3)).astype(np.uint8)


def test_it_grows_with_what_the_label_means(colors):
    dark = colors.sum(axis=1) < 360
    attribute = LabelAttribute(pictures_of(colors), dark)
    assert attribute.auc > 0.95
    grays = np.linspace(30, 210, 7).astype(np.uint8)
    values = attribute(pictures_of(np.repeat(grays[:, None], 3, axis=1)))
    assert values.shape == (7,) and (np.diff(values) < 0).all()
    assert values[0] > 0 > values[-1]


def test_a_label_that_no_picture_shows(colors):
    chance = np.random.default_rng(1).random(120) < 0.5
    with pytest.raises(InputError, match=r"do not show this label \(AUC 0.[45]"):
        LabelAttribute(pictures_of(colors), chance)


def test_too_few_pictures_of_a_label(colors):
    few = np.arange(120) < 4
    for labels in (few, ~few):
        with pytest.raises(InputError, match="have the label"):
            LabelAttribute(pictures_of(colors), labels)
