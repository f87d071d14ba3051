"""AMR against the worst perturbation, in closed form and by finite differences in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import AMR

FEATURES = np.random.default_rng(1).normal(0, 1.5, (5, 3)).astype(np.float32)
FEATURES -= FEATURES.mean(axis=0)


def scrambled(**options):
    penalties = {"regularization": 0.0, "embedding_regularization": 0.0}
    model = AMR(3, 5, 3, embedding_size=2, latent_size=1, **penalties, **options)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.features.assign(FEATURES)
    return model


def bpr(margin):
    return np.mean(np.log1p(np.exp(-margin)))


@pytest.mark.parametrize("bias", [True, False])
def test_with_a_negative_each_the_margin_falls_by_the_length_of_the_gradient(
    bias, assert_loss_and_gradients
):
    """The maximum of a linear function on a ball of radius ε is ε times its gradient's length."""
    user, positive, negative = np.array([1, 0, 1]), np.array([2, 0, 3]), np.array([0, 1, 2])

    def loss(weights):
        theta, gamma_user, gamma_item = weights[:3]
        embedding = weights[4 if bias else 3]
        slope = theta[user] @ embedding.T
        margin = np.sum(gamma_user[user] * (gamma_item[positive] - gamma_item[negative]), axis=1)
        if bias:
            margin += weights[3][positive] - weights[3][negative]
            slope = slope + weights[5]
        margin += np.sum(slope * (FEATURES[positive] - FEATURES[negative]), axis=1)
        return bpr(margin) + 0.6 * bpr(margin - 2 * 0.4 * np.linalg.norm(slope, axis=1))

    model = scrambled(bias=bias, epsilon=0.4, adversarial_weight=0.6)
    batch = {"user": user, "positive": positive, "negative": negative}
    assert_loss_and_gradients(model, batch, loss)


BATCH = {
    "user": np.array([0, 2, 0, 1]),
    "positive": np.array([0, 4, 1, 1]),
    "negative": np.array([1, 3, 2]),
    "mask": np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0], [1, 1, 1]], np.float32),
    "history": np.array([[2, 3], [4, -1], [-1, -1], [2, 0]]),
}


def shared_scores(weights, moved_positive, moved_negative):
    """Scores of BATCH, (4, 1) and (4, 3), where the features of its items were moved."""
    theta, gamma_user, gamma_item, beta, embedding, beta_visual = weights
    user, positive, negative, _, history = BATCH.values()
    bought = [FEATURES[row[row >= 0]].sum(axis=0) / max(1, sum(row >= 0)) for row in history]
    slope = (theta[user] + bought @ embedding) @ embedding.T + beta_visual

    def others(item):
        return gamma_user[user] @ gamma_item[item].T + beta[item]

    liked = np.diag(others(positive)) + np.sum(slope * (FEATURES[positive] + moved_positive), 1)
    return liked[:, None], others(negative) + slope @ (FEATURES[negative] + moved_negative).T


def shared_loss(weights, *moved):
    positive, negative = shared_scores(weights, *moved)
    return bpr((positive - negative)[BATCH["mask"] == 1])


@pytest.fixture
def perturbations(numerical_gradients):
    """The perturbations of BATCH by finite differences, at the weights of a model."""

    def find(model):
        weights = [np.array(weight, np.float64) for weight in model.trainable_variables]
        gradients = numerical_gradients(
            lambda moved: shared_loss(weights, *moved), [np.zeros((4, 3)), np.zeros((3, 3))]
        )
        return [0.4 * each / np.linalg.norm(each, axis=1, keepdims=True) for each in gradients]

    return find


def test_scores_under_shared_negatives_by_finite_differences(perturbations):
    model = scrambled(with_history=True, epsilon=0.4)
    batch = {name: tf.constant(value) for name, value in BATCH.items()}
    ours = model.perturbed_scores(batch, model.score_batch(batch))
    moved = perturbations(model)
    weights = [np.array(weight) for weight in model.trainable_variables]
    np.testing.assert_allclose(ours, np.hstack(shared_scores(weights, *moved)), rtol=1e-4)
    # It is the worst direction: random ones of the same length do less harm.
    rng = np.random.default_rng(0)
    for _ in range(50):
        others = [rng.normal(size=each.shape) for each in moved]
        others = [0.4 * each / np.linalg.norm(each, axis=1, keepdims=True) for each in others]
        assert shared_loss(weights, *others) < shared_loss(weights, *moved)


def test_gradient_under_shared_negatives_takes_the_perturbation_as_a_constant(
    perturbations, assert_loss_and_gradients
):
    model = scrambled(with_history=True, epsilon=0.4, adversarial_weight=0.6)
    moved = perturbations(model)

    def loss(weights):
        return shared_loss(weights, 0.0, 0.0) + 0.6 * shared_loss(weights, *moved)

    assert_loss_and_gradients(model, BATCH, loss)
