import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import BiasedMF

REGULARIZATION = 0.3
SIAMESE = {
    "user": np.array([1, 0, 1], np.int32),
    "positive": np.array([2, 0, 3], np.int32),
    "negative": np.array([0, 1, 2], np.int32),
}
SHARED = SIAMESE | {
    "negative": np.array([4, 0], np.int32),
    "mask": np.array([[1, 1], [1, 0], [1, 1]], np.float32),
}


@pytest.fixture
def model():
    model = BiasedMF(2, 5, latent_size=2, regularization=REGULARIZATION)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


def test_score_by_hand(model):
    model.gamma_user.assign([[9, 9], [1, 2]])
    model.gamma_item.assign([[0, 0], [3, -1], [0, 0], [0, 0], [0, 0]])
    model.beta_item.assign([0, 0.5, 0, 0, 0])
    model.beta_user.assign([9, 10])
    model.alpha.assign(100)
    # 100 + 10 + 0.5 + 3 - 2
    score = model({"user": tf.constant([1]), "item": tf.constant([1])})
    assert float(score[0]) == pytest.approx(111.5)
    assert model.scoring_vectors().scores(np.array([1]))[0, 1] == pytest.approx(111.5)


@pytest.mark.parametrize("batch", [SIAMESE, SHARED], ids=["siamese", "shared"])
def test_loss_and_gradients(model, assert_loss_and_gradients, batch):
    users, positives, negatives = batch["user"], batch["positive"], batch["negative"]

    def loss(weights):
        gamma_user, gamma_item, beta_item, alpha, beta_user = weights

        def score(u, i):
            return alpha + beta_user[u] + beta_item[i] + gamma_user[u] @ gamma_item[i]

        bought = [score(u, i) for u, i in zip(users, positives, strict=True)]
        if "mask" in batch:
            pairs = np.argwhere(batch["mask"])
            others = [score(users[row], negatives[column]) for row, column in pairs]
        else:
            others = [score(u, j) for u, j in zip(users, negatives, strict=True)]
        squares = sum(gamma_user[u] @ gamma_user[u] + beta_user[u] ** 2 for u in users)
        for i in [*positives, *negatives]:
            squares += gamma_item[i] @ gamma_item[i] + beta_item[i] ** 2
        return (
            np.mean(np.log1p(np.exp(np.negative(bought))))
            + np.mean(np.log1p(np.exp(others)))
            + REGULARIZATION / 3 * 0.5 * squares
        )

    assert [v.name for v in model.trainable_variables] == [
        *("gamma_user", "gamma_item", "beta_item", "alpha", "beta_user")
    ]
    assert_loss_and_gradients(model, batch, loss)


def test_biases_of_users_do_not_change_a_ranking(model):
    scores = model.scoring_vectors().scores(np.array([0, 1]))
    model.beta_user.assign([50.0, -50.0])
    model.alpha.assign(7.0)
    moved = model.scoring_vectors().scores(np.array([0, 1]))
    np.testing.assert_array_equal(np.argsort(moved), np.argsort(scores))
