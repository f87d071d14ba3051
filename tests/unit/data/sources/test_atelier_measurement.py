from functools import cache

import numpy as np
import pytest

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, garment_lab, sample_garments
from keras_fashion.data.sources.atelier.garments import draw_garment
from keras_fashion.data.sources.atelier.measurement import measure

GARMENTS = sample_garments(np.random.default_rng(5), 300)


@cache
def _drawn(category, size, count):
    garments = GARMENTS[GARMENTS["category"] == category][:count]
    return garments, [draw_garment(garment, size) for garment in garments]


def _measured(category, size=64, noise=0.0, count=30):
    """Draws and measures garments; returns them and the measurements by name."""
    rng = np.random.default_rng(6)
    garments, pictures = _drawn(category, size, count)
    measurements = []
    for picture in pictures:
        picture = picture + noise * rng.standard_normal((size, size, 3))
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        measurements.append(measure(picture, CATEGORIES[category]))
    names = ("lightness", "chroma", "hue", "length", "width", "lab")
    return garments, {n: np.array([getattr(m, n) for m in measurements]) for n in names}


def _correlation(garments, measured, name):
    return np.corrcoef(garments[name], measured[name])[0, 1]


@pytest.mark.parametrize("category", range(len(CATEGORIES)), ids=CATEGORIES)
def test_measures_what_was_drawn(category):
    garments, measured = _measured(category)
    assert _correlation(garments, measured, "lightness") > 0.95
    assert _correlation(garments, measured, "chroma") > 0.97
    assert _correlation(garments, measured, "length") > 0.985
    assert _correlation(garments, measured, "width") > 0.94
    assert np.abs(garments["length"] - measured["length"]).mean() < 0.05
    assert np.abs(garments["width"] - measured["width"]).mean() < 0.08
    difference = np.linalg.norm(garment_lab(garments) - measured["lab"], axis=1)
    assert np.median(difference) < 4
    colored = garments["chroma"] > 12
    hue_error = np.abs((measured["hue"] - garments["hue"] + 180) % 360 - 180)[colored]
    assert np.median(hue_error) < 2


def test_the_hue_wraps_around():
    garment = GARMENTS[GARMENTS["pattern"] == 0][0].copy()
    garment["lightness"], garment["chroma"] = 50, 40
    for hue in (1.0, 90.0, 180.0, 270.0, 359.0):
        garment["hue"] = hue
        found = measure(draw_garment(garment), CATEGORIES[garment["category"]]).hue
        assert abs((found - hue + 180) % 360 - 180) < 5


def test_large_pictures_measure_like_small_ones():
    garments, measured = _measured(CATEGORIES.index("Trousers"), size=128, count=6)
    assert np.abs(garments["length"] - measured["length"]).mean() < 0.05
    assert np.abs(garments["width"] - measured["width"]).mean() < 0.08


@pytest.mark.parametrize("category", range(len(CATEGORIES)), ids=CATEGORIES)
def test_noise_as_a_generator_leaves_it_does_little_harm(category):
    garments, measured = _measured(category, noise=4.0)
    assert _correlation(garments, measured, "lightness") > 0.94
    assert _correlation(garments, measured, "length") > 0.9
    assert _correlation(garments, measured, "width") > 0.8


@pytest.mark.parametrize(
    "picture",
    [
        np.full((64, 64, 3), 249, np.uint8),
        np.zeros((64, 64, 3), np.uint8),
        np.where(np.arange(64 * 64).reshape(64, 64, 1) == 2080, 0, 249).astype(np.uint8)
        + np.zeros(3, np.uint8),
    ],
    ids=["white", "black", "speck"],
)
def test_nothing_in_the_picture_is_neutral(picture):
    for category in CATEGORIES:
        measurement = measure(picture, category)
        assert measurement == (50, 0, 0, 0.5, 0.5, 0)
        np.testing.assert_array_equal(measurement.lab, [50, 0, 0])


def test_pictures_of_nothing_sensible_give_finite_answers():
    rng = np.random.default_rng(8)
    pictures = [
        rng.integers(0, 256, (64, 64, 3)),
        np.where(np.arange(64)[:, None, None] < 32, 20, 240) + np.zeros((64, 64, 3), int),
        np.where(np.arange(64)[None, :, None] == 40, 0, 255) + np.zeros((64, 64, 3), int),
        np.kron(rng.integers(0, 256, (4, 4, 3)), np.ones((16, 16, 1), int)),
    ]
    for picture in pictures:
        for category in CATEGORIES:
            measurement = measure(picture.astype(np.uint8), category)
            assert np.isfinite(measurement).all()
            assert -0.25 <= measurement.length <= 1.25 and -0.25 <= measurement.width <= 1.25
