"""What a generator draws for nobody: a sample of its prior, judged once for every taste."""

from typing import NamedTuple

import tensorflow as tf

from keras_fashion.design.normal_codes import to_normal

DIRECTIONS = 16
"""Q: style moves along few directions; of atelier garments the first five hold most of it."""

PENALTY = 50.0
"""Of the ridge regression of style on codes, beside which their variance is 1 a code."""


class PriorSample(NamedTuple):
    """B codes from the prior in N categories.

    Attributes:
        codes: (B, Z) float32, the same in every category.
        styles: (N, B, K) float32, Phi(G(z, c)).
        realism: (N, B) float32, D(G(z, c), c).
        looks: (N, B, P) float32, the pictures at the size at which they are compared.
        directions: (N, Z, Q) float32, orthonormal, along which a code (`to_normal`) moves the
            style most.
    """

    codes: tf.Tensor
    styles: tf.Tensor
    realism: tf.Tensor
    looks: tf.Tensor
    directions: tf.Tensor


def style_directions(codes: tf.Tensor, styles: tf.Tensor) -> tf.Tensor:
    """The directions of codes along which the style moves most, by a linear regression.

    Args:
        codes: (B, Z) float32 in (-1, 1).
        styles: (B, K) float32.

    Returns:
        (Z, Q) float32, orthonormal; Q is DIRECTIONS, or fewer where Z or K is.
    """
    centred = styles - tf.reduce_mean(styles, axis=0)
    slopes = tf.linalg.lstsq(to_normal(codes), centred, l2_regularizer=PENALTY)
    _, left, _ = tf.linalg.svd(slopes)
    return left[:, :DIRECTIONS]
