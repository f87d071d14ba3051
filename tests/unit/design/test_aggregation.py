"""Tests of the preference of groups, against NumPy and SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from keras_fashion.design.aggregation import (
    AGGREGATIONS,
    MEAN,
    LeastMisery,
    SoftMin,
)

RNG = np.random.default_rng(0)
PICTURES, MEMBERS = 6, 4
PREFERENCE = RNG.normal(0, 2, (PICTURES, MEMBERS)).astype(np.float32)
WEIGHTS = np.array([1.0, 3.0, 0.5, 1.5], np.float32)
MEANS = np.array([0.5, -3.0, 0.0, 2.0], np.float32)
STDS = np.array([0.1, 4.0, 1.0, 0.7], np.float32)


def group(aggregation, preference, weights=WEIGHTS, mean=MEANS, std=STDS):
    """Returns the preferences of a group, from (A, M) of its members."""
    rows = (np.broadcast_to(each, preference.shape) for each in (weights, mean, std))
    return aggregation(*(tf.constant(each, tf.float32) for each in (preference, *rows))).numpy()


@pytest.mark.parametrize("aggregation", AGGREGATIONS.values(), ids=AGGREGATIONS)
@pytest.mark.parametrize("std", [0.1, 1.0, 30.0])
def test_a_group_of_one_has_the_preference_of_its_member(aggregation, std):
    found = group(aggregation, PREFERENCE[:, :1], WEIGHTS[1:2], -3.0, std)
    np.testing.assert_allclose(found, PREFERENCE[:, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_by_hand(name):
    formulas = {
        "mean": lambda shares, standard: sum(shares * standard),
        "least-misery": lambda shares, standard: min(standard),
        "soft-min": lambda shares, standard: -0.5 * logsumexp(-standard / 0.5, b=shares),
    }
    shares = WEIGHTS / 6
    expected = [
        sum(shares * MEANS)
        + sum(shares * STDS) * formulas[name](shares, (preference - MEANS) / STDS)
        for preference in PREFERENCE
    ]
    np.testing.assert_allclose(group(AGGREGATIONS[name], PREFERENCE), expected, rtol=1e-4)


def test_soft_min_is_between_least_misery_and_mean_and_reaches_both():
    mean, least = group(MEAN, PREFERENCE), group(LeastMisery(), PREFERENCE)
    between = group(SoftMin(0.5), PREFERENCE)
    assert np.all((least < between) & (between < mean))
    np.testing.assert_allclose(group(SoftMin(1e-3), PREFERENCE), least, atol=0.02)
    np.testing.assert_allclose(group(SoftMin(1e3), PREFERENCE), mean, rtol=0.02)


@pytest.mark.parametrize("aggregation", AGGREGATIONS.values(), ids=AGGREGATIONS)
def test_a_weight_of_0_excludes_a_member(aggregation):
    weights = WEIGHTS * [1, 1, 0, 1]
    who = [0, 1, 3]
    expected = group(aggregation, PREFERENCE[:, who], WEIGHTS[who], MEANS[who], STDS[who])
    np.testing.assert_allclose(group(aggregation, PREFERENCE, weights), expected, rtol=1e-5)
    hated = PREFERENCE - [0, 0, 1e4, 0]
    np.testing.assert_allclose(group(aggregation, hated, weights), expected, rtol=1e-5)

    preference = tf.constant(PREFERENCE)
    with tf.GradientTape() as tape:
        tape.watch(preference)
        rows = (tf.constant(np.tile(each, (PICTURES, 1)), tf.float32) for each in (MEANS, STDS))
        value = aggregation(
            preference, tf.constant(np.tile(weights, (PICTURES, 1)), tf.float32), *rows
        )
    gradient = tape.gradient(value, preference).numpy()
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[:, 2], 0)
    assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("aggregation", AGGREGATIONS.values(), ids=AGGREGATIONS)
def test_a_longer_theta_does_not_count_for_more(aggregation):
    """A member's theta times 10 does not change the group's order of the pictures."""
    longer = np.array([1, 1, 10, 1])
    before = group(aggregation, PREFERENCE)
    after = group(aggregation, PREFERENCE * longer, WEIGHTS, MEANS * longer, STDS * longer)
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_array_equal(np.argsort(after), np.argsort(before))
    # A plain sum would change the order.
    assert np.any(np.argsort((PREFERENCE * longer) @ WEIGHTS) != np.argsort(PREFERENCE @ WEIGHTS))


def test_least_misery_does_not_depend_on_positive_weights():
    found = [group(LeastMisery(), PREFERENCE, each) for each in (WEIGHTS, [9, 1, 1, 1])]
    assert np.argmax(found[0]) == np.argmax(found[1])
    np.testing.assert_array_equal(np.argsort(found[0]), np.argsort(found[1]))
