"""Gradient ascent over latent codes, for many restarts at once, as one compiled loop."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""Adam's constants (Kingma & Ba, ICLR 2015)."""

EDGE = 0.999
"""Codes nearer to -1 or 1 than this start from here: arctanh grows without bound."""


class Ascent(NamedTuple):
    """What an ascent of R codes over S steps leaves.

    Attributes:
        codes: (R, Z) float32, each restart's best.
        values: (R,) float32, the objective there.
        path: (S + 1, R, Z) float32, the codes at each step, the start first.
        path_values: (S + 1, R) float32.
    """

    codes: tf.Tensor
    values: tf.Tensor
    path: tf.Tensor
    path_values: tf.Tensor


def latent_ascent(
    objective: Callable[[tf.Tensor], tf.Tensor],
    codes: tf.Tensor,
    steps: int,
    learning_rate: float,
) -> Ascent:
    """Maximises an objective over codes in (-1, 1) with Adam.

    The bound is kept by z = tanh(zeta), with the steps taken on zeta, so that a design stays
    within the prior U(-1, 1) of the generator. Adam is written out: the loop is traced into
    exported graphs, where a `keras.Optimizer` would want variables for each size of `codes`.
    Call it inside a `tf.function`.

    Args:
        objective: (R, Z) codes to (R,) values; row r may depend on code r alone.
        codes: (R, Z) float32 in [-1, 1], where to start.
        steps: S.
        learning_rate: Adam's, on zeta.
    """
    zeta = tf.atanh(tf.clip_by_value(codes, -EDGE, EDGE))
    mean, square = tf.zeros_like(zeta), tf.zeros_like(zeta)
    path = tf.TensorArray(tf.float32, size=steps + 1, element_shape=zeta.shape)
    path_values = tf.TensorArray(tf.float32, size=steps + 1, element_shape=zeta.shape[:1])

    for step in tf.range(steps + 1):
        with tf.GradientTape() as tape:
            tape.watch(zeta)
            code = tf.tanh(zeta)
            value = objective(code)
        path = path.write(step, code)
        path_values = path_values.write(step, value)

        gradient = tape.gradient(value, zeta)
        mean = BETA_1 * mean + (1 - BETA_1) * gradient
        square = BETA_2 * square + (1 - BETA_2) * gradient**2
        time = tf.cast(step + 1, tf.float32)
        unbiased_mean = mean / (1 - BETA_1**time)
        unbiased_square = square / (1 - BETA_2**time)
        zeta += learning_rate * unbiased_mean / (tf.sqrt(unbiased_square) + EPSILON)

    path, path_values = path.stack(), path_values.stack()
    best = tf.argmax(path_values, axis=0)
    return Ascent(
        codes=tf.gather(tf.transpose(path, [1, 0, 2]), best, batch_dims=1),
        values=tf.reduce_max(path_values, axis=0),
        path=path,
        path_values=path_values,
    )
