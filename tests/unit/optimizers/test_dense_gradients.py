import numpy as np
import tensorflow as tf

from keras_fashion.optimizers import dense_gradients


def test_parts_of_a_row_are_summed_and_the_rest_stays():
    by_rows = tf.IndexedSlices(
        tf.constant([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]]), [2, 0, 2], [4, 2]
    )
    dense = tf.constant([1.0, 2.0])
    summed, same, missing = dense_gradients([by_rows, dense, None])
    np.testing.assert_array_equal(summed, [[4, 8], [0, 0], [17, 34], [0, 0]])
    assert same is dense and missing is None
