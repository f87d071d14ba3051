"""Tests of inversion: of what the generator has drawn, and of what it cannot draw."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design import Originals, invert
from keras_fashion.design.preference_maximizer import SAMPLE
from keras_fashion.errors import InputError


@pytest.fixture(scope="module")
def inverted(maximizer, gan):
    """Two pictures that the generator has drawn and one of noise: with categories and latents."""
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
            maximizer.prior_sample([0]).latents.numpy(), np.full(SAMPLE, categories[row])
        )
        of_sample = ((everything.astype(float) - pictures[row]) ** 2).mean(axis=(1, 2, 3))
        error = ((found[row] - pictures[row]) ** 2).mean()
        assert error < of_sample.min()
        assert error < 0.05 * of_sample.mean()


def test_what_cannot_be_drawn_is_nearer_than_nearly_all_of_the_sample(inverted, maximizer, gan):
    pictures, categories, latents = inverted
    originals, _ = Originals.of(maximizer, pictures, categories)

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
