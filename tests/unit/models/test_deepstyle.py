"""DeepStyle against its formula, written out in NumPy."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import Split
from keras_fashion.data.columns import Attribute
from keras_fashion.models import Context, DeepStyle

FEATURES = np.array([[1, -1, 2], [0, -3, 1], [2, 2, -4], [-3, 2, 1]], np.float32)  # of mean 0
CATEGORIES = np.array([0, 1, 1, 0])
TRAIN = np.array([(0, 0), (0, 2), (0, 3), (1, 1)])


def scrambled(**options):
    model = DeepStyle(3, 4, feature_size=3, num_categories=2, embedding_size=2, **options)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.features.assign(FEATURES)
    model.adapt_categories(CATEGORIES)
    return model


def embeddings(embedding, category, gamma):
    return np.array(
        [FEATURES[i] @ embedding - category[CATEGORIES[i]] + gamma[i] for i in range(4)]
    )


def test_loss_and_gradients(assert_loss_and_gradients):
    batch = {
        "user": np.array([1, 0, 1], np.int32),
        "positive": np.array([2, 0, 3], np.int32),
        "negative": np.array([0, 1, 2], np.int32),
    }

    def loss(weights):
        theta, embedding, category, gamma = weights
        items, total = embeddings(embedding, category, gamma), 0.0
        for u, i, j in zip(*batch.values(), strict=True):
            x_uij = theta[u] @ items[i] - theta[u] @ items[j]
            rows = [theta[u], gamma[i], gamma[j], category[CATEGORIES[i]], category[CATEGORIES[j]]]
            total += np.log1p(np.exp(-x_uij)) + 0.3 * 0.5 * np.sum(np.square(rows))
        return total / 3 + 0.07 * 0.5 * np.sum((embedding - np.eye(3, 2)) ** 2)

    model = scrambled(regularization=0.3, embedding_regularization=0.07)
    assert_loss_and_gradients(model, batch, loss)


def test_a_user_is_made_from_what_they_bought():
    model = scrambled(with_history=True)
    theta, *rest = (weight.numpy() for weight in model.trainable_variables)
    items = embeddings(*rest)
    centered = items - items.mean(axis=0)
    expected = np.stack([centered[[0, 2, 3]].mean(axis=0), centered[1], np.zeros(2)]) + theta
    vectors = model.scoring_vectors(train=TRAIN)
    np.testing.assert_allclose(vectors.items, items, rtol=1e-5)
    np.testing.assert_allclose(vectors.users, expected, rtol=1e-5)
    histories = tf.constant([[0, 2, 3], [1, -1, -1], [-1, -1, -1]])
    of_batch = model.user_embedding(tf.range(3), Context(histories))
    np.testing.assert_allclose(of_batch, expected, rtol=1e-5)
    weights = tf.constant([[1, 0.5, 0.5], [1, 0, 0], [0, 0, 0]])
    expected[0] = theta[0] + [0.5, 0.25, 0.25] @ centered[[0, 2, 3]]
    weighted = model.history_mean(histories, weights)
    np.testing.assert_allclose(theta + weighted, expected, rtol=1e-5)


def test_a_newcomer_is_what_they_bought():
    model = scrambled(with_history=True)
    vectors = model.scoring_vectors(train=TRAIN)
    newcomer = model.newcomer_vector(np.array([0, 2, 3]), vectors)
    np.testing.assert_allclose(newcomer, vectors.users[0] - model.theta.numpy()[0], rtol=1e-5)


def test_gradient_flows_through_the_history(assert_loss_and_gradients):
    model = scrambled(with_history=True, regularization=0.0, embedding_regularization=0.0)
    batch = {
        "user": np.array([0, 1]),
        "positive": np.array([0, 1]),
        "negative": np.array([1, 3, 2]),
        "mask": np.array([[1, 1, 0], [1, 1, 1]], np.float32),
        "history": np.array([[2, 3], [-1, -1]]),
    }
    # The mean of the catalogue is no path of the gradient.
    _, *rest = (weight.numpy() for weight in model.trainable_variables)
    mean = embeddings(*rest).mean(axis=0)

    def loss(weights):
        theta, *rest = weights
        items = embeddings(*rest)
        users = np.stack([items[[2, 3]].mean(axis=0) - mean, np.zeros(2)]) + theta[:2]
        pairs = [(0, 0, 1), (0, 0, 3), (1, 1, 1), (1, 1, 3), (1, 1, 2)]
        return np.mean([np.log1p(np.exp(users[u] @ (items[j] - items[i]))) for u, i, j in pairs])

    assert_loss_and_gradients(model, batch, loss)


@pytest.mark.parametrize("history", [0, 4])
def test_features_and_categories_are_those_of_the_catalogue(history):
    colors = Attribute(np.array(["blue", "green", "red"]), np.array([2, 1, 0, 2], np.int32))
    kinds = Attribute(np.array(["Bags", "Tops"]), CATEGORIES.astype(np.int32))
    catalogue = SimpleNamespace(
        columns={"category": kinds, "color": colors},
        attributes={"color": colors},
        categories=kinds.values,
        item_categories=kinds.codes,
    )
    split = Split(3, 4, TRAIN, TRAIN[:0], TRAIN[:0])
    model = DeepStyle.from_catalogue(
        catalogue, split, features=("attributes",), history=history, seed=0
    )
    np.testing.assert_array_equal(model.categories, CATEGORIES)
    items = model.scoring_vectors(train=TRAIN).items
    model.category_embedding.assign([[1.0] * 5, [2.0] * 5])
    model.gamma_item.assign(np.outer([0, 0, 0, 8], np.ones(5)))
    # Items 0 and 3 have the same category and color.
    moved = model.scoring_vectors(train=TRAIN).items - items
    np.testing.assert_allclose(moved, np.outer([-1, -2, -2, 7], np.ones(5)), atol=1e-5)
    np.testing.assert_allclose(items[0], items[3], atol=1e-5)
    assert np.abs(items[1] - items[2]).max() > 0.1
    assert model.with_history == (history > 0)
