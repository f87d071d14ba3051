"""Tests of the networks of preference maximization, against the bare ones."""

import numpy as np
import tensorflow as tf
from bare_networks import bare

from keras_fashion.data import decode_picture, scale, unscale
from keras_fashion.design.diversity import thumbnails
from keras_fashion.design.scored_generator import SAMPLE_SIZE, ScoredGenerator


def test_terms_are_those_of_the_bare_networks(maximizer, make_recommender, recommender, gan):
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    pictures, embeddings, realism = maximizer.terms(tf.constant(latents), tf.constant([0, 2, 1]))
    assert pictures.shape == (3, 16, 16, 3)
    larger = make_recommender(32)
    enlarged = ScoredGenerator(larger, gan).embed(pictures)
    for row, category in enumerate([0, 2, 1]):
        embedding, real, _ = bare(recommender, gan, latents[row], category)
        np.testing.assert_allclose(embeddings[row], embedding[0], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(realism[row], real[0], rtol=1e-4, atol=1e-6)
        embedding, *_ = bare(larger, gan, latents[row], category)
        np.testing.assert_allclose(enlarged[row], embedding[0], rtol=1e-3, atol=1e-4)
    assert np.abs(embeddings[0] - embeddings[1]).max() > 0.1


def test_realism_is_calibrated(recommender, make_gan):
    gan = make_gan(16)
    generator = ScoredGenerator(recommender, gan)
    pictures = generator.generate(generator.prior(3, 0), tf.constant([0, 2, 1]))
    raw = gan.discriminator([pictures, tf.constant([0, 2, 1])]).numpy()[:, 0]
    np.testing.assert_allclose(generator.realism(pictures, tf.constant([0, 2, 1])), raw, rtol=1e-4)
    generated, real = np.array([[0.1, 0.2, 0.3], [0.6, 1.2, 0.4]])
    gan.calibration.set_weights([generated, real])
    expected = (raw - [0.1, 0.3, 0.2]) / [0.5, 0.1, 1.0]
    found = generator.realism(pictures, tf.constant([0, 2, 1]))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_the_sample_is_evaluated_by_the_bare_networks(maximizer, recommender, gan):
    sample = maximizer.prior_sample([2, 0, 2])
    assert sample.latents.shape == (SAMPLE_SIZE, 4) and sample.thumbnails.shape == (
        3,
        SAMPLE_SIZE,
        192,
    )
    for row, category in enumerate([2, 0, 2]):
        embeddings, realism, _ = bare(recommender, gan, sample.latents, category)
        np.testing.assert_allclose(sample.embeddings[row], embeddings, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(sample.realism[row], realism, rtol=1e-3, atol=1e-4)
        pictures = gan.ema_generator([sample.latents, tf.fill([SAMPLE_SIZE], category)])
        np.testing.assert_allclose(sample.thumbnails[row], thumbnails(pictures), atol=1e-4)
        np.testing.assert_allclose(sample.mean_picture[row], np.mean(pictures, 0), atol=1e-4)
        np.testing.assert_allclose(sample.mean_square[row], np.mean(np.square(pictures)), 1e-4)
    again = maximizer.prior_sample([2])
    np.testing.assert_array_equal(again.embeddings[0], sample.embeddings[0])


def test_preference_is_that_of_the_picture_as_a_catalogue_would_read_it(recommender, make_gan):
    """A design of 64 pixels has the same preference once it is saved and read at 16 pixels."""
    generator = ScoredGenerator(recommender, make_gan(64))
    theta = recommender.theta.numpy()[2]
    drawn = generator.generate(generator.prior(6, 3), tf.fill([6], 1))
    expected = generator.embed(drawn).numpy() @ theta
    pictures = unscale(drawn)

    def liked(pictures):
        return recommender.encoder(scale(tf.stack(pictures))).numpy() @ theta

    files = [tf.io.encode_png(picture) for picture in pictures]
    read = liked([decode_picture(file, (16, 16)) for file in files])
    # The pixels of the file, and those at 16, are rounded to levels.
    tolerance = 0.3
    np.testing.assert_allclose(expected, read, atol=tolerance)
    # The tolerance tells the filter of the catalogue from plain bilinear resizing.
    plain = liked(tf.image.resize(pictures, (16, 16)))
    assert np.median(np.abs(plain - read)) > 3 * tolerance
    assert np.ptp(read) > 3 * tolerance


def test_prior_is_uniform(maximizer):
    latents = maximizer.prior(5000, 3).numpy()
    assert latents.shape == (5000, 4)
    assert latents.min() > -1.0001 and latents.max() < 1
    np.testing.assert_allclose(latents.mean(), 0, atol=0.02)
    np.testing.assert_allclose(latents.var(), 1 / 3, atol=0.01)
