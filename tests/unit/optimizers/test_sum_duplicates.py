import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.optimizers import sum_duplicates

ROWS = [3, 1, 3, 0, 3]


def values(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(ROWS), *shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_each_row_once(shape):
    parts = values(shape)
    expected = np.zeros((5, *shape), np.float32)
    np.add.at(expected, ROWS, parts)

    summed = sum_duplicates(tf.IndexedSlices(parts, ROWS, (5, *shape)))

    assert summed.indices.numpy().tolist() == [3, 1, 0]
    np.testing.assert_allclose(summed.values, expected[[3, 1, 0]], rtol=1e-6)
    np.testing.assert_allclose(tf.convert_to_tensor(summed), expected, rtol=1e-6)


def test_a_dense_gradient_stays():
    dense = tf.constant([1.0, 2.0])
    assert sum_duplicates(dense) is dense


@pytest.mark.parametrize(
    "optimizer", ["Adadelta", "Adagrad", "Adam", "Adamax", "AdamW", "Ftrl", "Nadam", "RMSprop"]
)
def test_adaptive_optimizers_of_keras_are_right_on_distinct_rows(optimizer):
    def trained(as_given) -> np.ndarray:
        table = keras.Variable(np.ones((5, 2), np.float32))
        maker = getattr(keras.optimizers, optimizer)(0.1)
        for seed in range(3):
            gradient = tf.IndexedSlices(values((2,), seed), np.roll(ROWS, seed), (5, 2))
            maker.apply([as_given(gradient)], [table])
        return table.numpy()

    dense = trained(tf.convert_to_tensor)
    moved = np.abs(dense - 1).max()
    np.testing.assert_allclose(trained(sum_duplicates), dense, atol=1e-5 * moved)
    # Otherwise nothing would need to be summed.
    assert np.abs(trained(lambda gradient: gradient) - dense).max() > 1e-2 * moved
