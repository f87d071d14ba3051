import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import VBPR

BATCH = {
    "user": np.array([1, 0, 1], np.int32),
    "positive": np.array([2, 0, 3], np.int32),
    "negative": np.array([0, 1, 2], np.int32),
}
COMPONENTS = np.random.default_rng(1).normal(2, 3, (4, 3)).astype(np.float32)


@pytest.fixture
def model():
    penalties = {"regularization": 0.3, "embedding_regularization": 0.07}
    model = VBPR(2, 4, 3, embedding_size=2, latent_size=2, **penalties)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.features.assign(COMPONENTS)
    return model


def loss(weights):
    theta, gamma_user, gamma_item, beta, embedding, beta_visual = weights
    f = COMPONENTS
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
    moved = embedding - np.eye(3, 2)
    return total / 3 + 0.07 * 0.5 * (np.sum(moved**2) + np.sum(beta_visual**2))


def test_score_by_hand():
    model = VBPR(1, 2, feature_size=2, latent_size=1, embedding_size=2)
    model.features.assign([[1, -1], [-1, 1]])
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


def test_untrained_model_with_history_scores_by_what_was_bought():
    # E starts as the leading components: with all of them kept, products are the features' own.
    features = np.random.default_rng(2).normal(size=(6, 3))
    train = np.array([(0, 1), (0, 4), (1, 2)])
    model = VBPR(2, 6, 3, embedding_size=3, latent_size=0, bias=False, with_history=True)
    model.adapt(features)
    model.theta.assign(np.zeros((2, 3)))
    scores = model.scoring_vectors(train=train).scores(np.arange(2))
    centered = features - features.mean(axis=0)
    expected = np.stack([centered[[1, 4]].mean(axis=0), centered[2]]) @ centered.T
    np.testing.assert_allclose(scores / scores.std(), expected / expected.std(), rtol=1e-4)
