"""Users made from what they bought."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import DVBPR, VBPR, Context

FEATURES = np.array([[1, -1], [0, -3], [2, 2], [-3, 2]], np.float32)  # of mean 0, as adapt does
TRAIN = np.array([(0, 0), (0, 2), (0, 3), (1, 1)])


@pytest.fixture
def model():
    model = VBPR(3, 4, 2, embedding_size=2, latent_size=1, with_history=True)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.features.assign(FEATURES)
    return model


def test_taste_by_hand(model):
    model.theta.assign([[0.5, -1], [0, 0], [0, 0]])
    model.embedding.assign([[1, 0], [0, 2]])
    # Items 2 and 3: mean feature (-0.5, 2), E f = (-0.5, 4).
    user_embedding = model.user_embedding(
        tf.constant([0, 0]), Context(tf.constant([[2, -1, 3], [-1, -1, -1]]))
    )
    np.testing.assert_allclose(user_embedding, [[0.5 - 0.5, -1 + 4], [0.5, -1]], rtol=1e-6)


def test_scoring_takes_all_that_a_user_bought_and_serves_newcomers(model):
    vectors = model.scoring_vectors(train=TRAIN)
    histories = tf.constant([[0, 2, 3], [1, -1, -1], [-1, -1, -1]])
    expected = model.user_vector(tf.range(3), Context(histories))
    np.testing.assert_allclose(vectors.users, expected, rtol=1e-5)
    # A newcomer with the purchases of user 0 differs by what user 0 has of his own.
    own = np.concatenate([model.gamma_user.numpy()[0], model.theta.numpy()[0]])
    newcomer = model.newcomer_vector(np.array([0, 2, 3]), vectors)
    np.testing.assert_allclose(newcomer, vectors.users[0] - own, rtol=1e-4, atol=1e-6)


def test_scoring_changes_nothing_and_a_model_says_what_it_was_not_told(model):
    before = [np.array(weight) for weight in model.weights]
    vectors = model.scoring_vectors(train=TRAIN)
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(ValueError, match=r"call adapt_users\(items, train\) after training"):
        model.user_vector(tf.range(3))
    model.adapt_users(vectors.items, TRAIN)
    np.testing.assert_allclose(model.user_vector(tf.range(3)), vectors.users, rtol=1e-6)


def test_gradient_flows_through_the_history(model, assert_loss_and_gradients):
    model.regularization = model.embedding_regularization = 0.0
    batch = {
        "user": np.array([0, 1]),
        "positive": np.array([0, 1]),
        "negative": np.array([1, 3, 2]),
        "mask": np.array([[1, 1, 0], [1, 1, 1]], np.float32),
        "history": np.array([[2, 3], [-1, -1]]),
    }
    means = [FEATURES[[2, 3]].mean(axis=0), np.zeros(2)]

    def loss(weights):
        theta, gamma_user, gamma_item, beta, embedding, beta_visual = weights

        def score(u, i):
            user_embedding = theta[u] + means[u] @ embedding
            bias = beta[i] + beta_visual @ FEATURES[i]
            return bias + gamma_user[u] @ gamma_item[i] + user_embedding @ (FEATURES[i] @ embedding)

        pairs = [(0, 0, 1), (0, 0, 3), (1, 1, 1), (1, 1, 3), (1, 1, 2)]
        return np.mean([np.log1p(np.exp(score(u, j) - score(u, i))) for u, i, j in pairs])

    assert_loss_and_gradients(model, batch, loss)


def test_without_purchases_there_is_no_history(model):
    with pytest.raises(ValueError, match="needs train"):
        model.scoring_vectors()
    plain = VBPR(3, 4, 2)
    with pytest.raises(ValueError, match="never trained on"):
        plain.newcomer_vector(np.array([0]), plain.scoring_vectors())


def test_dvbpr_remembers_the_styles_that_it_saw():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, use_bias=False)])
    encoder.embedding_size, encoder.picture_size = 2, (1, 1)
    model = DVBPR(1, 3, encoder, with_history=True)
    model.theta.assign([[0, 0]])
    pictures = np.random.default_rng(0).normal(size=(3, 1, 1, 3)).astype(np.float32)
    history = tf.constant([[2, 0], [1, -1], [-1, -1]])
    assert not model.history_mean(history).numpy().any()
    for _ in range(200):  # until the moving mean has arrived
        item_embeddings = model.item_embedding(
            tf.constant([2, 0, 1]), tf.constant(pictures[[2, 0, 1]]), True
        ).numpy()
    centered = item_embeddings - item_embeddings.mean(axis=0)
    expected = [centered[:2].mean(axis=0), centered[2], [0, 0]]
    np.testing.assert_allclose(model.history_mean(history), expected, atol=1e-3)
    # Scoring looks anew at every picture, and sees the same here.
    dataset = tf.data.Dataset.from_tensors(pictures)
    vectors = model.scoring_vectors(dataset, np.array([(0, 2), (0, 0)]))
    np.testing.assert_allclose(vectors.users, expected[:1], atol=1e-5)
