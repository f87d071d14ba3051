"""Tests of batches of users and of the consensus, against plain loops."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from keras_fashion.design import LeastMisery
from keras_fashion.design.aggregation import MEAN
from keras_fashion.design.objective import (
    CONSENSUS_TEMPERATURE,
    Consensus,
    DesignBatch,
    PriorSample,
    open_specs,
)

RNG = np.random.default_rng(0)
LATENTS = RNG.uniform(-0.99, 0.99, (64, 6)).astype(np.float32)
EMBEDDINGS = RNG.normal(1, 2, (2, 64, 3)).astype(np.float32)
REALISM = RNG.normal(0.6, 0.3, (2, 64)).astype(np.float32)
USERS = RNG.normal(size=(2, 4, 3)).astype(np.float32)
USERS[1, 3] = 0
WEIGHTS = np.array([[1, 2, 0.5, 0], [1, 1, 3, 0]], np.float32)
ETAS = np.array([0.5, 2.0], np.float32)


def made(embeddings=EMBEDDINGS):
    """A sample of the prior and two groups of four."""
    unused = np.zeros((2, 64, 1)), np.zeros((2, 1, 1, 3)), np.zeros(2)
    parts = (LATENTS, embeddings, REALISM, *unused)
    sample = PriorSample(*(tf.constant(each, tf.float32) for each in parts))
    batch = DesignBatch.from_prior(
        sample,
        tf.constant(USERS),
        tf.constant(WEIGHTS),
        tf.constant([7, 4]),
        tf.constant(ETAS),
    )
    return sample, batch


@pytest.fixture(scope="module")
def batch():
    return made()[1]


def test_each_member_has_a_scale_of_their_own(batch):
    for group in range(2):
        for member in range(4):
            liked = np.array([each @ USERS[group, member] for each in EMBEDDINGS[group]])
            mean, std = (
                each.numpy()[group, member]
                for each in (batch.preference_mean, batch.preference_std)
            )
            assert mean == pytest.approx(liked.mean(), rel=1e-4, abs=1e-6)
            assert std == pytest.approx(max(liked.std(), 1e-6), rel=1e-4)


def test_the_scale_of_a_group_is_the_mean_of_its_members(batch):
    """A weight of 0 excludes a member."""
    for group in range(2):
        expected = np.average(batch.preference_std.numpy()[group], weights=WEIGHTS[group])
        assert batch.scale.numpy()[group] == pytest.approx(expected, rel=1e-5)


def test_gathered_rows_are_a_batch_again(batch):
    rows = batch.gather(tf.constant([1, 0, 1, 1]))
    assert rows.categories.numpy().tolist() == [4, 7, 4, 4]
    assert rows.etas.numpy().tolist() == [2.0, 0.5, 2.0, 2.0]
    np.testing.assert_array_equal(rows.user_embeddings, USERS[[1, 0, 1, 1]])
    np.testing.assert_allclose(rows.scale, batch.scale.numpy()[[1, 0, 1, 1]])


@pytest.mark.parametrize("aggregation", [MEAN, LeastMisery()])
def test_each_group_has_the_preference_for_its_own_embedding(batch, aggregation):
    embeddings = RNG.normal(size=(2, 3)).astype(np.float32)
    found = batch.preference(tf.constant(embeddings), aggregation).numpy()
    for row in range(2):
        members = np.array([embeddings[row] @ user for user in USERS[row]])[None]
        scale = (
            each.numpy()[row : row + 1] for each in (batch.preference_mean, batch.preference_std)
        )
        alone = aggregation(tf.constant(members), WEIGHTS[row : row + 1], *scale)
        np.testing.assert_allclose(found[row], alone[0], rtol=1e-4)


def value_by_hand(group, aggregation):
    """The objective of one group at each latent of the sample."""
    liked = EMBEDDINGS[group] @ USERS[group].T
    scale = (liked.mean(axis=0), np.maximum(liked.std(axis=0), 1e-6))
    rows = (np.tile(each, (64, 1)) for each in (WEIGHTS[group], *scale))
    value = aggregation(*(tf.constant(each, tf.float32) for each in (liked, *rows))).numpy()
    unit = np.average(scale[1], weights=WEIGHTS[group])
    return value - ETAS[group] * unit * (REALISM[group] - 1) ** 2


@pytest.mark.parametrize("aggregation", [MEAN, LeastMisery()])
def test_the_objective_over_the_prior_is_that_of_a_loop(aggregation):
    sample, batch = made()
    found = batch.prior_objective(sample, aggregation)
    assert found.shape == (2, 64)
    for group in range(2):
        expected = value_by_hand(group, aggregation)
        np.testing.assert_allclose(found[group], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("aggregation", [MEAN, LeastMisery()])
def test_the_consensus_is_that_of_a_loop(aggregation):
    found = Consensus.from_prior(*made(), aggregation)
    for group in range(2):
        value = value_by_hand(group, aggregation)
        consensus = softmax(value / (CONSENSUS_TEMPERATURE * value.std())) @ EMBEDDINGS[group]
        np.testing.assert_allclose(found.embeddings[group], consensus, rtol=1e-3, atol=1e-3)
        scale = ((EMBEDDINGS[group] - consensus) ** 2).mean()
        np.testing.assert_allclose(found.scale[group], scale, 1e-3)


def test_the_distance_is_0_at_the_consensus_and_1_on_average():
    found = Consensus.from_prior(*made(), MEAN)
    for group in range(2):
        distances = found.distance(tf.constant(EMBEDDINGS[group]), tf.fill([64], group))
        assert np.mean(distances) == pytest.approx(1, rel=1e-4)
    np.testing.assert_allclose(found.distance(found.embeddings, tf.range(2)), 0, atol=1e-6)
    assert np.min(found.distance(found.embeddings, tf.constant([1, 0]))) > 1e-3


def test_the_distance_is_finite_where_all_garments_are_equal():
    consensus = Consensus.from_prior(*made(np.ones_like(EMBEDDINGS)), MEAN)
    assert np.isfinite(consensus.distance(tf.ones([2, 3]), tf.range(2))).all()


def test_specs_are_open_in_the_leading_axes_only(batch):
    specs = open_specs(batch, axes=2)
    assert specs.user_embeddings == tf.TensorSpec([None, None, 3], tf.float32)
    assert specs.weights == tf.TensorSpec([None, None], tf.float32)
    assert specs.categories == tf.TensorSpec([None], tf.int32)
    assert open_specs(batch).weights == tf.TensorSpec([None, 4], tf.float32)
