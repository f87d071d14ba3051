"""Tests of where searches begin, against a plain loop over people and codes."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erfinv, softmax

from keras_fashion.design.consensus_starts import TEMPERATURE, consensus_starts
from keras_fashion.design.group_preference import MEAN, LeastMisery
from keras_fashion.design.people import People
from keras_fashion.design.prior_sample import PriorSample

RNG = np.random.default_rng(0)
CODES = RNG.uniform(-0.99, 0.99, (64, 6)).astype(np.float32)
STYLES = RNG.normal(size=(2, 64, 3)).astype(np.float32)
REALISM = RNG.normal(0.6, 0.3, (2, 64)).astype(np.float32)
DIRECTIONS = np.stack([np.linalg.qr(RNG.normal(size=(6, 2)))[0] for _ in range(2)])
TASTES = RNG.normal(size=(2, 3, 3)).astype(np.float32)
WEIGHTS = np.array([[1, 2, 0], [1, 1, 1]], np.float32)
ETAS = np.array([0.5, 3.0], np.float32)
DRAWN = RNG.uniform(-0.9, 0.9, (4, 6)).astype(np.float32)


def normal(codes):
    return np.sqrt(2) * erfinv(np.clip(np.float64(codes), -0.9995, 0.9995))


def starts(together, styles=STYLES):
    constants = (CODES, styles, REALISM, np.zeros((2, 64, 1)), DIRECTIONS)
    sample = PriorSample(*(tf.constant(each, tf.float32) for each in constants))
    people = People.on_scale(
        sample,
        tf.constant(TASTES),
        tf.constant(WEIGHTS),
        tf.constant([0, 1]),
        tf.constant(ETAS),
    )
    return consensus_starts(sample, people, together, tf.constant(DRAWN)).numpy()


@pytest.mark.parametrize("together", [MEAN, LeastMisery()])
def test_by_a_loop(together):
    found = starts(together)
    assert found.shape == (2, 4, 6)
    for person in range(2):
        liked = STYLES[person] @ TASTES[person].T
        scale = (liked.mean(axis=0), liked.std(axis=0))
        rows = (np.tile(each, (64, 1)) for each in (WEIGHTS[person], *scale))
        value = together(*(tf.constant(each, tf.float32) for each in (liked, *rows))).numpy()
        value -= ETAS[person] * (REALISM[person] - 1) ** 2
        consensus = softmax(value / (TEMPERATURE * value.std())) @ normal(CODES)
        seen = DIRECTIONS[person]
        for start, drawn in zip(found[person], DRAWN, strict=True):
            expected = normal(drawn) + seen @ (seen.T @ (consensus - normal(drawn)))
            np.testing.assert_allclose(normal(start), expected, rtol=1e-3, atol=2e-3)


def test_starts_agree_in_what_taste_sees_and_differ_in_the_rest():
    for person, found in enumerate(starts(MEAN)):
        seen = normal(found) @ DIRECTIONS[person]
        np.testing.assert_allclose(seen, np.tile(seen[0], (4, 1)), atol=3e-3)
        for other in range(1, 4):
            assert np.abs(normal(found[other]) - normal(found[0])).max() > 0.1


def test_nobody_minds_where_all_garments_are_equal():
    found = starts(MEAN, np.ones_like(STYLES))
    assert np.isfinite(found).all() and np.abs(found).max() < 1
