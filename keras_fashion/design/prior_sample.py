"""What a generator draws for nobody: a sample of its prior, judged once for every taste."""

from typing import NamedTuple

import tensorflow as tf


class PriorSample(NamedTuple):
    """B codes from the prior in N categories.

    Attributes:
        codes: (B, Z) float32, the same in every category.
        styles: (N, B, K) float32, Phi(G(z, c)).
        realism: (N, B) float32, D(G(z, c), c).
        looks: (N, B, P) float32, the pictures at the size at which they are compared.
        mean_picture: (N, H, W, 3) float32 in [-1, 1].
        mean_square: (N,) float32, of all pixels.
    """

    codes: tf.Tensor
    styles: tf.Tensor
    realism: tf.Tensor
    looks: tf.Tensor
    mean_picture: tf.Tensor
    mean_square: tf.Tensor
