import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import VBPR

BATCH = {
    "user": np.array([1, 0, 1], np.int32),
    "positive": np.array([2, 0, 3], np.int32),
    "negative": np.array([0, 1, 2], np.int32),
}
FEATURES = np.random.default_rng(1).normal(2, 3, (4, 3))


@pytest.fixture
def model():
    model = VBPR(2, 4, 3, 2, 2, regularisation=0.3, embedding_regularisation=0.07)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.adapt(FEATURES)
    return model


def loss(weights):
    gamma_user, gamma_item, theta, embedding, beta, beta_visual = weights
    f = (FEATURES - FEATURES.mean(0)) / FEATURES.std(0)
    total = 0.0
    for u, i, j in zip(*BATCH.values(), strict=True):
        x_ui, x_uj = (
            beta[k]
            + gamma_user[u] @ gamma_item[k]
            + theta[u] @ (f[k] @ embedding)
            + beta_visual @ f[k]
            for k in (i, j)
        )
        squares = [gamma_user[u] ** 2, theta[u] ** 2, gamma_item[i] ** 2, gamma_item[j] ** 2]
        squares += [beta[i] ** 2, beta[j] ** 2]
        total += np.log1p(np.exp(x_uj - x_ui)) + 0.3 * 0.5 * sum(map(np.sum, squares))
    return total / 3 + 0.07 * 0.5 * (np.sum(embedding**2) + np.sum(beta_visual**2))


def test_score_by_hand():
    model = VBPR(1, 2, feature_size=2, latent_size=1, visual_size=2)
    model.adapt(np.array([[5.0, 0.0], [3.0, 7.0]]))  # standardised: (1, -1) and (-1, 1)
    model.gamma_user.assign([[2]])
    model.gamma_item.assign([[3], [4]])
    model.theta.assign([[2, -1]])
    model.embedding.assign([[1, 2], [3, 5]])
    model.beta_item.assign([0.1, 0.2])
    model.beta_visual.assign([0.5, 0.25])
    # Item 0: E f = (1 - 3, 2 - 5), theta . E f = -4 + 3; 0.1 + 6 - 1 + (0.5 - 0.25).
    # Item 1: 0.2 + 8 + 1 - 0.25.
    scores = model({"user": tf.constant([0, 0]), "item": tf.constant([0, 1])})
    np.testing.assert_allclose(scores, [5.35, 8.95], rtol=1e-6)


def test_loss_and_gradients(model, assert_loss_and_gradients):
    assert_loss_and_gradients(model, BATCH, loss)


def test_features_are_frozen(model):
    assert [v.name for v in model.non_trainable_variables if "features" in v.name] == ["features"]
    assert "features" not in [v.name for v in model.trainable_variables]


def test_a_feature_that_never_varies_counts_nothing(model):
    constant = FEATURES.copy()
    constant[:, 1] = 9.0
    model.adapt(constant)
    assert model.features.numpy()[:, 1].tolist() == [0, 0, 0, 0]
