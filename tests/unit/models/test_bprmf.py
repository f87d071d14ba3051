import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import BPRMF

# User 1 and item 2 stand twice, item 4 never.
BATCH = {
    "user": np.array([1, 0, 1, 2], np.int32),
    "positive": np.array([2, 0, 3, 2], np.int32),
    "negative": np.array([0, 1, 1, 3], np.int32),
}
REGULARIZATION = 0.3


@pytest.fixture
def model():
    model = BPRMF(3, 5, latent_size=2, regularization=REGULARIZATION)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


def loss(weights):
    gamma_user, gamma_item, beta = weights
    total = 0.0
    for u, i, j in zip(*BATCH.values(), strict=True):
        difference = beta[i] - beta[j] + gamma_user[u] @ (gamma_item[i] - gamma_item[j])
        squares = [gamma_user[u] ** 2, gamma_item[i] ** 2, gamma_item[j] ** 2]
        squares += [beta[i] ** 2, beta[j] ** 2]
        total += np.log1p(np.exp(-difference))
        total += REGULARIZATION * 0.5 * sum(map(np.sum, squares))
    return total / 4


def test_score_by_hand():
    model = BPRMF(1, 2, latent_size=2)
    model.gamma_user.assign([[1, 2]])
    model.gamma_item.assign([[0, 0], [3, -1]])
    model.beta_item.assign([7, 0.5])
    # 3 - 2 + 0.5
    assert float(model({"user": tf.constant([0]), "item": tf.constant([1])})[0]) == pytest.approx(
        1.5
    )
    assert model.scoring_vectors().scores(np.array([0])).tolist() == [[7, 1.5]]


def test_loss_and_gradients(model, assert_loss_and_gradients):
    assert_loss_and_gradients(model, BATCH, loss)


def test_adam_sums_the_gradients_of_a_user_who_stands_twice(model, adam_steps):
    expected = adam_steps(loss, [v.numpy() for v in model.trainable_variables], 0.05, steps=3)
    model.compile(optimizer=keras.optimizers.Adam(0.05))
    model.fit(tf.data.Dataset.from_tensors(BATCH), epochs=3, verbose=0)
    for variable, value in zip(model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, atol=1e-4, err_msg=variable.name)
