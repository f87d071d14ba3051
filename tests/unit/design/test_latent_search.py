"""Tests of the coordinates in which the prior is normal, and of the ascent against Keras's Adam."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import kstest, norm

from keras_fashion.design.latent_search import from_normal, latent_ascent, prior_excess, to_normal


def test_uniform_latents_become_normal():
    latents = np.random.default_rng(0).uniform(-1, 1, 4000).astype(np.float32)
    assert kstest(to_normal(latents).numpy(), "norm").pvalue > 0.01


def test_it_is_the_quantile_function_and_back():
    latents = np.linspace(-0.99, 0.99, 41, dtype=np.float32)
    normal = to_normal(latents).numpy()
    np.testing.assert_allclose(normal, norm.ppf((latents + 1) / 2), atol=1e-4)
    np.testing.assert_allclose(from_normal(normal).numpy(), latents, atol=1e-5)


def test_the_edges_stay_finite():
    normal = to_normal(np.array([-1.0, 1.0], np.float32)).numpy()
    assert np.isfinite(normal).all()
    assert np.abs(normal).max() < 4


def test_prior_excess_by_hand():
    inside, outside = np.full(4, 0.5, np.float32), np.full(4, 2.0, np.float32)
    np.testing.assert_allclose(prior_excess(np.stack([inside, outside])).numpy(), [0, 9], atol=1e-5)


def ascend(objective, start, steps, rate=0.1, patience=None, fixed_directions=None):
    """Runs the ascent; without a patience, from each start to the last step."""
    schedule = rate if callable(rate) else lambda step: tf.constant(rate)
    patience = steps + 1 if patience is None else patience
    run = tf.function(
        lambda at: latent_ascent(objective, at, steps, schedule, patience, fixed_directions)
    )
    result = run(tf.constant(start, tf.float32))
    return type(result)(*(each.numpy() for each in result))


def bowl(target, curvature=1.0):
    """Returns the objective -c |z - target|², with one target for all rows or one for each."""

    def objective(coordinates, rows):
        own = tf.gather(target, rows) if len(target.shape) == 2 else target
        return -tf.reduce_sum(curvature * tf.square(coordinates - own), axis=-1)

    return objective


def by_keras(target, curvature, start, steps, rate, patience, fixed_directions=None):
    """Returns the path of one start, its values, and the number of evaluations."""
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
FIXED = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 2)))[0].T.astype(np.float32)


FALLING = keras.optimizers.schedules.CosineDecay(0.3, 25)


@pytest.mark.parametrize(
    ("rate", "patience", "fixed_directions"),
    [(0.3, 26, None), (0.3, 2, None), (FALLING, 26, FIXED), (FALLING, 2, FIXED[:0])],
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
    far = TARGET + 50  # from where the value rises at each of the 12 steps
    ascent = ascend(bowl(TARGET), [far, TARGET, far], 12, 0.1, patience)
    assert ascent.evaluations == 2 * (12 + 1) + 1 + patience
    np.testing.assert_array_equal(ascent.coordinates[1], TARGET)
    np.testing.assert_array_equal(ascent.path[:, 1], np.tile(TARGET, (13, 1)))
    without = ascend(bowl(TARGET), [far, far], 12, 0.1, patience)
    np.testing.assert_allclose(ascent.path[:, [0, 2]], without.path, atol=1e-5)
    np.testing.assert_allclose(ascent.coordinates[[0, 2]], without.coordinates, atol=1e-5)


def test_a_stopped_start_stays_and_its_best_coordinates_are_kept():
    # The gradient is wrong, so that the value falls from the first step on.
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
    # Steps of this length pass over the narrow peak.
    start = np.array([[0.0], [0.6]])
    ascent = ascend(bowl(np.float32([0.1]), 50.0), start, steps=15, rate=0.5)
    along = -50 * (ascent.path[..., 0] - 0.1) ** 2
    np.testing.assert_allclose(ascent.values, along.max(axis=0), rtol=1e-4)
    assert np.all(along[-1] < ascent.values - 1e-3)
    assert along[:, 1].argmax() not in (0, 15)
    for row, best in enumerate(along.argmax(axis=0)):
        np.testing.assert_array_equal(ascent.coordinates[row], ascent.path[best, row])


def test_coordinates_change_except_along_fixed_directions():
    ascent = ascend(bowl(TARGET, CURVATURE), START, 200, 0.05, fixed_directions=FIXED)
    moved = ascent.path - START
    np.testing.assert_allclose(moved @ FIXED.T, 0, atol=1e-5)
    assert np.all(np.abs(ascent.path[1:] - START).max(axis=2) > 1e-5)
    assert np.abs(moved).max() > 0.1


def test_rows_are_independent_of_their_neighbors():
    rows = tf.TensorSpec([None, 3])

    @tf.function(input_signature=[rows, rows, tf.TensorSpec([], tf.int32)])
    def run(targets, start, steps):
        return latent_ascent(bowl(targets), start, steps, lambda step: tf.constant(0.1), 3)

    targets = np.random.default_rng(2).uniform(-1, 1, (5, 3)).astype(np.float32)
    for steps in (1, 12):
        joint = run(targets, START, steps)
        assert joint.path.shape == (steps + 1, 5, 3)
        evaluations = 0
        for row in range(5):
            alone = run(targets[row : row + 1], START[row : row + 1], steps)
            np.testing.assert_allclose(joint.path[:, row], alone.path[:, 0], atol=1e-6)
            np.testing.assert_allclose(joint.coordinates[row], alone.coordinates[0], atol=1e-6)
            evaluations += alone.evaluations.numpy()
        assert joint.evaluations.numpy() == evaluations
