from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from keras_fashion.data.columns import Attribute
from keras_fashion.errors import InputError
from keras_fashion.models import AttributeHeads

ITEMS, SIZE = 40, 3
RNG = np.random.default_rng(0)
EMBEDDINGS = RNG.normal(size=(ITEMS, SIZE)).astype(np.float32)


def attribute(codes, values):
    return Attribute(np.array(values), np.array(codes, np.int32))


def catalogue(**columns):
    return SimpleNamespace(name="shop", item_ids=np.arange(ITEMS).astype(str), columns=columns)


def scrambled(values, num_values):
    heads = AttributeHeads(SIZE, num_values, len(values))
    heads.values.assign(values)
    for weight in heads.trainable_variables:
        weight.assign(RNG.normal(size=weight.shape))
    return heads


def test_loss_is_the_mean_of_the_columns_cross_entropies_where_they_are_known():
    values = np.stack([np.arange(ITEMS) % 2, np.arange(ITEMS) % 3], axis=1)
    values[::4, 1] = -1
    heads = scrambled(values, [2, 3])
    items = RNG.permutation(ITEMS)[:25]
    logits = StandardScaler().fit_transform(EMBEDDINGS[items]) @ heads.classifiers.kernel.numpy()
    logits += heads.classifiers.bias.numpy()
    expected = []
    for column, part in enumerate((logits[:, :2], logits[:, 2:])):
        known = values[items, column] >= 0
        probabilities = np.exp(part) / np.exp(part).sum(axis=1, keepdims=True)
        labels = values[items, column][known]
        expected.append(log_loss(labels, probabilities[known], labels=range(part.shape[1])))
    found = heads.loss(tf.constant(EMBEDDINGS[items]), tf.constant(items))
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_scale_and_the_mean_of_the_embeddings_do_not_matter():
    heads = scrambled(np.arange(ITEMS)[:, None] % 2, [2])
    every = tf.range(ITEMS)
    found = heads.loss(tf.constant(EMBEDDINGS), every)
    moved = heads.loss(tf.constant(EMBEDDINGS * [5, 0.1, 30] + 7), every)
    assert float(moved) == pytest.approx(float(found), rel=1e-4)


def test_unknown_values_have_no_gradient():
    values = np.array([[0], [1], [-1], [-1]])
    heads = scrambled(values, [2])
    logits = tf.Variable(RNG.normal(size=(4, 2)), dtype=tf.float32)
    heads.classifiers = lambda _: logits
    with tf.GradientTape() as tape:
        loss = heads.loss(tf.constant(EMBEDDINGS[:4]), tf.range(4))
    rows = np.any(tape.gradient(loss, logits).numpy() != 0, axis=1)
    np.testing.assert_array_equal(rows, [True, True, False, False])


def test_nothing_known_is_a_loss_of_zero():
    heads = scrambled(np.full((ITEMS, 2), -1), [2, 3])
    assert float(heads.loss(tf.constant(EMBEDDINGS), tf.range(ITEMS))) == 0


def test_trained_heads_are_a_logistic_regression():
    labels = (EMBEDDINGS @ [1.0, -2.0, 0.5] + RNG.normal(size=ITEMS) > 0).astype(int)
    heads = scrambled(labels[:, None], [2])
    optimizer = keras.optimizers.Adam(0.1)
    for _ in range(400):
        with tf.GradientTape() as tape:
            loss = heads.loss(tf.constant(EMBEDDINGS), tf.range(ITEMS))
        optimizer.apply(tape.gradient(loss, heads.trainable_variables), heads.trainable_variables)
    scaled = StandardScaler().fit_transform(EMBEDDINGS)
    reference = LogisticRegression(C=1e6).fit(scaled, labels).predict_proba(scaled)
    assert float(loss) == pytest.approx(log_loss(labels, reference), rel=1e-3)


def test_columns_of_a_catalogue():
    color = np.repeat([0, 1, 2, 3], [4, 6, 10, 20])  # "blue" has too few items; "" is not known.
    columns = {
        "category": attribute(np.arange(ITEMS) % 2, ["Bags", "Tops"]),
        "color": attribute(color, ["blue", "", "green", "red"]),
        "brand": attribute(np.zeros(ITEMS), ["one"]),
        "name": attribute(np.arange(ITEMS), np.arange(ITEMS).astype(str)),
        "on_sale_from": attribute(np.arange(ITEMS) % 2, ["2024-01-01", "2024-02-01"]),
    }
    heads = AttributeHeads.from_catalogue(SIZE, catalogue(**columns))
    assert heads.num_values == (2, 2)
    expected = np.stack([np.arange(ITEMS) % 2, np.select([color == 2, color == 3], [0, 1], -1)], 1)
    np.testing.assert_array_equal(heads.values, expected)

    # Of green garments, six are withheld: four are too few.
    withheld = np.flatnonzero(color == 2)[:6]
    heads = AttributeHeads.from_catalogue(SIZE, catalogue(**columns), withheld)
    assert heads.num_values == (2,)
    expected = np.where(np.isin(np.arange(ITEMS), withheld), -1, np.arange(ITEMS) % 2)
    np.testing.assert_array_equal(heads.values[:, 0], expected)


def test_a_catalogue_without_columns_is_refused():
    alone = catalogue(category=attribute(np.zeros(ITEMS), ["Tops"]))
    with pytest.raises(InputError, match="catalogue shop has no column .* `attribute_weight` of 0"):
        AttributeHeads.from_catalogue(SIZE, alone)


def test_heads_from_their_config():
    heads = AttributeHeads(SIZE, [2, 3], 4, seed=0)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(heads))
    assert [each.shape for each in again.weights] == [each.shape for each in heads.weights]
