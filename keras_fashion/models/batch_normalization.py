"""Batch normalization of feature maps by a fused kernel."""

from typing import Any

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import num_replicas


@keras.saving.register_keras_serializable(package="keras_fashion")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization(synchronized=True)` by TensorFlow's fused kernel.

    Keras computes the normalization, and so its gradient, by about a hundred operations. In a GAN
    these are a quarter of all that is traced and optimized before the first step. The kernel
    computes the same (Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1). Keras's
    own computation is used where several replicas share a batch, because it normalizes by the
    statistics of the whole batch, and outside of training, where the gradient of the kernel is
    slower.

    Args:
        momentum: Share of the moving averages that a step keeps.
        epsilon: Small number added to the variance.
        center: Whether to add a learned bias.
        scale: Whether to multiply by a learned gain.
        **kwargs: Other arguments of `keras.layers.BatchNormalization`.

    Example:
        >>> layer = BatchNormalization(momentum=0.9)
        >>> features = keras.random.normal((4, 8, 8, 16))
        >>> layer(features, training=True).shape
        TensorShape([4, 8, 8, 16])
    """

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs["synchronized"] = True
        super().__init__(momentum=momentum, epsilon=epsilon, center=center, scale=scale, **kwargs)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalizes feature maps.

        Args:
            inputs: (B, h, w, C) float.
            training: Whether to normalize by the statistics of the batch and to update the moving
                averages, or to normalize by the moving averages.

        Returns:
            (B, h, w, C), of the dtype of `inputs`.
        """
        if not (training and self.trainable) or num_replicas() > 1:
            return super().call(inputs, training=training)
        channels = inputs.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value if self.scale else tf.ones(channels),
            offset=self.beta.value if self.center else tf.zeros(channels),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel returns the unbiased variance of the batch, while Keras averages the biased
        # one.
        count = tf.cast(tf.size(inputs) / channels, tf.float32)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _update(self, average: keras.Variable, value: tf.Tensor) -> None:
        average.value.assign_sub((average.value - value) * (1 - self.momentum))
