"""Dropout that is the same however many devices share a batch."""

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import own_rows, replicas


@keras.saving.register_keras_serializable(package="keras_fashion")
class BatchDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` whose mask is drawn for the whole batch.

    Keras's own draws the same mask on every replica: their parts of a batch lose the same units.

    Args:
        rate: Share of units that are dropped.
    """

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drops units of (B, ...) float."""
        if not training or not self.rate:
            return inputs
        batch = tf.ones([tf.shape(inputs)[0] * replicas(), *inputs.shape[1:]], inputs.dtype)
        return inputs * own_rows(keras.random.dropout(batch, self.rate, seed=self.seed_generator))
