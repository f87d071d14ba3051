"""Tests of the selection of diverse pictures, against a plain greedy loop."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.design.diversity import (
    SIMILARITY_SCALE,
    diverse_top,
    picture_similarity,
    thumbnails,
)


def greedy(values, similarity, count, weight):
    chosen = []
    for _ in range(count):
        left = [row for row in range(len(values)) if row not in chosen]
        cost = {row: max((similarity[row][other] for other in chosen), default=0) for row in left}
        chosen.append(max(left, key=lambda row: values[row] - weight * cost[row]))
    return sorted(chosen, key=lambda row: -values[row])


def picked(values, similarity, count, weights):
    values, similarity, weights = (
        tf.constant(each, tf.float32) for each in (values, similarity, weights)
    )
    return diverse_top(values, similarity, count, weights).numpy()


@pytest.fixture(scope="module")
def candidates():
    """Values and similarities of twelve pictures for each of three users."""
    rng = np.random.default_rng(0)
    seen = rng.normal(0, 0.2, (3, 12, 5)).astype(np.float32)
    seen[:, 6:] = seen[:, :6] + rng.normal(0, 0.02, (3, 6, 5))
    return rng.normal(0, 1, (3, 12)).astype(np.float32), picture_similarity(
        tf.constant(seen)
    ).numpy()


@pytest.mark.parametrize("count", [1, 4, 12])
def test_it_is_the_greedy_loop_each_with_their_own_weight(candidates, count):
    values, similarity = candidates
    weights = np.array([0.0, 0.7, 5.0], np.float32)
    found = picked(values, similarity, count, weights)
    assert found.shape == (3, count)
    for row in range(3):
        assert found[row].tolist() == greedy(values[row], similarity[row], count, weights[row])
    # They are sorted by value and not by the order of selection.
    assert np.all(np.diff(np.take_along_axis(values, found, axis=1)) <= 0)


def test_without_weight_it_is_the_best(candidates):
    values, similarity = candidates
    found = picked(values, similarity, 5, np.zeros(3))
    np.testing.assert_array_equal(found, np.argsort(-values, axis=1)[:, :5])


def test_a_copy_is_replaced_by_a_picture_of_nearly_the_same_value():
    values = np.array([[3.0, 2.9, 2.5, 0.0]], np.float32)
    similarity = np.eye(4, dtype=np.float32)[None]
    similarity[0, 0, 1] = similarity[0, 1, 0] = 1
    for weight, expected in [(0.3, [0, 1]), (0.5, [0, 2]), (2.8, [0, 2])]:
        assert picked(values, similarity, 2, [weight]).tolist() == [expected]


def test_similarity_by_hand():
    seen = np.array(
        [[0.0, 0.0], [SIMILARITY_SCALE, -SIMILARITY_SCALE], [0.0, 0.0], [9.0, 9.0]], np.float32
    )
    expected = np.eye(4)
    expected[0, 2] = expected[2, 0] = 1
    for row in (0, 2):
        expected[row, 1] = expected[1, row] = np.exp(-0.5)
    np.testing.assert_allclose(picture_similarity(tf.constant(seen)), expected, atol=1e-5)
    many = tf.constant(np.stack([seen, seen[::-1]]))
    np.testing.assert_allclose(picture_similarity(many)[1], expected[::-1, ::-1], atol=1e-5)


def test_thumbnails_are_the_means_of_blocks_where_blocks_are_flat():
    small = np.random.default_rng(1).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(thumbnails(tf.constant(small)), small.reshape(2, -1), atol=1e-6)
    gray = np.full((1, 64, 48, 3), 0.25, np.float32)
    np.testing.assert_allclose(thumbnails(tf.constant(gray)), np.full((1, 192), 0.25), atol=1e-6)
    # Pictures are shrunk with a filter, so that stripes of one pixel become gray.
    stripes = np.tile(np.float32([1, -1]), 32)[None, None, :, None] * np.ones((1, 64, 1, 3))
    assert np.abs(thumbnails(tf.constant(stripes, tf.float32))).max() < 0.1
