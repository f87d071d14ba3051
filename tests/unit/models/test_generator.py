"""Tests of the generator's parts."""

import numpy as np
import tensorflow as tf

from keras_fashion.models.generator import upsample_nearest


def test_features_are_repeated_in_both_directions():
    features = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    expected = np.repeat(np.repeat(features, 2, axis=1), 2, axis=2)
    np.testing.assert_array_equal(upsample_nearest(tf.constant(features)), expected)
