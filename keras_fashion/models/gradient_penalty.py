"""R1: a discriminator that must be flat at real pictures."""

import keras
import tensorflow as tf


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
