"""Tests of the directions along which style moves, where they are known."""

import numpy as np
import tensorflow as tf
from sklearn.linear_model import Ridge

from keras_fashion.design.normal_codes import from_normal
from keras_fashion.design.prior_sample import DIRECTIONS, PENALTY, style_directions


def places(size, number=2000):
    return np.random.default_rng(0).standard_normal((number, size)).astype(np.float32)


def directions(places, styles):
    return style_directions(from_normal(places), tf.constant(styles, tf.float32)).numpy()


def test_known_directions_are_found_the_strongest_first():
    x = places(6)
    first, second = np.float32([3, 0, 4, 0, 0, 0]) / 5, np.float32([0, 1, 0, 0, 0, 0])
    styles = np.stack([7 + 2 * x @ first, 9 * x @ first, 0.5 * x @ second], axis=1)
    found = directions(x, styles)
    assert found.shape == (6, 3)
    np.testing.assert_allclose(found.T @ found, np.eye(3), atol=1e-5)
    np.testing.assert_allclose(np.abs(found[:, 0]), first, atol=5e-3)
    np.testing.assert_allclose(np.abs(found[:, 1]), second, atol=2e-2)


def test_they_are_the_left_singular_vectors_of_a_ridge_regression():
    x = places(40, 300)
    styles = np.tanh(x @ np.random.default_rng(1).normal(size=(40, 25)) / 4)
    found = directions(x, styles)
    assert found.shape == (40, DIRECTIONS)
    slopes = Ridge(PENALTY, fit_intercept=False).fit(x, styles - styles.mean(axis=0)).coef_
    expected = np.linalg.svd(slopes.T)[0][:, :DIRECTIONS]
    # The same space, whatever the signs.
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=2e-2)
