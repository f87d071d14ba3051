import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design.latent_ascent import latent_ascent


def ascend(objective, start, steps, learning_rate=0.1):
    start = tf.constant(start, tf.float32)
    result = tf.function(lambda codes: latent_ascent(objective, codes, steps, learning_rate))(start)
    return type(result)(*(each.numpy() for each in result))


def bowl(target, curvature=1.0):
    """-c |z - target|², whose maximum is 0 at the target."""
    return lambda codes: -tf.reduce_sum(curvature * tf.square(codes - target), axis=-1)


def test_every_step_is_that_of_keras_adam():
    target = np.array([0.5, -0.2, 0.9], np.float32)
    curvature = np.array([1.0, 30.0, 0.5], np.float32)
    start = np.random.default_rng(0).uniform(-0.9, 0.9, (4, 3)).astype(np.float32)
    ascent = ascend(bowl(target, curvature), start, steps=25, learning_rate=0.07)

    zeta = tf.Variable(np.arctanh(start))
    adam = keras.optimizers.Adam(0.07)
    for step in range(26):
        codes = np.tanh(zeta.numpy())
        np.testing.assert_allclose(ascent.path[step], codes, atol=1e-5)
        values = -(curvature * (codes - target) ** 2).sum(axis=1)
        np.testing.assert_allclose(ascent.path_values[step], values, rtol=1e-4, atol=1e-5)
        # Of the loss: d/dzeta of c (tanh(zeta) - t)², by hand.
        gradient = 2 * curvature * (codes - target) * (1 - codes**2)
        adam.apply([tf.constant(gradient)], [zeta])


def test_finds_the_maximum_of_a_concave_objective():
    target = np.array([0.5, -0.25], np.float32)
    start = np.random.default_rng(1).uniform(-1, 1, (8, 2))
    ascent = ascend(bowl(target), start, steps=300, learning_rate=0.05)
    np.testing.assert_allclose(ascent.codes, np.tile(target, (8, 1)), atol=2e-3)
    np.testing.assert_allclose(ascent.values, 0, atol=1e-5)


def test_codes_stay_within_the_prior_where_the_objective_pulls_outwards():
    start = np.array([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0], [0.9995, -0.9995]])
    ascent = ascend(lambda codes: tf.reduce_sum(codes * [100.0, -100.0], -1), start, steps=40)
    assert np.all(np.isfinite(ascent.path)) and np.all(np.isfinite(ascent.path_values))
    assert np.all(np.abs(ascent.path) < 1) and np.all(np.abs(ascent.codes) < 1)
    # Under a constant sign Adam's first steps are of its rate; later ones lag a shrinking gradient.
    assert 0.98 < ascent.codes[2, 0] <= np.tanh(4) and -ascent.codes[2, 1] == ascent.codes[2, 0]
    for row in range(4):  # a start at the wrong edge is no trap
        assert ascent.values[row] > ascent.path_values[0, row]


def test_the_best_of_the_path_is_kept_not_its_end():
    # Steps as large as these jump over a narrow peak and come to rest on neither side of it.
    ascent = ascend(bowl(np.float32([0.1]), 50.0), [[0.0], [0.6]], steps=15, learning_rate=0.5)
    assert np.all(ascent.path_values[-1] < ascent.path_values.max(axis=0) - 1e-3)
    for row in range(2):
        best = int(np.argmax(ascent.path_values[:, row]))
        assert 0 < best < 15 or row == 0
        np.testing.assert_array_equal(ascent.codes[row], ascent.path[best, row])
        assert ascent.values[row] == ascent.path_values[best, row]


def test_a_start_that_is_the_best_is_returned():
    # A cusp pointing down beside the start: the gradient leads away from what the value says.
    @tf.custom_gradient
    def misleading(codes):
        return -codes[:, 0], lambda upstream: tf.ones_like(codes) * upstream[:, None]

    ascent = ascend(misleading, [[0.25]], steps=5)
    assert np.all(np.diff(ascent.path_values[:, 0]) < 0)
    np.testing.assert_allclose(ascent.codes, [[0.25]], rtol=1e-6)
    np.testing.assert_allclose(ascent.values, [-0.25], rtol=1e-6)


@pytest.mark.parametrize("steps", [1, 12])
def test_rows_are_independent_of_their_neighbours(steps):
    targets = np.random.default_rng(2).uniform(-1, 1, (5, 3)).astype(np.float32)
    start = np.random.default_rng(3).uniform(-1, 1, (5, 3))
    together = ascend(bowl(targets), start, steps)
    assert together.path.shape == (steps + 1, 5, 3)
    assert together.path_values.shape == (steps + 1, 5)
    for row in range(5):
        alone = ascend(bowl(targets[row]), start[row : row + 1], steps)
        np.testing.assert_allclose(together.path[:, row], alone.path[:, 0], atol=1e-6)
        np.testing.assert_allclose(together.codes[row], alone.codes[0], atol=1e-6)
