import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design import PreferenceMaximiser, invert, redesign


@pytest.fixture(scope="module")
def maximiser(recommender, gan):
    return PreferenceMaximiser(recommender, gan, restarts=8, steps=20, learning_rate=0.05)


def drawn(maximiser, codes, category):
    """(n, H, W, 3) float in pixels of [0, 255]."""
    codes = np.asarray(codes, np.float32)
    pictures = maximiser.gan.generator([codes, np.full(len(codes), category)]).numpy()
    return (pictures + 1) * 127.5


def squared_error(pictures, target):
    return ((pictures - target.astype(float)) ** 2).mean(axis=(1, 2, 3))


def test_a_generated_picture_is_found_again(maximiser):
    rng = np.random.default_rng(0)
    for category in (0, 2):
        code = rng.uniform(-0.9, 0.9, (1, 4))
        picture = drawn(maximiser, code, category)[0].round().astype(np.uint8)
        found = invert(maximiser, picture, category, seed=3)
        assert found.shape == (4,) and np.all(np.abs(found) < 1)
        error = squared_error(drawn(maximiser, found[None], category), picture)[0]
        random = squared_error(drawn(maximiser, rng.uniform(-1, 1, (100, 4)), category), picture)
        assert error < random.min()
        assert error < 0.05 * random.mean()


def test_inversion_is_seeded_and_of_the_category(maximiser):
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    first = invert(maximiser, picture, 1, seed=3).numpy()
    np.testing.assert_array_equal(first, invert(maximiser, picture, 1, seed=3))
    assert not np.allclose(first, invert(maximiser, picture, 0, seed=3), atol=1e-3)


@pytest.mark.parametrize("frames", [2, 5])
def test_a_strip_climbs_from_the_item_towards_the_taste(maximiser, frames):
    eta = 0.5
    picture = drawn(maximiser, [[0.3, -0.4, 0.6, 0.0]], 1)[0].round().astype(np.uint8)
    strip = redesign(maximiser, 2, picture, 1, frames=frames, eta=eta, seed=3)
    assert strip.pictures.shape == (frames, 16, 16, 3) and strip.pictures.dtype == np.uint8
    assert strip.preference.shape == strip.realism.shape == (frames,)

    nearest = drawn(maximiser, invert(maximiser, picture, 1, seed=3)[None], 1)[0]
    assert np.abs(strip.pictures[0] - nearest).max() < 1.5, "it starts at the item"
    assert np.any(strip.pictures[-1] != strip.pictures[0])

    objective = strip.preference - eta * (strip.realism - 1) ** 2
    assert objective[-1] > objective[0]
    theta = maximiser.recommender.theta.numpy()[2]
    scaled = tf.cast(strip.pictures, tf.float32) / 127.5 - 1
    seen = maximiser.recommender.encoder(scaled).numpy() @ theta
    # Pixels are rounded to 8 bits before they are seen here.
    np.testing.assert_allclose(strip.preference, seen, atol=0.02 * np.abs(seen).max())
