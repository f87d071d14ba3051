"""No gradient with repeated rows reaches an optimizer of Keras, which would get it wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from matched_gan import batches, match

from keras_fashion.data import Split, triplets
from keras_fashion.models import (
    AMR,
    BPRMF,
    DVBPR,
    FM,
    GAN_PRESETS,
    VBPR,
    WARP,
    BiasedMF,
    CompactEncoder,
    DeepStyle,
    EnergyGAN,
)
from keras_fashion.optimizers import LazyAdam

USERS, ITEMS, SIZE = 3, 8, (16, 16)
PICTURES = np.random.default_rng(0).integers(0, 256, (ITEMS, *SIZE, 3), np.uint8)
PAIRS = np.array(
    [(user, item) for user in range(USERS) for item in range(user, user + 4)], np.int32
)
SPLIT = Split(USERS, ITEMS, PAIRS, PAIRS[:0], PAIRS[:0])


def fm():
    model = FM(USERS, ITEMS, 2, 5, latent_size=4)
    model.adapt(np.random.default_rng(1).integers(0, 5, (ITEMS, 2)))
    return model


def vbpr(kind=VBPR):
    model = kind(USERS, ITEMS, feature_size=4, embedding_size=3, latent_size=3)
    model.adapt(np.random.default_rng(2).normal(size=(ITEMS, 4)).astype(np.float32))
    return model


def deepstyle():
    model = DeepStyle(USERS, ITEMS, feature_size=4, num_categories=2, with_history=True)
    model.adapt(np.random.default_rng(2).normal(size=(ITEMS, 4)).astype(np.float32))
    model.adapt_categories(np.arange(ITEMS) % 2)
    return model


RECOMMENDERS = {
    "biasedmf": lambda: BiasedMF(USERS, ITEMS, 4),
    "bprmf": lambda: BPRMF(USERS, ITEMS, 4),
    "warp": lambda: WARP(USERS, ITEMS, 4),
    "fm": fm,
    "vbpr": vbpr,
    "deepstyle": deepstyle,
    "amr": lambda: vbpr(AMR),
    "dvbpr": lambda: DVBPR(USERS, ITEMS, CompactEncoder(4, SIZE, width=4), with_history=True),
}


@pytest.fixture
def applied(monkeypatch):
    """Every gradient that an optimizer has been given, with the optimizer."""
    applied = []
    apply = keras.optimizers.Optimizer.apply

    def recorded(self, grads, trainable_variables=None):
        applied.extend((self, gradient) for gradient in grads)
        return apply(self, grads, trainable_variables)

    monkeypatch.setattr(keras.optimizers.Optimizer, "apply", recorded)
    return applied


def assert_rows_are_summed(applied):
    assert applied
    for optimizer, gradient in applied:
        # LazyAdam sums the rows itself.
        assert isinstance(optimizer, LazyAdam) or not isinstance(gradient, tf.IndexedSlices)


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam, LazyAdam])
@pytest.mark.parametrize("name", RECOMMENDERS)
def test_recommenders(name, optimizer, applied):
    model = RECOMMENDERS[name]()
    model.compile(optimizer=optimizer(1e-3))
    pictures = PICTURES if name == "dvbpr" else None
    history = 4 if getattr(model, "with_history", False) else 0
    stream = triplets(SPLIT, 8, 0, pictures, negatives=4, history=history)
    model.train_step(next(iter(stream)))
    assert_rows_are_summed(applied)


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_gans(name, applied):
    gan = GAN_PRESETS[name].make(3, SIZE, width=4)
    if isinstance(gan, EnergyGAN):
        match(gan)
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    gan.train_step(next(iter(batches(6, SIZE))))
    assert_rows_are_summed(applied)


def test_a_repeated_category_moves_its_row_as_far_as_any_other():
    """The first step of Adam moves every weight that has a gradient by the learning rate."""
    gan = GAN_PRESETS["least-squares"].make(3, SIZE, width=4)
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3, epsilon=1e-12))
    (table,) = (each for each in gan.discriminator.weights if each.name == "embeddings")
    before = table.numpy()
    pictures = tf.cast(PICTURES[:6], tf.float32) / 127.5 - 1
    gan.train_step((pictures, tf.constant([0, 0, 0, 0, 1, 1])))
    moved = np.abs(table.numpy() - before)
    np.testing.assert_allclose(moved[:2], 1e-3, rtol=1e-3)
    np.testing.assert_array_equal(moved[2], 0)
