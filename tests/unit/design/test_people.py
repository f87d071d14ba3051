"""Tests of whom designs are made for, against plain loops."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design.objective import MEAN, LeastMisery, People, PriorSample

RNG = np.random.default_rng(0)
STYLES = RNG.normal(1, 2, (2, 50, 3)).astype(np.float32)
TASTES = RNG.normal(0, 1, (2, 4, 3)).astype(np.float32)
TASTES[1, 3] = 0
WEIGHTS = np.array([[1, 2, 0.5, 1], [1, 1, 3, 0]], np.float32)


@pytest.fixture(scope="module")
def people():
    sample = PriorSample(None, tf.constant(STYLES), None, None, None, None)
    etas = tf.constant([0.5, 2.0])
    return People.on_scale(
        sample, tf.constant(TASTES), tf.constant(WEIGHTS), tf.constant([7, 4]), etas
    )


def test_each_member_has_a_scale_of_their_own(people):
    for group in range(2):
        for member in range(4):
            liked = np.array([style @ TASTES[group, member] for style in STYLES[group]])
            assert people.level.numpy()[group, member] == pytest.approx(
                liked.mean(), rel=1e-4, abs=1e-6
            )
            expected = max(liked.std(), 1e-6)
            assert people.spread.numpy()[group, member] == pytest.approx(expected, rel=1e-4)


def test_the_unit_is_that_of_the_members(people):
    """Whoever weighs 0 is none."""
    for group in range(2):
        expected = np.average(people.spread.numpy()[group], weights=WEIGHTS[group])
        assert people.unit.numpy()[group] == pytest.approx(expected, rel=1e-5)


def test_rows_are_people_again(people):
    rows = people.rows(tf.constant([1, 0, 1, 1]))
    assert rows.categories.numpy().tolist() == [4, 7, 4, 4]
    assert rows.etas.numpy().tolist() == [2.0, 0.5, 2.0, 2.0]
    np.testing.assert_array_equal(rows.tastes, TASTES[[1, 0, 1, 1]])
    np.testing.assert_allclose(rows.unit, people.unit.numpy()[[1, 0, 1, 1]])


@pytest.mark.parametrize("together", [MEAN, LeastMisery()])
def test_preference_is_of_a_style_for_each(people, together):
    styles = RNG.normal(size=(2, 3)).astype(np.float32)
    found = people.preference(tf.constant(styles), together).numpy()
    for row in range(2):
        members = np.array([styles[row] @ taste for taste in TASTES[row]])[None]
        scale = (each.numpy()[row : row + 1] for each in (people.level, people.spread))
        alone = together(tf.constant(members), WEIGHTS[row : row + 1], *scale)
        np.testing.assert_allclose(found[row], alone[0], rtol=1e-4)
