import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models.depthwise import DepthwiseConv2D
from keras_fashion.models.keras_applications import in_bfloat16


def both(dtype="float32", **options):
    """The layer and that of Keras, with the same weights."""
    keras.utils.set_random_seed(0)
    layers = [
        kind(bias_initializer="normal", activation="relu6", dtype=dtype, **options)
        for kind in (DepthwiseConv2D, keras.layers.DepthwiseConv2D)
    ]
    for layer in layers:
        layer.build((None, 9, 8, 4))
    layers[1].set_weights(layers[0].get_weights())
    return layers


def result_and_gradients(layer, maps):
    with tf.GradientTape() as tape:
        tape.watch(maps)
        found = layer(maps)
        loss = tf.reduce_sum(tf.sin(tf.cast(found, tf.float32)))
    return [found, *tape.gradient(loss, [maps, *layer.trainable_variables])]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("kernel_size", [3, 5])
@pytest.mark.parametrize("graph", [False, True])
def test_results_and_gradients_are_tensorflows(kernel_size, strides, padding, graph):
    own, keras_layer = both(kernel_size=kernel_size, strides=strides, padding=padding)
    maps = tf.random.stateless_normal((2, 9, 8, 4), (0, 0))
    compute = tf.function(result_and_gradients) if graph else result_and_gradients
    for found, expected in zip(
        compute(own, maps), result_and_gradients(keras_layer, maps), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        assert np.abs(expected).max() > 0.1


def test_in_bfloat16_the_gradient_is_that_of_float32_but_for_rounding():
    maps = tf.random.stateless_normal((2, 9, 8, 4), (0, 0))
    exact = both(kernel_size=3, padding="same")[1]
    rounded = both("mixed_bfloat16", kernel_size=3, padding="same")[0]
    found = result_and_gradients(rounded, tf.cast(maps, tf.bfloat16))
    assert found[0].dtype == found[1].dtype == tf.bfloat16 and found[2].dtype == tf.float32
    for each, expected in zip(found, result_and_gradients(exact, maps), strict=True):
        error = np.linalg.norm(tf.cast(each, tf.float32) - expected)
        assert error < 0.02 * np.linalg.norm(expected)


def test_a_network_with_it_is_copied_and_saved(tmp_path):
    maps = keras.Input((9, 8, 4))
    network = keras.Model(maps, DepthwiseConv2D(3, use_bias=False)(maps))
    network.save(tmp_path / "network.keras")
    for copy in (in_bfloat16(network), keras.models.load_model(tmp_path / "network.keras")):
        assert isinstance(copy.layers[1], DepthwiseConv2D)
        np.testing.assert_array_equal(copy.get_weights()[0], network.get_weights()[0])
