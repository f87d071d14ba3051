"""Tests of the attributes that any picture shows, on pictures painted by hand."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, GARMENT
from keras_fashion.data.sources.atelier.garments import draw_garment
from keras_fashion.design.picture_attributes import measure_attributes

RED = (170, 60, 50)


def paint(*boxes, ground=(240, 240, 238), size=(60, 40)):
    """A picture with boxes (top, bottom, left, right, color)."""
    picture = np.full((*size, 3), ground, np.uint8)
    for top, bottom, left, right, color in boxes:
        picture[top:bottom, left:right] = color
    return picture


def attributes_of(picture):
    return measure_attributes(picture[None]).iloc[0]


@pytest.fixture(scope="module")
def top():
    """A body of 16 columns, 30 rows high, with sleeves that spread over 32 columns."""
    return paint((10, 40, 12, 28, RED), (12, 20, 4, 36, RED))


def test_color_is_that_of_the_garment(top):
    found = attributes_of(top)
    expected = rgb2lab(np.array(RED, np.uint8)[None, None])[0, 0]
    color = found[["lightness", "redness", "yellowness"]]
    np.testing.assert_allclose(color, expected, atol=0.5)
    other = attributes_of(paint((10, 40, 12, 28, (60, 60, 170))))
    assert other["yellowness"] < -30 < 20 < found["yellowness"]


def test_extents_by_hand(top):
    found = attributes_of(top)
    # Smoothing widens an outline by at most a pixel a side.
    assert 30 <= 60 * found["length"] <= 32
    assert 32 <= 40 * found["spread"] <= 34
    assert 16 <= 40 * found["hem"] <= 18


def test_a_longer_garment_and_longer_sleeves_change_only_themselves(top):
    found = attributes_of(top)
    longer = attributes_of(paint((10, 50, 12, 28, RED), (12, 20, 4, 36, RED)))
    np.testing.assert_allclose(longer["length"] - found["length"], 10 / 60)
    np.testing.assert_allclose(longer[["spread", "hem"]], found[["spread", "hem"]])
    sleeved = attributes_of(paint((10, 40, 12, 28, RED), (12, 20, 2, 38, RED)))
    np.testing.assert_allclose(sleeved["spread"] - found["spread"], 4 / 40)
    np.testing.assert_allclose(sleeved[["length", "hem"]], found[["length", "hem"]])


def test_pattern_sees_stripes_and_neither_a_seam_nor_the_outline():
    plain = paint((10, 50, 10, 50, RED), size=(60, 60))
    seamed, striped = plain.copy(), plain.copy()
    seamed[10:50, 30] = (90, 30, 25)
    striped[10:50:4, 10:50] = striped[11:50:4, 10:50] = (230, 220, 210)
    found = measure_attributes(np.stack([plain, seamed, striped]))["pattern"]
    assert found[0] < 0.5 and found[1] < 0.5 and found[2] > 10


def test_a_dark_ground_is_ground():
    found = attributes_of(paint((10, 40, 12, 28, RED), ground=(20, 20, 20)))
    assert 30 <= 60 * found["length"] <= 32


def test_a_picture_of_nothing_has_values_too():
    found = attributes_of(paint())
    assert found["length"] == found["spread"] == found["hem"] == found["pattern"] == 0
    assert found["lightness"] == pytest.approx(94.8, abs=0.5)


def test_pictures_are_measured_each_by_itself(top):
    pictures = np.stack([paint(), top, top[:, ::-1]])
    found = measure_attributes(pictures)
    assert len(found) == 3 and np.isfinite(found.to_numpy()).all()
    np.testing.assert_allclose(found.iloc[1], attributes_of(top), rtol=1e-5)
    np.testing.assert_allclose(found.iloc[2], found.iloc[1], rtol=1e-4)


def test_haze_and_specks_beside_the_garment_are_none_of_it(top):
    spoilt = top.copy()
    spoilt[45:55, 2:38] = (232, 236, 228)  # faint beside the garment, though a plain difference
    spoilt[2:4, 2:4] = RED
    columns = ["length", "spread", "hem"]
    np.testing.assert_allclose(attributes_of(spoilt)[columns], attributes_of(top)[columns])


@pytest.mark.parametrize(
    ("category", "grown", "column"),
    [
        ("Dresses", "length", "length"),
        ("Tops", "length", "spread"),  # a top's length is its sleeve's
        ("Tops", "width", "hem"),
        ("Skirts", "width", "hem"),
        ("Trousers", "lightness", "lightness"),
    ],
)
def test_it_sees_what_the_atelier_draws(category, grown, column):
    garment = np.zeros((), GARMENT)
    garment["category"] = CATEGORIES.index(category)
    garment["lightness"], garment["length"], garment["width"], garment["cut"] = 45, 0.5, 0.5, 0.5
    values = []
    for step in np.linspace(0, 1, 5):
        garment[grown] = 20 + 50 * step if grown == "lightness" else step
        values.append(attributes_of(draw_garment(garment, 64))[column])
    assert (np.diff(values) > 0).all()
