"""The interface that designs and exports ask of a generator, which every preset has."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import GAN_PRESETS, PictureGenerator

CATEGORY = tf.constant([0, 2, 1])


@pytest.fixture(scope="module", params=GAN_PRESETS)
def generator(request):
    return GAN_PRESETS[request.param].make(3, (16, 32), width=4)


def test_presets_are_picture_generators(generator):
    assert isinstance(generator, PictureGenerator)
    assert (generator.num_categories, generator.picture_size) == (3, (16, 32))
    latents = generator.sample_latents(3)
    assert latents.shape == (3, generator.latent_dim) and np.abs(latents).max() <= 1
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(latents)
        pictures = generator([latents, CATEGORY], training=False)
        realism = generator.realism(pictures, CATEGORY)
    assert pictures.shape == (3, 16, 32, 3) and np.abs(pictures).max() <= 1
    assert realism.shape == (3,)
    assert pictures.dtype == realism.dtype == tf.float32
    for each in (pictures, realism):
        assert np.abs(tape.gradient(each, latents)).max() > 0


def test_drawing_and_discriminating_in_batches_is_the_same(generator):
    latents = np.random.default_rng(0).uniform(-1, 1, (3, generator.latent_dim)).astype(np.float32)
    drawn = generator.draw(latents, CATEGORY)
    expected = np.array(generator([latents, CATEGORY])) * 127.5 + 127.5
    np.testing.assert_allclose(drawn, expected, atol=0.51)
    realism = generator.realism(tf.constant(drawn / np.float32(127.5) - 1), CATEGORY)
    found = generator.discriminate(drawn, CATEGORY)
    np.testing.assert_allclose(found, realism, rtol=1e-4, atol=1e-6)
