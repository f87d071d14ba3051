"""Tests of the fused batch normalization, against Keras's own layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models.batch_normalization import BatchNormalization, batch_renormalization


def outcome(layer, features, training):
    """Outputs, moving statistics, and gradients of a weighted sum of the outputs."""
    upstream = np.random.default_rng(9).normal(size=features.shape).astype(np.float32)
    features = tf.constant(features)
    with tf.GradientTape() as tape:
        tape.watch(features)
        outputs = layer(features, training=training)
        value = tf.reduce_sum(outputs * upstream)
    gradients = tape.gradient(value, [features, *layer.trainable_variables])
    return [np.array(each) for each in (outputs, *layer.weights, *gradients)]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("learned", [True, False])
def test_outputs_averages_and_gradients_are_those_of_keras(learned, training):
    rng = np.random.default_rng(0)
    features = (3 * rng.normal(size=(4, 5, 6, 7)) + 2).astype(np.float32)
    options = {"momentum": 0.8, "epsilon": 1e-3, "center": learned, "scale": learned}
    layers = BatchNormalization(**options), keras.layers.BatchNormalization(**options)
    for layer in layers:
        layer.build(features.shape)
        layer.set_weights([1 + rng.random(7) for _ in layer.weights])
    layers[1].set_weights(layers[0].get_weights())
    ours, theirs = (outcome(layer, features, training) for layer in layers)
    assert len(ours) == len(theirs) == (8 if learned else 4)
    for mine, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-4)


def test_a_frozen_layer_uses_and_keeps_its_averages():
    features = np.random.default_rng(1).normal(size=(4, 2, 2, 3)).astype(np.float32)
    layer = BatchNormalization(epsilon=0.0)
    layer.build(features.shape)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_allclose(layer(features, training=True), features, atol=1e-5)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_half_precision_features_keep_exact_averages():
    features = np.random.default_rng(2).normal(5, 1, size=(8, 4, 4, 3)).astype(np.float32)
    layer = BatchNormalization(momentum=0.0, dtype="mixed_bfloat16")
    outputs = layer(tf.cast(features, tf.bfloat16), training=True)
    assert outputs.dtype == tf.bfloat16
    seen = np.array(tf.cast(tf.cast(features, tf.bfloat16), tf.float32))
    np.testing.assert_allclose(layer.moving_mean, seen.mean((0, 1, 2)), rtol=1e-3)
    np.testing.assert_allclose(layer.moving_variance, seen.var((0, 1, 2)), rtol=1e-3)


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("learned", [True, False])
def test_renormalization_is_that_of_keras(learned, progress):
    rng = np.random.default_rng(3)
    features = (rng.normal([2, -6, 0.5], [3, 0.1, 1], (4, 5, 6, 3))).astype(np.float32)
    options = {"epsilon": 1e-3, "center": learned, "scale": learned}
    clipping = {
        "rmax": 1 + 2 * progress,
        "rmin": 1 / (1 + 2 * progress),
        "dmax": 5 * progress,
    }
    ours = BatchNormalization(**options)
    theirs = keras.layers.BatchNormalization(**options, renorm=True, renorm_clipping=clipping)
    for layer in (ours, theirs):
        layer.build(features.shape)
        if learned:
            layer.gamma.assign([2.0, 0.5, 1.0])
            layer.beta.assign([1.0, 0.0, -1.0])
    mean, variance = np.array([1.0, 0.0, 0.4], np.float32), np.array([4.0, 1.0, 1.1], np.float32)
    ours.moving_mean.assign(mean)
    ours.moving_variance.assign(variance)
    theirs.renorm_mean.assign(mean)
    theirs.renorm_stddev.assign(np.sqrt(variance + 1e-3))
    with batch_renormalization(tf.constant(progress)):
        mine = outcome(ours, features, training=True)
    expected = outcome(theirs, features, training=True)
    np.testing.assert_allclose(mine[0], expected[0], rtol=1e-4, atol=1e-4)
    gradients = range(-3 if learned else -1, 0)
    for number in gradients:
        np.testing.assert_allclose(mine[number], expected[number], rtol=1e-4, atol=1e-4)


def test_renormalized_outputs_are_those_by_the_averages_within_the_limits():
    features = np.random.default_rng(4).normal(1, 2, (4, 5, 6, 3)).astype(np.float32)
    layer = BatchNormalization(momentum=1.0)  # which keeps the averages of 0 and 1
    layer.build(features.shape)
    with batch_renormalization(tf.constant(1.0)):
        trained = layer(features, training=True)
    np.testing.assert_allclose(trained, layer(features, training=False), rtol=1e-4, atol=1e-4)
    assert abs(layer(features, training=True).numpy().mean()) < 1e-4  # only in the context
