import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.measure import block_reduce

from keras_fashion.models import RegionFeatures

WIDE = 100


def network(size=(32, 32)):
    """Two feature maps: one of 8 x 8 with 3 channels, one of 4 x 4 with 100."""
    pictures = keras.Input((*size, 3))
    early = keras.layers.Conv2D(3, 3, size[0] // 8, "same")(pictures)
    return keras.Model(pictures, [early, keras.layers.Conv2D(WIDE, 3, 2, "same")(early)])


def pictures(count, size=(32, 32), seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, *size, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def features():
    adapted = RegionFeatures(network())
    adapted.adapt(pictures(64))
    return adapted


def regions(maps, reduce):
    """Reduces each of 4 x 4 regions: (B, 16, C)."""
    window = (1, maps.shape[1] // 4, maps.shape[2] // 4, 1)
    return block_reduce(maps, window, reduce).reshape(len(maps), 16, -1)


def test_levels_are_colors_and_moments_of_regions(features):
    shown = pictures(5, seed=1)
    found = np.split(features(shown).numpy(), np.cumsum(features.sizes)[:-1], axis=-1)
    early, last = (each.numpy() for each in features.network(shown))
    colors = block_reduce(shown, (1, 2, 2, 1), np.mean).reshape(5, 4, 4, 4, 4, 3)
    expected = [
        colors.transpose(0, 1, 3, 2, 4, 5).reshape(5, 16, 48),
        np.concatenate([regions(early, np.mean), np.sqrt(regions(early, np.var) + 1e-2)], axis=-1),
        last.reshape(5, 16, WIDE),
    ]
    constants = features.statistics
    for number, (level, one) in enumerate(zip(expected, found, strict=True)):
        level = (level - constants[f"mean_{number}"]) * constants[f"scale_{number}"]
        np.testing.assert_allclose(one, level, atol=1e-4)


def test_a_level_has_mean_0_and_variance_1_over_what_it_was_adapted_to(features):
    found = features(pictures(64)).numpy()
    assert features.sizes == [48, 6, WIDE]
    for level in np.split(found, np.cumsum(features.sizes)[:-1], axis=-1):
        np.testing.assert_allclose(level.mean((0, 1)), 0, atol=1e-4)
        np.testing.assert_allclose(level.std((0, 1)), 1, atol=1e-2)


def test_kept_statistics_give_the_same_features(features, tmp_path):
    np.savez(tmp_path / "kept.npz", **features.statistics)
    with np.load(tmp_path / "kept.npz") as kept:
        again = RegionFeatures(features.network, dict(kept))
    np.testing.assert_array_equal(again(pictures(3)), features(pictures(3)))
    assert again.sizes == features.sizes


def test_pictures_of_other_sizes_are_resized():
    adapted = RegionFeatures(network())
    adapted.adapt(pictures(8, (48, 32)))
    assert adapted(pictures(2, (48, 32))).shape == (2, 16, 54 + WIDE)
    larger = RegionFeatures(network())
    larger.adapt(pictures(8, (64, 64)))
    # Each pixel four times: the filter against aliasing gives back the smaller picture's inside.
    doubled = pictures(2).repeat(2, axis=1).repeat(2, axis=2)
    small = RegionFeatures(larger.network, larger.statistics)
    np.testing.assert_allclose(larger(doubled)[..., :48], small(pictures(2))[..., :48], atol=1e-4)


def test_gradients_are_finite_for_a_picture_of_one_color(features):
    white = tf.ones((1, 32, 32, 3))
    with tf.GradientTape() as tape:
        tape.watch(white)
        total = tf.reduce_sum(features(white))
    assert np.isfinite(tape.gradient(total, white)).all()
