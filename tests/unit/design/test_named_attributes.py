"""Tests of attributes by name."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from keras_fashion.design.attribute_labels import LabelAttribute, named_attributes
from keras_fashion.design.picture_attributes import picture_attributes
from keras_fashion.errors import InputError


@pytest.fixture(scope="module")
def catalogue():
    """60 squares before white in two categories; half of those of the first are dark."""
    rng = np.random.default_rng(0)
    dark = np.arange(60) % 4 == 0
    pictures = np.full((60, 32, 32, 3), 255, np.uint8)
    shades = np.where(dark[:, None], 40, 150) + rng.integers(0, 40, (60, 3))
    pictures[:, 8:24, 8:24] = shades[:, None, None]

    def items_where(conditions):
        assert conditions == [("shade", "dark=ish")]
        return dark

    return SimpleNamespace(
        categories=["Bags", "Tops"],
        item_categories=np.arange(60) % 2,
        items_where=items_where,
        pictures_of=lambda items, size: pictures[items],
    )


def test_columns_are_those_named_each_once(catalogue):
    measure = named_attributes(["length", "shade=dark=ish", "length"], catalogue, 0, (32, 32))
    pictures = catalogue.pictures_of([0, 2], None)
    found = measure(pictures)
    assert list(found.columns) == ["length", "shade=dark=ish"]
    pd.testing.assert_series_equal(found["length"], picture_attributes(pictures)["length"])
    assert found["shade=dark=ish"][0] > 0 > found["shade=dark=ish"][1]


def test_a_label_is_learned_from_the_items_of_the_category(catalogue):
    items = np.flatnonzero(catalogue.item_categories == 0)
    order = np.random.default_rng(0).permutation(items)
    alone = LabelAttribute(catalogue.pictures_of(order, None), order % 4 == 0)
    measure = named_attributes(["shade=dark=ish"], catalogue, 0, (32, 32))
    pictures = catalogue.pictures_of(items, None)
    np.testing.assert_allclose(measure(pictures)["shade=dark=ish"], alone(pictures))


def test_mistakes_are_named(catalogue):
    with pytest.raises(InputError, match="no attribute 'sleeve'; there are lightness"):
        named_attributes(["length", "sleeve"], catalogue, 0, (32, 32))
    with pytest.raises(InputError, match="shade=dark=ish in Tops: 0 of 30 pictures"):
        named_attributes(["shade=dark=ish"], catalogue, 1, (32, 32))
