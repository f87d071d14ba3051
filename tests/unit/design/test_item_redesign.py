"""Tests of redesign, against the bare networks."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import scale
from keras_fashion.design import Originals, invert, redesign
from keras_fashion.design.item_redesign import _equal_rises
from keras_fashion.design.latent_search import to_normal
from keras_fashion.errors import InputError

USER, CATEGORY = 2, 1


@pytest.fixture(scope="module")
def picture(gan):
    return gan.draw(np.float32([[0.3, -0.4, 0.6, 0.0]]), [CATEGORY])[0]


@pytest.fixture(scope="module")
def strips(maximizer, picture):
    """By proximity."""
    return {
        proximity: redesign(
            maximizer, USER, picture, CATEGORY, frames=5, eta=0.5, proximity=proximity
        )
        for proximity in (0.0, 10.0, 100.0)
    }


def test_the_preference_rises_from_the_item_on(strips, maximizer, picture):
    strip = strips[0.0]
    assert strip.pictures.shape == (5, 16, 16, 3) and strip.pictures.dtype == np.uint8
    assert strip.latents.shape == (5, 4) and np.abs(strip.latents).max() < 1
    nearest = invert(maximizer, picture[None], [CATEGORY])
    np.testing.assert_allclose(strip.latents[0], nearest[0], atol=1e-2)
    assert np.all(np.diff(strip.preference) >= 0)
    assert strip.preference[-1] > strip.preference[0] + 1


def test_what_is_said_of_the_frames_is_what_the_networks_say(strips, maximizer, recommender, gan):
    theta = recommender.theta.numpy()[USER]
    for strip in strips.values():
        category = np.full(5, CATEGORY)
        pictures = gan.ema_generator([strip.latents, category]).numpy()
        assert np.abs(strip.pictures - (pictures + 1) * 127.5).max() < 0.6
        liked = recommender.encoder(pictures).numpy() @ theta
        realism = gan.discriminator([pictures, category]).numpy()[:, 0]
        np.testing.assert_allclose(strip.preference, liked, rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(strip.realism, realism, rtol=1e-3, atol=1e-3)


def test_distance_is_that_from_the_item(strips, maximizer, recommender, gan, picture):
    originals, _ = Originals.from_pictures(maximizer, picture[None], [CATEGORY])
    for strip in strips.values():
        pictures = gan.ema_generator([tf.constant(strip.latents), tf.fill([5], CATEGORY)])
        pixels = np.mean((pictures - scale(picture)) ** 2, axis=(1, 2, 3)) / originals.pixel_scale
        own = recommender.encoder(scale(picture[None]))
        embeddings = np.mean((recommender.encoder(pictures) - own) ** 2, axis=1)
        expected = (pixels + embeddings / originals.embedding_scale) / 2
        np.testing.assert_allclose(strip.distance, expected, rtol=1e-2, atol=1e-3)
        assert strip.distance[0] < 0.1


def test_proximity_keeps_it_nearer(strips):
    free, near, still = (strips[proximity] for proximity in (0.0, 10.0, 100.0))
    assert free.distance[-1] > near.distance[-1] > still.distance[-1]
    assert free.preference[-1] > near.preference[-1] > still.preference[-1]
    np.testing.assert_allclose(free.latents[0], still.latents[0], atol=1e-2)


def test_realism_does_not_fall_and_does_not_pull_the_item_away(maximizer, picture):
    real, free = (
        redesign(maximizer, USER, picture, CATEGORY, frames=5, eta=eta, proximity=0.0)
        for eta in (1e4, 0.0)
    )
    assert free.realism.min() < free.realism[0] - 0.015
    assert real.realism.min() > real.realism[0] - 0.01
    assert real.preference[-1] > real.preference[0]
    # With nothing to gain, the item stays as it is, whatever its realism and its likelihood.
    still = redesign(maximizer, USER, picture, CATEGORY, frames=2, eta=10.0, proximity=1e4)
    np.testing.assert_allclose(still.latents[-1], still.latents[0], atol=0.02)


def test_held_directions_stay_as_they_are_in_the_item(maximizer, picture):
    fixed_directions = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 2)))[0].T.astype(
        np.float32
    )
    strip = redesign(
        maximizer, USER, picture, CATEGORY, frames=3, fixed_directions=fixed_directions
    )
    moved = (to_normal(strip.latents) - to_normal(strip.latents[0])).numpy()
    assert np.abs(moved[-1]).max() > 0.02
    np.testing.assert_allclose(moved @ fixed_directions.T, 0, atol=5e-3)


def test_frames_are_steps_at_equal_rises():
    preference = np.array([0.0, 1.0, 0.5, 2.5, 3.9, 4.0, 3.0], np.float32)
    # From 0 to 4 by 1, and by 2: the first steps that are as high.
    assert _equal_rises(tf.constant(preference), 5).numpy().tolist() == [0, 1, 3, 4, 5]
    assert _equal_rises(tf.constant(preference), 3).numpy().tolist() == [0, 3, 5]
    assert _equal_rises(tf.constant(preference), 2).numpy().tolist() == [0, 5]
    # What never rises ends where it fell least.
    assert _equal_rises(tf.constant(np.array([5.0, 1.0, 3.0])), 3).numpy().tolist() == [0, 0, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": 1}, "`frames` must be 2 or more; got 1"),
        ({"proximity": -1.0}, "`proximity` must be 0 or more; got -1"),
        ({"proximity": float("nan")}, "`proximity` must be 0 or more; got nan"),
        ({"eta": -0.1}, "`eta` must be 0 or more; got -0.1"),
        ({"picture": np.zeros((32, 32, 3), np.uint8)}, "cannot be compared"),
        ({"picture": np.zeros((16, 16, 3), np.float32)}, "float32 cannot be compared"),
        ({"picture": np.zeros((16, 16), np.uint8)}, r"\(16, 16\) .* cannot be compared"),
        ({"picture": np.zeros((16, 16, 1), np.uint8)}, "cannot be compared"),
    ],
)
def test_mistakes_are_named(maximizer, picture, change, message):
    with pytest.raises(InputError, match=message):
        redesign(maximizer, **{"user": USER, "picture": picture, "category": CATEGORY} | change)
