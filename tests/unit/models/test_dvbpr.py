import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data.pipelines import picture_batches
from keras_fashion.models import CNNF, DVBPR, AttributeHeads, CompactEncoder

LAMBDA_THETA, LAMBDA_PHI = 0.3, 0.07
PICTURES = np.random.default_rng(0).uniform(-1, 1, (5, 2, 2, 3)).astype(np.float32)
ITEMS = {"positive": np.array([2, 0, 3], np.int32), "negative": np.array([0, 1, 2], np.int32)}
BATCH = {
    "user": np.array([1, 0, 1], np.int32),
    **ITEMS,
    "picture": PICTURES[np.concatenate(list(ITEMS.values()))],
}


class TinyEncoder(keras.Model):
    """Phi(X) = V tanh(W x + a) + b, with few enough weights to differentiate by hand."""

    def __init__(self, embedding_size, picture_size, hidden=3):
        super().__init__()
        self.embedding_size, self.picture_size = embedding_size, picture_size
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(hidden, activation="tanh")
        self.out = keras.layers.Dense(embedding_size)

    def build(self, shape):
        pixels = int(np.prod(shape[1:]))
        self.hidden.build((None, pixels))
        self.out.build((None, self.hidden.units))
        self.built = True

    def call(self, picture, training=False):
        return self.out(self.hidden(self.flatten(picture)))


def loss(weights):
    theta, w, a, v, b = weights
    phi = np.tanh(PICTURES.reshape(5, -1) @ w + a) @ v + b
    total = 0.0
    for u, i, j in zip(BATCH["user"], ITEMS["positive"], ITEMS["negative"], strict=True):
        total += np.log1p(np.exp(-theta[u] @ (phi[i] - phi[j])))
        total += LAMBDA_THETA * 0.5 * np.sum(theta[u] ** 2)
    return (total + LAMBDA_PHI * 0.5 * (np.sum(w**2) + np.sum(v**2))) / 3


@pytest.fixture
def model():
    encoder = TinyEncoder(2, (2, 2))
    model = DVBPR(2, 5, encoder, regularization=LAMBDA_THETA, encoder_regularization=LAMBDA_PHI)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


def test_score_by_hand():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    encoder.embedding_size, encoder.picture_size = 2, (1, 1)
    model = DVBPR(2, 1, encoder)
    encoder.layers[1].set_weights([np.array([[1, 0], [0, 1], [2, 3]]), np.array([0.5, 0])])
    model.theta.assign([[9, 9], [2, -1]])
    # Phi = (1 - 2 + 0.5, -3); theta . Phi = -1 + 3.
    picture = tf.constant([[[[1.0, 0.0, -1.0]]]])
    pair = {"user": tf.constant([1]), "item": tf.constant([0]), "picture": picture}
    assert float(model(pair)[0]) == pytest.approx(2.0)


def test_loss_and_gradients(model, assert_loss_and_gradients):
    # An error of the regularizer is an error here: weights on theta and Phi swapped, biases
    # included, a sum over the batch for a mean.
    assert_loss_and_gradients(model, BATCH, loss)


def test_attributes_are_learned_from_the_embeddings_of_the_batch(model, assert_loss_and_gradients):
    values = np.array([[0, 2], [1, 0], [1, -1], [0, 1], [1, 1]])
    heads = AttributeHeads(2, [2, 3], 5, seed=0)
    heads.values.assign(values)
    model.attribute_heads, model.attribute_weight = heads, 0.7
    items = np.concatenate(list(ITEMS.values()))

    def with_attributes(weights):
        _, w, a, v, b, kernel, bias = weights
        phi = np.tanh(PICTURES.reshape(5, -1)[items] @ w + a) @ v + b
        logits = (phi - phi.mean(axis=0)) / phi.std(axis=0) @ kernel + bias
        entropies = []
        for column, part in enumerate((logits[:, :2], logits[:, 2:])):
            chosen = np.log(np.exp(part) / np.exp(part).sum(axis=1, keepdims=True))
            known = values[items, column] >= 0
            entropies.append(-chosen[known, values[items, column][known]].mean())
        return loss(weights[:5]) + 0.7 * np.mean(entropies)

    assert_loss_and_gradients(model, BATCH, with_attributes)


def test_adam_sums_the_gradients_of_a_user_who_stands_twice(model, adam_steps):
    expected = adam_steps(loss, [v.numpy() for v in model.trainable_variables], 0.05, steps=2)
    model.compile(optimizer=keras.optimizers.Adam(0.05))
    model.fit(tf.data.Dataset.from_tensors(BATCH), epochs=2, verbose=0)
    # Where a gradient is 0 (the last bias: it cancels between i and j) Adam enlarges the rounding.
    for variable, value in zip(model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, atol=2e-3, err_msg=variable.name)


@pytest.mark.parametrize("encoder", [CompactEncoder, CNNF])
def test_regularizer_counts_every_kernel_of_the_encoders(encoder):
    small = {"width": 2} if encoder is CompactEncoder else {"dense_size": 5}
    model = DVBPR(2, 3, encoder(4, (32, 32), **small), encoder_regularization=0.5)
    model.regularization = 0.0
    kernels = [each.kernel for each in model.encoder.stack.layers if hasattr(each, "kernel")]
    assert len(kernels) == {CompactEncoder: 5, CNNF: 8}[encoder]
    some = tf.constant([0, 1, 0])
    expected = 0.5 * 0.5 * sum(np.sum(kernel.numpy() ** 2) for kernel in kernels) / 3
    assert float(model.regularizer(some, some, some)) == pytest.approx(expected, rel=1e-5)


def test_training_drops_and_scoring_does_not():
    model = DVBPR(1, 2, CompactEncoder(4, (16, 16), width=4, dropout=0.5))
    pictures = picture_batches(np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8))
    first, second = (model.scoring_vectors(pictures).items for _ in range(2))
    np.testing.assert_array_equal(first, second)
    (batch,) = pictures
    dropped = model.item_vector(tf.range(2), batch, training=True)
    assert np.abs(dropped - first).max() > 1e-3
