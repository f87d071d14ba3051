"""Tests of what the best-liked have in common, against a plain loop over people and latents."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from keras_fashion.design.objective import (
    MEAN,
    TEMPERATURE,
    Consensus,
    DesignBatch,
    LeastMisery,
    PriorSample,
)

RNG = np.random.default_rng(0)
LATENTS = RNG.uniform(-0.99, 0.99, (64, 6)).astype(np.float32)
STYLES = RNG.normal(size=(2, 64, 3)).astype(np.float32)
REALISM = RNG.normal(0.6, 0.3, (2, 64)).astype(np.float32)
TASTES = RNG.normal(size=(2, 3, 3)).astype(np.float32)
WEIGHTS = np.array([[1, 2, 0], [1, 1, 1]], np.float32)
ETAS = np.array([0.5, 3.0], np.float32)


def made(aggregation, embeddings=STYLES):
    unused = np.zeros((2, 64, 1)), np.zeros((2, 1, 1, 3)), np.zeros(2)
    judged = (LATENTS, embeddings, REALISM, *unused)
    sample = PriorSample(*(tf.constant(each, tf.float32) for each in judged))
    batch = DesignBatch.from_prior(
        sample,
        tf.constant(TASTES),
        tf.constant(WEIGHTS),
        tf.constant([0, 1]),
        tf.constant(ETAS),
    )
    return Consensus.of(sample, batch, aggregation)


@pytest.mark.parametrize("aggregation", [MEAN, LeastMisery()])
def test_by_a_loop(aggregation):
    found = made(aggregation)
    for person in range(2):
        liked = STYLES[person] @ TASTES[person].T
        scale = (liked.mean(axis=0), liked.std(axis=0))
        rows = (np.tile(each, (64, 1)) for each in (WEIGHTS[person], *scale))
        value = aggregation(*(tf.constant(each, tf.float32) for each in (liked, *rows))).numpy()
        value -= ETAS[person] * (REALISM[person] - 1) ** 2
        weights = softmax(value / (TEMPERATURE * value.std()))
        style = weights @ STYLES[person]
        np.testing.assert_allclose(found.embeddings[person], style, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(found.unit[person], ((STYLES[person] - style) ** 2).mean(), 1e-3)


def test_distance_is_0_in_the_consensus_and_1_on_average():
    found = made(MEAN)
    for person in range(2):
        rows = tf.fill([64], person)
        far = found.distance(tf.constant(STYLES[person]), rows)
        assert np.mean(far) == pytest.approx(1, rel=1e-4)
    np.testing.assert_allclose(found.distance(found.embeddings, tf.range(2)), 0, atol=1e-6)
    assert np.min(found.distance(found.embeddings, tf.constant([1, 0]))) > 1e-3


def test_nobody_minds_where_all_garments_are_equal():
    consensus = made(MEAN, np.ones_like(STYLES))
    assert np.isfinite(consensus.distance(tf.ones([2, 3]), tf.range(2))).all()
