import numpy as np
import pytest
from skimage.draw import polygon2mask
from skimage.transform import downscale_local_mean

from keras_fashion.data.sources.atelier.attributes import (
    CATEGORIES,
    LIGHTNESS_RANGE,
    PATTERNS,
    garment_lab,
    sample_garments,
)
from keras_fashion.data.sources.atelier.canvas import coverage, curve, ellipse, mirrored, ribbon
from keras_fashion.data.sources.atelier.garments import draw_garment

GARMENTS = sample_garments(np.random.default_rng(1), 240)


@pytest.mark.parametrize(
    "outline",
    [
        ellipse(0.1, -0.2, 0.7, 0.4),
        mirrored([(0, -0.8), (0.3, -0.9)], curve((0.3, -0.9), (0.9, 0.0), (0.2, 0.7)), [(0, 0.5)]),
        ribbon(curve((-0.8, 0.6), (0.0, -1.2), (0.8, 0.6), steps=20), 0.2),
        np.array([(-1.5, -0.5), (0.4, -1.4), (1.3, 0.9)]),  # leaves the frame on three sides
    ],
)
def test_coverage_is_that_of_scikit_image(outline):
    size, finer = 24, 16
    fine = polygon2mask((size * finer,) * 2, (outline[:, ::-1] + 1) * size * finer / 2 - 0.5)
    reference = downscale_local_mean(fine.astype(float), (finer, finer))
    covered = coverage(outline, size)
    assert np.abs(covered - reference).max() < 0.2  # 4 x 4 samples a pixel against 16 x 16
    assert abs(covered.mean() - reference.mean()) < 0.002


def test_coverage_counts_overlaps_once():
    twice = np.concatenate([ellipse(0, 0, 0.5, 0.5), ellipse(0, 0, 0.5, 0.5)])
    np.testing.assert_array_equal(coverage(twice, 32), coverage(ellipse(0, 0, 0.5, 0.5), 32))


def test_a_curve_is_the_bezier_polynomial():
    t = np.linspace(0, 1, 5)[:, None]
    p, q, r = np.array([[0.0, 1.0], [2.0, -1.0], [3.0, 4.0]])
    expected = (1 - t) ** 2 * p + 2 * t * (1 - t) * q + t**2 * r
    np.testing.assert_allclose(curve(tuple(p), tuple(q), tuple(r), steps=4), expected)


@pytest.mark.parametrize("category", range(len(CATEGORIES)), ids=CATEGORIES)
def test_garments_are_centered_on_the_studio_white(category):
    for garment in GARMENTS[GARMENTS["category"] == category][:12]:
        picture = draw_garment(garment, 64)
        assert picture.shape == (64, 64, 3) and picture.dtype == np.uint8
        corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert corners.min() > 240
        rows, columns = np.nonzero(np.abs(picture.astype(int) - corners[0]).sum(axis=2) > 24)
        assert 0.12 < len(rows) / 64**2 < 0.65
        assert abs((rows.min() + rows.max()) / 2 - 31.5) < 6
        assert abs((columns.min() + columns.max()) / 2 - 31.5) < 3


@pytest.mark.parametrize("category", range(len(CATEGORIES)), ids=CATEGORIES)
def test_a_garment_is_the_same_at_every_size(category):
    garment = GARMENTS[GARMENTS["category"] == category][0]
    small = draw_garment(garment, 64).astype(float)
    large = downscale_local_mean(draw_garment(garment, 128).astype(float), (2, 2, 1))
    assert np.abs(small - large).mean() < 2.5


def test_every_attribute_shows_in_the_picture():
    garment = GARMENTS[(GARMENTS["pattern"] > 0) & (GARMENTS["category"] == 4)][0]
    for name in garment.dtype.names:
        other = garment.copy()
        other[name] = {"category": 0, "pattern": 0}.get(name, garment[name] * 0.5 + 0.6)
        assert (draw_garment(other) != draw_garment(garment)).any(), name


def test_sampled_garments_are_fashion_like():
    garments = sample_garments(np.random.default_rng(2), 4000)
    assert (np.bincount(garments["category"], minlength=6) > 300).all()
    assert (np.bincount(garments["pattern"], minlength=len(PATTERNS)) > 200).all()
    assert (garments["pattern"] == 0).mean() > 0.5
    assert 0.3 < (garments["chroma"] < 12).mean() < 0.6  # neutrals
    low, high = LIGHTNESS_RANGE
    assert garments["lightness"].min() > low - 2 and garments["lightness"].max() < high + 2
    for name in ("length", "width", "cut", "pattern_scale"):
        assert 0 <= garments[name].min() < 0.1 and 0.9 < garments[name].max() <= 1
    accents = np.linalg.norm(garment_lab(garments, accent=True) - garment_lab(garments), axis=1)
    assert np.percentile(accents, 1) > 15


def test_sampling_follows_its_generator():
    first = sample_garments(np.random.default_rng(3), 50)
    np.testing.assert_array_equal(first, sample_garments(np.random.default_rng(3), 50))
    assert (first != sample_garments(np.random.default_rng(4), 50)).any()
