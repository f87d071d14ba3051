"""Tests of the distance from existing pictures, against plain loops."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import scale
from keras_fashion.design import Originals
from keras_fashion.design.preference_maximizer import SAMPLE
from keras_fashion.errors import InputError

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)
CATEGORIES = [2, 0, 2]


@pytest.fixture(scope="module")
def known(maximizer):
    return Originals.of(maximizer, PICTURES, CATEGORIES)


def small(pictures):
    """Pixels at 8x8."""
    return tf.image.resize(pictures, (8, 8), antialias=True).numpy().reshape(len(pictures), -1)


def test_a_random_garment_is_at_1(maximizer, gan, known):
    originals, _ = known
    latents = maximizer.prior_sample([0]).latents
    for row, category in enumerate(CATEGORIES):
        drawn = gan.ema_generator([latents, tf.fill([SAMPLE], category)])
        far = originals.distance(drawn, maximizer.embed(drawn), tf.fill([SAMPLE], row))
        assert np.mean(far) == pytest.approx(1, rel=1e-4)


def test_the_sample_is_judged_at_the_size_of_its_looks(maximizer, recommender, gan, known):
    originals, far = known
    assert far.shape == (3, SAMPLE)
    latents = maximizer.prior_sample([0]).latents
    for row, category in enumerate(CATEGORIES):
        drawn = gan.ema_generator([latents, tf.fill([SAMPLE], category)])
        pixels = ((small(drawn) - small(scale(PICTURES[[row]]))) ** 2).mean(axis=1)
        style = recommender.encoder(scale(PICTURES[[row]])).numpy()
        embeddings = ((recommender.encoder(drawn).numpy() - style) ** 2).mean(axis=1)
        full = np.mean((drawn - scale(PICTURES[row])) ** 2)
        np.testing.assert_allclose(originals.pixel_unit[row], full, rtol=1e-3)
        np.testing.assert_allclose(originals.embedding_unit[row], embeddings.mean(), rtol=1e-3)
        expected = pixels / originals.pixel_unit[row] + embeddings / originals.embedding_unit[row]
        np.testing.assert_allclose(far[row], expected / 2, rtol=1e-3, atol=1e-3)


def test_the_original_itself_is_at_0_and_others_at_half_pixels_and_half_style(known, maximizer):
    originals, _ = known
    own = originals.distance(originals.pictures, originals.embeddings, tf.range(3))
    np.testing.assert_allclose(own, 0, atol=1e-6)

    rows = [1, 2, 2, 0]
    pictures = np.random.default_rng(1).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    embeddings = maximizer.embed(tf.constant(pictures)).numpy()
    found = originals.distance(tf.constant(pictures), tf.constant(embeddings), tf.constant(rows))
    for coordinates, row in enumerate(rows):
        pixels = np.mean((pictures[coordinates] - originals.pictures[row]) ** 2)
        style = np.mean((embeddings[coordinates] - originals.embeddings[row]) ** 2)
        expected = (
            pixels / originals.pixel_unit[row] / 2 + style / originals.embedding_unit[row] / 2
        )
        np.testing.assert_allclose(found[coordinates], expected, rtol=1e-4)


@pytest.mark.parametrize(
    "pictures",
    [
        np.zeros((1, 32, 32, 3), np.uint8),
        np.zeros((1, 16, 16, 3), np.float32),
        np.zeros((1, 16, 16), np.uint8),
        np.zeros((1, 16, 16, 1), np.uint8),
        np.zeros((1, 16, 16, 4), np.uint8),
        np.zeros((16, 16, 3), np.uint8),
    ],
    ids=["size", "float", "gray", "one channel", "alpha", "no batch"],
)
def test_pictures_that_cannot_be_compared_are_refused(maximizer, pictures):
    with pytest.raises(InputError, match=r"cannot be compared .* \(16, 16, 3\) and uint8"):
        Originals.of(maximizer, pictures, [0])
