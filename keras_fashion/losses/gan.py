"""Losses of the conditional GAN.

The least-squares losses are pure functions of the discriminator's outputs, in which 1 stands for
real and 0 for generated: equation 9 of the paper with a = 0, b = c = 1.
"""

import keras
import tensorflow as tf
from keras import ops


def least_squares_discriminator_loss(
    real_verdicts: keras.KerasTensor, fake_verdicts: keras.KerasTensor
) -> keras.KerasTensor:
    """½[E(D(x, c) − 1)² + E D(G(z, c), c)²].

    Args:
        real_verdicts: float, any shape: D of real pictures.
        fake_verdicts: float, any shape: D of generated pictures.

    Returns:
        A scalar, 0 when every real picture is judged 1 and every generated one 0.
    """
    real = ops.mean(ops.square(real_verdicts - 1.0))
    fake = ops.mean(ops.square(fake_verdicts))
    return 0.5 * (real + fake)


def least_squares_generator_loss(fake_verdicts: keras.KerasTensor) -> keras.KerasTensor:
    """½E(D(G(z, c), c) − 1)².

    Args:
        fake_verdicts: float, any shape: D of generated pictures.

    Returns:
        A scalar, 0 when every generated picture is judged 1.
    """
    return 0.5 * ops.mean(ops.square(fake_verdicts - 1.0))


def gradient_penalty(
    discriminator: keras.Model, pictures: tf.Tensor, category: tf.Tensor
) -> tf.Tensor:
    """Mean squared norm of the slope of D(x, c) in x, over real pictures.

    Equation 9 of Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML
    2018, without its weight γ / 2.

    Args:
        discriminator: Maps `[pictures, category]` to (B, 1) verdicts, each of its own picture.
        pictures: (B, H, W, 3) float32 in [-1, 1], real ones.
        category: (B,) int32.

    Returns:
        A scalar.
    """
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        verdicts = discriminator([pictures, category], training=True)
    slopes = tape.gradient(verdicts, pictures)
    return tf.reduce_mean(tf.reduce_sum(tf.square(slopes), axis=(1, 2, 3)))
