"""Batch normalization of feature maps, trained in one operation where a device has the batch."""

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import replicas


@keras.saving.register_keras_serializable(package="keras_fashion")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization(synchronized=True)` by TensorFlow's fused kernel.

    Keras writes the normalization, and so its gradient, as some hundred operations. In a GAN that
    is a quarter of all that is traced and optimized before the first step. The kernel computes the
    same (Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1). Where several replicas
    share a batch, Keras's own computation gives the statistics of the whole batch; and outside of
    training, where the kernel's gradient is the slower one.

    Args:
        momentum: Share of the moving averages that a step keeps.
        epsilon: Added to the variance.
        center: Whether a learned bias is added.
        scale: Whether a learned gain is multiplied.
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
        **kwargs,
    ) -> None:
        kwargs["synchronized"] = True
        super().__init__(momentum=momentum, epsilon=epsilon, center=center, scale=scale, **kwargs)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalizes feature maps.

        Args:
            inputs: (B, h, w, C) float.
            training: Whether to normalize by the statistics of the batch, and move the averages
                towards them, or by the moving averages.

        Returns:
            (B, h, w, C), of the dtype of `inputs`.
        """
        if not (training and self.trainable) or replicas() > 1:
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
        # The kernel gives the unbiased variance of the batch, Keras averages the biased one.
        count = tf.cast(tf.size(inputs) / channels, tf.float32)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _move(self, average: keras.Variable, value: tf.Tensor) -> None:
        average.value.assign_sub((average.value - value) * (1 - self.momentum))
