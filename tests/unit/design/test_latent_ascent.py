"""Tests of the ascent, against Keras's Adam, one start at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design.latent_search import latent_ascent


def ascend(objective, start, steps, rate=0.1, patience=None, fixed_directions=None):
    """Every start to the end, where no patience is given."""
    schedule = rate if callable(rate) else lambda step: tf.constant(rate)
    patience = steps + 1 if patience is None else patience
    climb = tf.function(
        lambda at: latent_ascent(objective, at, steps, schedule, patience, fixed_directions)
    )
    result = climb(tf.constant(start, tf.float32))
    return type(result)(*(each.numpy() for each in result))


def bowl(target, curvature=1.0):
    """-c |z - target|², of rows with a target each, or of all with the same."""

    def objective(coordinates, rows):
        own = tf.gather(target, rows) if len(target.shape) == 2 else target
        return -tf.reduce_sum(curvature * tf.square(coordinates - own), axis=-1)

    return objective


def by_keras(target, curvature, start, steps, rate, patience, fixed_directions=None):
    """One start: places on the way, their values, and how many were asked for."""
    coordinates, adam = tf.Variable(start), keras.optimizers.Adam(rate)
    path, values, stale = [], [], 0
    for _ in range(steps + 1):
        now = coordinates.numpy()
        path.append(now)
        if stale >= patience:
            continue
        value = -(curvature * (now - target) ** 2).sum()
        stale = 0 if not values or value > max(values) else stale + 1
        values.append(value)
        free = (
            np.eye(len(now))
            if fixed_directions is None
            else np.eye(len(now)) - fixed_directions.T @ fixed_directions
        )
        gradient = free @ (2 * curvature * (now - target))  # of the loss
        adam.apply([tf.constant(gradient, tf.float32)], [coordinates])
        coordinates.assign(now + free @ (coordinates.numpy() - now))
    return np.array(path), np.array(values), len(values)


TARGET = np.array([0.5, -0.2, 0.9], np.float32)
CURVATURE = np.array([1.0, 30.0, 0.5], np.float32)
START = np.random.default_rng(0).uniform(-0.9, 0.9, (5, 3)).astype(np.float32)
HELD = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 2)))[0].T.astype(np.float32)


FALLING = keras.optimizers.schedules.CosineDecay(0.3, 25)


@pytest.mark.parametrize(
    ("rate", "patience", "fixed_directions"),
    [(0.3, 26, None), (0.3, 2, None), (FALLING, 26, HELD), (FALLING, 2, HELD[:0])],
)
def test_every_step_is_that_of_keras_adam(rate, patience, fixed_directions):
    """At a rate that overshoots: some starts give up early, some recover."""
    ascent = ascend(bowl(TARGET, CURVATURE), START, 25, rate, patience, fixed_directions)
    counts = []
    for row, start in enumerate(START):
        path, values, count = by_keras(
            TARGET, CURVATURE, start, 25, rate, patience, fixed_directions
        )
        np.testing.assert_allclose(ascent.path[:, row], path, atol=2e-4)
        np.testing.assert_allclose(ascent.coordinates[row], path[np.argmax(values)], atol=2e-4)
        np.testing.assert_allclose(ascent.values[row], values.max(), rtol=1e-3, atol=1e-4)
        counts.append(count)
    assert ascent.evaluations == sum(counts)
    assert (patience == 26) == (counts == [26] * 5)


def test_finds_the_maximum_of_a_concave_objective():
    start = np.random.default_rng(1).uniform(-1, 1, (8, 3))
    ascent = ascend(bowl(TARGET), start, steps=300, rate=0.05)
    np.testing.assert_allclose(ascent.coordinates, np.tile(TARGET, (8, 1)), atol=2e-3)
    np.testing.assert_allclose(ascent.values, 0, atol=1e-5)


@pytest.mark.parametrize("patience", [1, 4])
def test_a_start_at_its_optimum_costs_its_patience_and_no_more(patience):
    far = TARGET + 50  # which rises at every one of the 12 steps
    ascent = ascend(bowl(TARGET), [far, TARGET, far], 12, 0.1, patience)
    assert ascent.evaluations == 2 * (12 + 1) + 1 + patience
    np.testing.assert_array_equal(ascent.coordinates[1], TARGET)
    np.testing.assert_array_equal(ascent.path[:, 1], np.tile(TARGET, (13, 1)))
    without = ascend(bowl(TARGET), [far, far], 12, 0.1, patience)
    np.testing.assert_allclose(ascent.path[:, [0, 2]], without.path, atol=1e-5)
    np.testing.assert_allclose(ascent.coordinates[[0, 2]], without.coordinates, atol=1e-5)


def test_one_that_has_stopped_stays_and_what_is_kept_is_its_best():
    # The gradient leads away from what the value says: down from the first step on.
    @tf.custom_gradient
    def misleading(coordinates):
        return -coordinates[:, 0], lambda upstream: tf.ones_like(coordinates) * upstream[:, None]

    ascent = ascend(lambda coordinates, rows: misleading(coordinates), [[0.25]], 9, patience=3)
    np.testing.assert_array_equal(ascent.coordinates, [[0.25]])
    np.testing.assert_array_equal(ascent.values, [-0.25])
    assert ascent.evaluations == 1 + 3
    moves = np.diff(ascent.path[:, 0, 0])
    np.testing.assert_allclose(moves, [0.1] * 4 + [0] * 5, atol=1e-5)


def test_the_best_of_the_path_is_kept_not_its_end():
    # Steps as large as these jump over a narrow peak.
    start = np.array([[0.0], [0.6]])
    ascent = ascend(bowl(np.float32([0.1]), 50.0), start, steps=15, rate=0.5)
    along = -50 * (ascent.path[..., 0] - 0.1) ** 2
    np.testing.assert_allclose(ascent.values, along.max(axis=0), rtol=1e-4)
    assert np.all(along[-1] < ascent.values - 1e-3)
    assert along[:, 1].argmax() not in (0, 15)
    for row, best in enumerate(along.argmax(axis=0)):
        np.testing.assert_array_equal(ascent.coordinates[row], ascent.path[best, row])


def test_held_directions_do_not_change_and_the_others_do():
    ascent = ascend(bowl(TARGET, CURVATURE), START, 200, 0.05, fixed_directions=HELD)
    moved = ascent.path - START
    np.testing.assert_allclose(moved @ HELD.T, 0, atol=1e-5)
    assert np.all(np.abs(ascent.path[1:] - START).max(axis=2) > 1e-5)
    assert np.abs(moved).max() > 0.1


def test_rows_are_independent_of_their_neighbors():
    rows = tf.TensorSpec([None, 3])

    @tf.function(input_signature=[rows, rows, tf.TensorSpec([], tf.int32)])
    def climb(targets, start, steps):
        return latent_ascent(bowl(targets), start, steps, lambda step: tf.constant(0.1), 3)

    targets = np.random.default_rng(2).uniform(-1, 1, (5, 3)).astype(np.float32)
    for steps in (1, 12):
        joint = climb(targets, START, steps)
        assert joint.path.shape == (steps + 1, 5, 3)
        evaluations = 0
        for row in range(5):
            alone = climb(targets[row : row + 1], START[row : row + 1], steps)
            np.testing.assert_allclose(joint.path[:, row], alone.path[:, 0], atol=1e-6)
            np.testing.assert_allclose(joint.coordinates[row], alone.coordinates[0], atol=1e-6)
            evaluations += alone.evaluations.numpy()
        assert joint.evaluations.numpy() == evaluations
