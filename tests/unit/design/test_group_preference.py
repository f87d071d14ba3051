"""Tests of the preference of groups, against NumPy and SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from keras_fashion.design.objective import (
    AGGREGATIONS,
    MEAN,
    LeastMisery,
    SoftMin,
)

RNG = np.random.default_rng(0)
STYLES, MEMBERS = 6, 4
PREFERENCE = RNG.normal(0, 2, (STYLES, MEMBERS)).astype(np.float32)
WEIGHTS = np.array([1.0, 3.0, 0.5, 1.5], np.float32)
LEVEL = np.array([0.5, -3.0, 0.0, 2.0], np.float32)
SPREAD = np.array([0.1, 4.0, 1.0, 0.7], np.float32)


def group(aggregation, preference, weights=WEIGHTS, level=LEVEL, spread=SPREAD):
    """Of one group, (A, M) preferences, to (A,)."""
    rows = (np.broadcast_to(each, preference.shape) for each in (weights, level, spread))
    return aggregation(*(tf.constant(each, tf.float32) for each in (preference, *rows))).numpy()


@pytest.mark.parametrize("aggregation", AGGREGATIONS.values(), ids=AGGREGATIONS)
@pytest.mark.parametrize("spread", [0.1, 1.0, 30.0])
def test_a_group_of_one_is_that_person_whatever_the_scale(aggregation, spread):
    found = group(aggregation, PREFERENCE[:, :1], WEIGHTS[1:2], -3.0, spread)
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
        sum(shares * LEVEL)
        + sum(shares * SPREAD) * formulas[name](shares, (preference - LEVEL) / SPREAD)
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
def test_a_weight_of_0_is_no_member(aggregation):
    weights = WEIGHTS * [1, 1, 0, 1]
    who = [0, 1, 3]
    expected = group(aggregation, PREFERENCE[:, who], WEIGHTS[who], LEVEL[who], SPREAD[who])
    np.testing.assert_allclose(group(aggregation, PREFERENCE, weights), expected, rtol=1e-5)
    hated = PREFERENCE - [0, 0, 1e4, 0]
    np.testing.assert_allclose(group(aggregation, hated, weights), expected, rtol=1e-5)

    preference = tf.constant(PREFERENCE)
    with tf.GradientTape() as tape:
        tape.watch(preference)
        rows = (tf.constant(np.tile(each, (STYLES, 1)), tf.float32) for each in (LEVEL, SPREAD))
        value = aggregation(
            preference, tf.constant(np.tile(weights, (STYLES, 1)), tf.float32), *rows
        )
    gradient = tape.gradient(value, preference).numpy()
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[:, 2], 0)
    assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("aggregation", AGGREGATIONS.values(), ids=AGGREGATIONS)
def test_who_speaks_louder_is_not_heard_more(aggregation):
    """A member's theta times 10 leaves the order in which the group prefers the styles."""
    louder = np.array([1, 1, 10, 1])
    before = group(aggregation, PREFERENCE)
    after = group(aggregation, PREFERENCE * louder, WEIGHTS, LEVEL * louder, SPREAD * louder)
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_array_equal(np.argsort(after), np.argsort(before))
    # Which their bare sum does not.
    assert np.any(np.argsort((PREFERENCE * louder) @ WEIGHTS) != np.argsort(PREFERENCE @ WEIGHTS))


def test_least_misery_asks_who_is_a_member_not_how_much():
    found = [group(LeastMisery(), PREFERENCE, each) for each in (WEIGHTS, [9, 1, 1, 1])]
    assert np.argmax(found[0]) == np.argmax(found[1])
    np.testing.assert_array_equal(np.argsort(found[0]), np.argsort(found[1]))
