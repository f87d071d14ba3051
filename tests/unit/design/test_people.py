"""Tests of whom designs are made for, against plain loops."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design.objective import MEAN, DesignBatch, LeastMisery, PriorSample

RNG = np.random.default_rng(0)
STYLES = RNG.normal(1, 2, (2, 50, 3)).astype(np.float32)
TASTES = RNG.normal(0, 1, (2, 4, 3)).astype(np.float32)
TASTES[1, 3] = 0
WEIGHTS = np.array([[1, 2, 0.5, 1], [1, 1, 3, 0]], np.float32)


@pytest.fixture(scope="module")
def batch():
    sample = PriorSample(None, tf.constant(STYLES), None, None, None, None)
    etas = tf.constant([0.5, 2.0])
    return DesignBatch.from_prior(
        sample, tf.constant(TASTES), tf.constant(WEIGHTS), tf.constant([7, 4]), etas
    )


def test_each_member_has_a_scale_of_their_own(batch):
    for group in range(2):
        for member in range(4):
            liked = np.array([style @ TASTES[group, member] for style in STYLES[group]])
            assert batch.level.numpy()[group, member] == pytest.approx(
                liked.mean(), rel=1e-4, abs=1e-6
            )
            expected = max(liked.std(), 1e-6)
            assert batch.spread.numpy()[group, member] == pytest.approx(expected, rel=1e-4)


def test_the_unit_is_that_of_the_members(batch):
    """Whoever weighs 0 is none."""
    for group in range(2):
        expected = np.average(batch.spread.numpy()[group], weights=WEIGHTS[group])
        assert batch.unit.numpy()[group] == pytest.approx(expected, rel=1e-5)


def test_rows_are_people_again(batch):
    rows = batch.rows(tf.constant([1, 0, 1, 1]))
    assert rows.categories.numpy().tolist() == [4, 7, 4, 4]
    assert rows.etas.numpy().tolist() == [2.0, 0.5, 2.0, 2.0]
    np.testing.assert_array_equal(rows.user_embeddings, TASTES[[1, 0, 1, 1]])
    np.testing.assert_allclose(rows.unit, batch.unit.numpy()[[1, 0, 1, 1]])


@pytest.mark.parametrize("aggregation", [MEAN, LeastMisery()])
def test_preference_is_of_a_style_for_each(batch, aggregation):
    embeddings = RNG.normal(size=(2, 3)).astype(np.float32)
    found = batch.preference(tf.constant(embeddings), aggregation).numpy()
    for row in range(2):
        members = np.array([embeddings[row] @ user_embedding for user_embedding in TASTES[row]])[
            None
        ]
        scale = (each.numpy()[row : row + 1] for each in (batch.level, batch.spread))
        alone = aggregation(tf.constant(members), WEIGHTS[row : row + 1], *scale)
        np.testing.assert_allclose(found[row], alone[0], rtol=1e-4)
