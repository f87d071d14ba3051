"""Tests of the fused Adam, against the paper's algorithm in NumPy and Keras's Adam."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.optimizers import FusedAdam


def by_hand(weight, gradients, rates, beta_1, beta_2, epsilon):
    """Adam in float64, as at the end of section 2 of the paper."""
    m, v = np.zeros_like(weight), np.zeros_like(weight)
    for t, (g, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        weight = weight - step * m / (np.sqrt(v) + epsilon)
    return weight


@pytest.mark.parametrize("compiled", [False, True])
def test_steps_are_those_of_the_paper(compiled):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(3, 2)), rng.normal(size=(6, 3, 2))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    optimizer = FusedAdam(schedule, beta_1=0.5, beta_2=0.9, epsilon=1e-3)
    weight = keras.Variable(start, dtype="float32")
    optimizer.build([weight])

    def step(gradient):
        optimizer.apply([gradient], [weight])

    step = tf.function(step) if compiled else step
    for gradient in gradients:
        step(tf.constant(gradient, tf.float32))
    expected = by_hand(start, gradients, 0.1 * 0.5 ** np.arange(6), 0.5, 0.9, 1e-3)
    np.testing.assert_allclose(weight.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"amsgrad": True}, {"weight_decay": 0.1}, {"clipnorm": 0.3}]
)
def test_it_moves_as_keras_adam(options):
    gradients = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)

    def moved(optimizer):
        weight = keras.Variable(np.ones(4, np.float32))
        for gradient in gradients:
            optimizer.apply([tf.constant(gradient)], [weight])
        return weight.numpy()

    ours, theirs = moved(FusedAdam(0.01, **options)), moved(keras.optimizers.Adam(0.01, **options))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert np.abs(ours - 1).max() > 0.01


def test_repeated_rows_of_an_embedding_are_summed():
    rows, parts = [2, 0, 2], np.float32([[1.0, -2.0], [0.5, 0.5], [3.0, 4.0]])
    by_rows = tf.IndexedSlices(tf.constant(parts), tf.constant(rows), (3, 2))
    dense = np.zeros((3, 2), np.float32)
    np.add.at(dense, rows, parts)

    def moved(optimizer, gradient):
        table = keras.Variable(np.ones((3, 2), np.float32))
        for _ in range(3):
            optimizer.apply([gradient], [table])
        return table.numpy()

    ours = moved(FusedAdam(0.1), by_rows)
    np.testing.assert_allclose(ours, moved(keras.optimizers.Adam(0.1), dense), atol=1e-5)
    # Keras's own Adam, given the rows as they are, moves the repeated one elsewhere.
    assert np.abs(ours - moved(keras.optimizers.Adam(0.1), by_rows))[2].max() > 1e-3


def test_a_saved_model_goes_on_as_if_never_stopped(tmp_path):
    inputs = np.random.default_rng(2).normal(size=(8, 3)).astype(np.float32)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(FusedAdam(0.1, beta_1=0.5), "mse", run_eagerly=True)
    model.fit(inputs, inputs[:, 0], verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.optimizer, FusedAdam)
    for each in (model, again):
        each.fit(inputs, inputs[:, 1], shuffle=False, verbose=0)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
