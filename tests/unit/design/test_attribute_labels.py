"""Tests of attributes by name, of labels as attributes, and of directions that hold them."""

import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from keras_fashion.design.attribute_labels import (
    LabelAttribute,
    attribute_directions,
    named_attributes,
)
from keras_fashion.design.edit_directions import find_directions
from keras_fashion.design.picture_attributes import measure_attributes
from keras_fashion.errors import InputError


def pictures_of(colors):
    """Returns pictures of squares in the colors before white."""
    pictures = np.full((len(colors), 32, 32, 3), 255, np.uint8)
    pictures[:, 8:24, 8:24] = colors[:, None, None]
    return pictures


@pytest.fixture(scope="module")
def colors():
    return np.random.default_rng(0).integers(20, 220, (120, 3)).astype(np.uint8)


def test_the_value_grows_with_what_the_label_means(colors):
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


@pytest.fixture(scope="module")
def catalogue():
    """Returns 60 squares before white in two categories; half of the first category are dark."""
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
    pd.testing.assert_series_equal(found["length"], measure_attributes(pictures)["length"])
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


def test_no_names_give_no_directions(gan):
    assert attribute_directions(gan, SimpleNamespace(), 1, ()) is None


def test_steps_without_the_directions_change_nothing_by_the_probes(gan, monkeypatch):
    few = partial(find_directions, num_latents=300)
    monkeypatch.setattr(sys.modules[attribute_directions.__module__], "find_directions", few)
    fixed_directions = attribute_directions(
        gan, SimpleNamespace(), 1, ["lightness", "redness", "lightness"]
    )
    np.testing.assert_allclose(fixed_directions @ fixed_directions.T, np.eye(2), atol=1e-5)
    directions = few(gan, 1)
    step = np.ones(gan.latent_dim, np.float32)
    step -= (fixed_directions @ step) @ fixed_directions
    rows = [directions.names.index(name) for name in ("lightness", "redness")]
    change = directions.slopes[rows] @ step
    assert np.abs(change).max() < 1e-4 < np.abs(directions.slopes[rows].sum(axis=1)).min()


def test_unknown_attributes(gan):
    with pytest.raises(InputError, match="no attribute 'lightnes'; there are lightness"):
        attribute_directions(gan, SimpleNamespace(), 1, ["lightnes"])
