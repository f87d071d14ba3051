"""Tests of inversion and of the distances from existing pictures."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.kernel_ridge import KernelRidge

from keras_fashion.data import scale
from keras_fashion.design import Originals, invert
from keras_fashion.design.inversion import RIDGE, color_difference, estimated_coordinates
from keras_fashion.design.scored_generator import SAMPLE_SIZE
from keras_fashion.errors import InputError


def test_the_color_difference_is_0_where_the_pictures_are_equal():
    before = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    after = before.copy()
    after[2, 5] = 255 - after[2, 5]
    found = color_difference(before, after)
    assert found.shape == (6, 8) and found.dtype == np.float32
    assert list(zip(*np.nonzero(found), strict=True)) == [(2, 5)]
    np.testing.assert_allclose(found, color_difference(after, before))


def test_black_to_white_is_100_and_a_small_step_of_gray_is_hardly_visible():
    def flat(level):
        return np.full((1, 1, 3), level, np.uint8)

    assert color_difference(flat(0), flat(255))[0, 0] == pytest.approx(100, abs=0.01)
    assert 0 < color_difference(flat(120), flat(122))[0, 0] < 1


def test_different_sizes_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        color_difference(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))


PICTURES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)
CATEGORIES = [2, 0, 2]


@pytest.fixture(scope="module")
def known(maximizer):
    return Originals.from_pictures(maximizer, PICTURES, CATEGORIES)


def small(pictures):
    """Returns the pixels at 8x8."""
    return tf.image.resize(pictures, (8, 8), antialias=True).numpy().reshape(len(pictures), -1)


def test_a_random_garment_is_at_1(maximizer, gan, known):
    originals, _ = known
    latents = maximizer.prior_sample([0]).latents
    for row, category in enumerate(CATEGORIES):
        drawn = gan.ema_generator([latents, tf.fill([SAMPLE_SIZE], category)])
        far = originals.distance(drawn, maximizer.embed(drawn), tf.fill([SAMPLE_SIZE], row))
        assert np.mean(far) == pytest.approx(1, rel=1e-4)


def test_the_sample_is_compared_at_the_size_of_thumbnails(maximizer, recommender, gan, known):
    originals, far = known
    assert far.shape == (3, SAMPLE_SIZE)
    latents = maximizer.prior_sample([0]).latents
    for row, category in enumerate(CATEGORIES):
        drawn = gan.ema_generator([latents, tf.fill([SAMPLE_SIZE], category)])
        pixels = ((small(drawn) - small(scale(PICTURES[[row]]))) ** 2).mean(axis=1)
        own = recommender.encoder(scale(PICTURES[[row]])).numpy()
        embeddings = ((recommender.encoder(drawn).numpy() - own) ** 2).mean(axis=1)
        full = np.mean((drawn - scale(PICTURES[row])) ** 2)
        np.testing.assert_allclose(originals.pixel_scale[row], full, rtol=1e-3)
        np.testing.assert_allclose(originals.embedding_scale[row], embeddings.mean(), rtol=1e-3)
        expected = pixels / originals.pixel_scale[row] + embeddings / originals.embedding_scale[row]
        np.testing.assert_allclose(far[row], expected / 2, rtol=1e-3, atol=1e-3)


def test_distances_are_half_of_pixels_and_half_of_embeddings(known, maximizer):
    originals, _ = known
    own = originals.distance(originals.pictures, originals.embeddings, tf.range(3))
    np.testing.assert_allclose(own, 0, atol=1e-6)

    rows = [1, 2, 2, 0]
    pictures = np.random.default_rng(1).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    embeddings = maximizer.embed(tf.constant(pictures)).numpy()
    found = originals.distance(tf.constant(pictures), tf.constant(embeddings), tf.constant(rows))
    for index, row in enumerate(rows):
        pixels = np.mean((pictures[index] - originals.pictures[row]) ** 2)
        in_embeddings = np.mean((embeddings[index] - originals.embeddings[row]) ** 2)
        expected = (
            pixels / originals.pixel_scale[row] / 2
            + in_embeddings / originals.embedding_scale[row] / 2
        )
        np.testing.assert_allclose(found[index], expected, rtol=1e-4)


def test_the_estimate_is_the_kernel_ridge_regression_of_scikit_learn(maximizer, gan, known):
    originals, distances = known
    sample = maximizer.prior_sample(CATEGORIES)
    coordinates = maximizer.coordinates(sample.latents)
    found = estimated_coordinates(sample, originals, distances, coordinates)
    for row, category in enumerate(CATEGORIES):
        drawn = gan.ema_generator([sample.latents, tf.fill([SAMPLE_SIZE], category)])

        def described(pictures, row=row):
            """Vectors whose squared Euclidean distance is that of the originals, times 2."""
            pixels = small(pictures) / np.sqrt(192 * originals.pixel_scale[row])
            embeddings = maximizer.embed(pictures).numpy()
            scale_of_embeddings = embeddings.shape[1] * originals.embedding_scale[row]
            return np.hstack([pixels, embeddings / np.sqrt(scale_of_embeddings)])

        regression = KernelRidge(kernel="rbf", gamma=0.25, alpha=RIDGE)
        regression.fit(described(drawn), coordinates)
        expected = regression.predict(described(originals.pictures[row : row + 1]))[0]
        np.testing.assert_allclose(found[row], expected, atol=2e-3)


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
        Originals.from_pictures(maximizer, pictures, [0])


@pytest.fixture(scope="module")
def inverted(maximizer, gan):
    """Two pictures that the generator has drawn and one of noise, with categories and latents."""
    categories = [2, 0, 1]
    drawn = gan.draw(np.random.default_rng(0).uniform(-0.9, 0.9, (2, 4)).astype(np.float32), [2, 0])
    noise = np.random.default_rng(1).integers(0, 256, (1, 16, 16, 3)).astype(np.uint8)
    pictures = np.concatenate([drawn, noise])
    return pictures, categories, invert(maximizer, pictures, categories)


def test_a_generated_picture_is_found_again(inverted, maximizer, gan):
    pictures, categories, latents = inverted
    assert latents.shape == (3, 4) and np.all(np.abs(latents) < 1)
    found = gan.draw(latents, categories).astype(float)
    for row in range(2):
        everything = gan.draw(
            maximizer.prior_sample([0]).latents.numpy(), np.full(SAMPLE_SIZE, categories[row])
        )
        of_sample = ((everything.astype(float) - pictures[row]) ** 2).mean(axis=(1, 2, 3))
        error = ((found[row] - pictures[row]) ** 2).mean()
        assert error < of_sample.min()
        assert error < 0.05 * of_sample.mean()


def test_what_cannot_be_drawn_is_nearer_than_nearly_all_of_the_sample(inverted, maximizer, gan):
    pictures, categories, latents = inverted
    originals, _ = Originals.from_pictures(maximizer, pictures, categories)

    def distance(latents):
        drawn = gan.ema_generator([latents, tf.fill([len(latents)], categories[2])])
        return originals.distance(drawn, maximizer.embed(drawn), tf.fill([len(latents)], 2)).numpy()

    of_sample = distance(maximizer.prior_sample([0]).latents)
    assert distance(tf.constant(latents[2:])) < np.quantile(of_sample, 0.01)


def test_pictures_are_inverted_each_by_itself(inverted, maximizer):
    pictures, categories, latents = inverted
    alone = invert(maximizer, pictures[1:2], categories[1:2])
    np.testing.assert_allclose(alone[0], latents[1], atol=0.02)


def test_another_size_is_refused(maximizer):
    with pytest.raises(InputError, match="cannot be compared"):
        invert(maximizer, np.zeros((1, 32, 16, 3), np.uint8), [0])
