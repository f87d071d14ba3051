from itertools import combinations

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import FM

USERS, ITEMS, VALUES = 2, 4, 5
COLUMNS = np.array([(0, 3), (1, 3), (1, 4), (2, 4)])
BATCH = {
    "user": np.array([1, 0, 1], np.int32),
    "positive": np.array([2, 0, 3], np.int32),
    "negative": np.array([0, 1, 2], np.int32),
}


@pytest.fixture
def model():
    model = FM(USERS, ITEMS, 2, VALUES, latent_size=3, regularization=0.3)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.adapt(COLUMNS)
    return model


def score(weights, user, item, w_0=0.0, w_user=(0.0, 0.0)):
    """The paper's equation 1: a double sum over one long vector of zeros and ones."""
    v_user, v_item, v_value, w_item, w_value = weights
    v = np.concatenate([v_user, v_item, v_value])
    w = np.concatenate([w_user, w_item, w_value])
    x = np.zeros(len(v))
    x[[user, USERS + item, *(USERS + ITEMS + COLUMNS[item])]] = 1
    pairs = combinations(range(len(x)), 2)
    return w_0 + w @ x + sum(v[a] @ v[b] * x[a] * x[b] for a, b in pairs)


def test_scores_are_the_double_sum(model):
    weights = [v.numpy().astype(float) for v in model.trainable_variables]
    expected = [[score(weights, u, i) for i in range(ITEMS)] for u in range(USERS)]
    scores = model.scoring_vectors().scores(np.arange(USERS))
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
    # What was left out moves no item past another.
    full = [score(weights, 1, i, w_0=3.0, w_user=(5.0, -7.0)) for i in range(ITEMS)]
    np.testing.assert_allclose(np.diff(scores[1]), np.diff(full), rtol=1e-4, atol=1e-5)


def test_loss_and_gradients(model, assert_loss_and_gradients):
    def loss(weights):
        v_user, v_item, v_value, w_item, w_value = weights
        total = 0.0
        for u, i, j in zip(*BATCH.values(), strict=True):
            total += np.log1p(np.exp(score(weights, u, j) - score(weights, u, i)))
            squares = v_user[u] @ v_user[u]
            for item in (i, j):
                squares += v_item[item] @ v_item[item] + w_item[item] ** 2
                squares += sum(v_value[f] @ v_value[f] + w_value[f] ** 2 for f in COLUMNS[item])
            total += 0.3 * 0.5 * squares
        return total / 3

    assert_loss_and_gradients(model, BATCH, loss)


def test_new_items_are_told_apart_by_their_values(model):
    """Items 1 and 2 share a value; without factors of their own they differ by the other only."""
    model.v_item.assign(tf.zeros_like(model.v_item))
    model.w_item.assign(tf.zeros_like(model.w_item))
    model.adapt(COLUMNS[[0, 1, 1, 3]])
    scores = model.scoring_vectors().scores(np.arange(USERS))
    np.testing.assert_array_equal(scores[:, 1], scores[:, 2])
    assert np.all(np.abs(scores[:, 1] - scores[:, 3]) > 1e-3)
