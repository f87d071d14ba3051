"""Tests of what the best-liked have in common, against a plain loop over people and codes."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erfinv, softmax

from keras_fashion.design.consensus import TEMPERATURE, Consensus
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


def made(together, styles=STYLES):
    """The consensus and the starts."""
    constants = (CODES, styles, REALISM, np.zeros((2, 64, 1)), DIRECTIONS)
    sample = PriorSample(*(tf.constant(each, tf.float32) for each in constants))
    people = People.on_scale(
        sample,
        tf.constant(TASTES),
        tf.constant(WEIGHTS),
        tf.constant([0, 1]),
        tf.constant(ETAS),
    )
    consensus = Consensus.of(sample, people, together)
    return consensus, consensus.starts(sample, tf.constant(DRAWN)).numpy()


@pytest.mark.parametrize("together", [MEAN, LeastMisery()])
def test_by_a_loop(together):
    found, starts = made(together)
    assert starts.shape == (2, 4, 6)
    for person in range(2):
        liked = STYLES[person] @ TASTES[person].T
        scale = (liked.mean(axis=0), liked.std(axis=0))
        rows = (np.tile(each, (64, 1)) for each in (WEIGHTS[person], *scale))
        value = together(*(tf.constant(each, tf.float32) for each in (liked, *rows))).numpy()
        value -= ETAS[person] * (REALISM[person] - 1) ** 2
        weights = softmax(value / (TEMPERATURE * value.std()))
        codes, style = weights @ normal(CODES), weights @ STYLES[person]
        np.testing.assert_allclose(found.codes[person], codes, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(found.styles[person], style, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(found.unit[person], ((STYLES[person] - style) ** 2).mean(), 1e-3)
        seen = DIRECTIONS[person]
        for start, drawn in zip(starts[person], DRAWN, strict=True):
            expected = normal(drawn) + seen @ (seen.T @ (codes - normal(drawn)))
            np.testing.assert_allclose(normal(start), expected, rtol=1e-3, atol=2e-3)


def test_distance_is_0_in_the_consensus_and_1_on_average():
    found, _ = made(MEAN)
    for person in range(2):
        rows = tf.fill([64], person)
        far = found.distance(tf.constant(STYLES[person]), rows)
        assert np.mean(far) == pytest.approx(1, rel=1e-4)
    np.testing.assert_allclose(found.distance(found.styles, tf.range(2)), 0, atol=1e-6)
    assert np.min(found.distance(found.styles, tf.constant([1, 0]))) > 1e-3


def test_starts_agree_in_what_taste_sees_and_differ_in_the_rest():
    for person, found in enumerate(made(MEAN)[1]):
        seen = normal(found) @ DIRECTIONS[person]
        np.testing.assert_allclose(seen, np.tile(seen[0], (4, 1)), atol=3e-3)
        for other in range(1, 4):
            assert np.abs(normal(found[other]) - normal(found[0])).max() > 0.1


def test_nobody_minds_where_all_garments_are_equal():
    consensus, starts = made(MEAN, np.ones_like(STYLES))
    assert np.isfinite(starts).all() and np.abs(starts).max() < 1
    assert np.isfinite(consensus.distance(tf.ones([2, 3]), tf.range(2))).all()
