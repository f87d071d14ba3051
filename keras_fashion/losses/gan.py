"""Least-squares losses of the conditional GAN, and the gradient penalty of its discriminator.

The losses come as a pair of pure functions of the discriminator's outputs, as in TF-GAN, and as a
pair of `keras.losses.Loss`, which are the pattern for the losses that `ConditionalGAN.compile`
takes. By default `ConditionalGAN` trains with the functions.

D(x, c) is trained toward 1 for a real picture x of category c and toward 0 for a generated one.
This is equation 9 of Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, with
a = 0 and b = c = 1.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import ops


def least_squares_discriminator_loss(
    real_outputs: keras.KerasTensor, fake_outputs: keras.KerasTensor
) -> keras.KerasTensor:
    """Computes ½[E(D(x, c) − 1)² + E D(G(z, c), c)²].

    Args:
        real_outputs: Outputs of the discriminator for real pictures, float of any shape.
        fake_outputs: Outputs of the discriminator for generated pictures, float of any shape.

    Returns:
        A scalar, 0 if D is 1 for every real picture and 0 for every generated one.

    Example:
        >>> float(least_squares_discriminator_loss(tf.constant([1.0, 0.5]), tf.constant([0.0])))
        0.0625
    """
    real = ops.mean(ops.square(real_outputs - 1.0))
    fake = ops.mean(ops.square(fake_outputs))
    return 0.5 * (real + fake)


def least_squares_generator_loss(fake_outputs: keras.KerasTensor) -> keras.KerasTensor:
    """Computes ½E(D(G(z, c), c) − 1)².

    Args:
        fake_outputs: Outputs of the discriminator for generated pictures, float of any shape.

    Returns:
        A scalar, 0 if D is 1 for every generated picture.

    Example:
        >>> float(least_squares_generator_loss(tf.constant([0.0, 1.0])))
        0.25
    """
    return 0.5 * ops.mean(ops.square(fake_outputs - 1.0))


@keras.saving.register_keras_serializable(package="keras_fashion")
class LeastSquaresDiscriminatorLoss(keras.losses.Loss):
    """Least-squares loss of a discriminator, from its outputs for real and for generated pictures.

    It is `least_squares_discriminator_loss` as a Keras loss, called with the outputs for real
    pictures in place of the labels. Row k of the two batches is one example.

    Args:
        **kwargs: Arguments of `keras.losses.Loss`: `name`, `reduction`, `dtype`.

    Call arguments:
        y_true: D(x, c), outputs for real pictures, (B, 1) float.
        y_pred: D(G(z, c), c), outputs for generated pictures, (B, 1) float.

    Example:
        >>> loss = LeastSquaresDiscriminatorLoss()
        >>> real, fake = tf.constant([[1.0], [0.5]]), tf.constant([[0.0], [0.5]])
        >>> float(loss(real, fake))
        0.125
    """

    def __init__(self, name: str = "least_squares_discriminator_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Computes the loss of each example: (B,) float."""
        return 0.5 * ops.mean(ops.square(y_true - 1.0) + ops.square(y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="keras_fashion")
class LeastSquaresGeneratorLoss(keras.losses.Loss):
    """Least-squares loss of a generator, from the discriminator's outputs for its pictures.

    It is `least_squares_generator_loss` as a Keras loss. The labels are ignored: all outputs are
    trained toward 1.

    Args:
        **kwargs: Arguments of `keras.losses.Loss`: `name`, `reduction`, `dtype`.

    Call arguments:
        y_true: Ignored; `ConditionalGAN` passes ones, (B, 1) float32.
        y_pred: D(G(z, c), c), outputs for generated pictures, (B, 1) float.

    Example:
        >>> loss = LeastSquaresGeneratorLoss()
        >>> fake = tf.constant([[0.0], [1.0]])
        >>> float(loss(tf.ones_like(fake), fake))
        0.25
    """

    def __init__(self, name: str = "least_squares_generator_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Computes the loss of each example: (B,) float."""
        return 0.5 * ops.mean(ops.square(y_pred - 1.0), axis=-1)


def gradient_penalty(
    discriminator: keras.Model, pictures: tf.Tensor, category: tf.Tensor
) -> tf.Tensor:
    """Computes the mean squared norm of the gradient of D(x, c) in x, over real pictures.

    This is R1, equation 9 of Mescheder et al., "Which Training Methods for GANs do actually
    Converge?", ICML 2018, without its weight γ / 2.

    Args:
        discriminator: Model of `[pictures, category]` with outputs (B, 1). The output for a picture
            must not depend on the other pictures.
        pictures: Real pictures, (B, H, W, 3) float32 in [-1, 1].
        category: Categories of the pictures, (B,) int32.

    Returns:
        A scalar.

    Example:
        >>> def discriminator(inputs, training):
        ...     return tf.reduce_sum(3.0 * inputs[0], axis=(1, 2, 3))[:, None]
        >>> float(gradient_penalty(discriminator, tf.zeros((2, 1, 1, 3)), tf.zeros(2, tf.int32)))
        27.0
    """
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        outputs = discriminator([pictures, category], training=True)
    gradients = tape.gradient(outputs, pictures)
    return tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=(1, 2, 3)))
