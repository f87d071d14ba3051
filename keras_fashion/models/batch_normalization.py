"""Batch normalization of feature maps by a fused kernel, and batch renormalization."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import num_replicas

MAX_SCALE, MAX_SHIFT = 3.0, 5.0
"""Limits r_max and d_max of batch renormalization (Ioffe, 2017, section 4)."""

_progress: ContextVar[tf.Tensor | None] = ContextVar("progress", default=None)


@contextmanager
def batch_renormalization(progress: tf.Tensor) -> Iterator[None]:
    """Makes `BatchNormalization` renormalize in training, in all calls within a `with` statement.

    A small batch normalizes the features of a picture by statistics of a few others, and so draws
    it otherwise than the moving averages do later. Batch renormalization corrects the normalized
    features to x r + d, which are those by the moving averages as long as r and d are within their
    limits; the gradient takes r and d for constants (Ioffe, "Batch Renormalization: Towards
    Reducing Minibatch Dependence in Batch-Normalized Models", NeurIPS 2017, algorithm 1).

    The `renorm` of Keras's layer has limits that do not grow, averages of its own beside those that
    draw, which models saved before do not have, and no fused kernel.

    Args:
        progress: () float32 from 0, where nothing is corrected, to 1, where r is from 1/3 to 3 and
            d from -5 to 5.

    Example:
        >>> layer = BatchNormalization()
        >>> features = 1.0 + keras.random.normal((64, 2, 2, 1))
        >>> with batch_renormalization(tf.constant(1.0)):  # by moving averages 0 and 1
        ...     mean = tf.reduce_mean(layer(features, training=True))
        >>> print(f"{mean:.0f}")
        1
    """
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)


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
        if not (training and self.trainable):
            return super().call(inputs, training=training)
        if num_replicas() > 1:
            axes = list(range(len(inputs.shape) - 1))
            moments = keras.ops.moments(tf.cast(inputs, tf.float32), axes, synchronized=True)
            correction = self._correction(*moments)
            return self._corrected(super().call(inputs, training=training), correction)
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
        variance *= (count - 1) / count
        correction = self._correction(mean, variance)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance)
        return self._corrected(outputs, correction)

    def _correction(
        self, mean: tf.Tensor, variance: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor] | None:
        """Returns r and d of the statistics of a batch, (C,) float32, before these are averaged."""
        progress = _progress.get()
        if progress is None:
            return None
        deviation = tf.sqrt(self.moving_variance.value + self.epsilon)
        max_scale, max_shift = 1.0 + progress * (MAX_SCALE - 1.0), progress * MAX_SHIFT
        scale = tf.sqrt(variance + self.epsilon) / deviation
        shift = (mean - self.moving_mean.value) / deviation
        return (
            tf.stop_gradient(tf.clip_by_value(scale, 1.0 / max_scale, max_scale)),
            tf.stop_gradient(tf.clip_by_value(shift, -max_shift, max_shift)),
        )

    def _corrected(
        self, outputs: tf.Tensor, correction: tuple[tf.Tensor, tf.Tensor] | None
    ) -> tf.Tensor:
        """Maps γ x + β to γ (x r + d) + β."""
        if correction is None:
            return outputs
        scale, shift = correction
        if self.scale:
            shift *= self.gamma.value
        if self.center:
            shift += self.beta.value * (1.0 - scale)
        return outputs * tf.cast(scale, outputs.dtype) + tf.cast(shift, outputs.dtype)

    def _update(self, average: keras.Variable, value: tf.Tensor) -> None:
        average.value.assign_sub((average.value - value) * (1 - self.momentum))
