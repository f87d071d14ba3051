"""Gradient ascent from many starts at once, as one compiled loop."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""Adam's constants (Kingma & Ba, ICLR 2015)."""


class Ascent(NamedTuple):
    """What an ascent of R starts over S steps leaves.

    Attributes:
        places: (R, Z) float32, each start's best place.
        values: (R,) float32, the objective there.
        path: (S + 1, R, Z) float32, the places at each step, the start first; one that has
            stopped stays.
        evaluations: () int32, how many places the objective was asked of.
    """

    places: tf.Tensor
    values: tf.Tensor
    path: tf.Tensor
    evaluations: tf.Tensor


def latent_ascent(
    objective: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    start: tf.Tensor,
    steps: int | tf.Tensor,
    learning_rate: Callable[[tf.Tensor], tf.Tensor],
    patience: int,
    held: tf.Tensor | None = None,
) -> Ascent:
    """Maximises an objective with Adam. Call it inside a `tf.function`.

    Adam is written out: the loop is traced into exported graphs, where a `keras.Optimizer` would
    want variables for each number of starts.

    Args:
        objective: (A, Z) places and the (A,) int64 rows of `start` that they come from, to (A,)
            values; a value may depend on its own place and row alone.
        start: (R, Z) float32.
        steps: S.
        learning_rate: Step, () int32, to Adam's rate, as `keras.optimizers.schedules` have it.
        patience: A start that has not risen above its best for so many steps leaves the batch,
            and costs nothing more.
        held: (H, Z) float32, orthonormal directions along which no start may move; None for none.
    """
    place, best, best_value = start, start, tf.fill(tf.shape(start)[:1], start.dtype.min)
    mean, square = tf.zeros_like(start), tf.zeros_like(start)
    stale = tf.zeros(tf.shape(start)[:1], tf.int32)
    evaluations = tf.constant(0)
    path = tf.TensorArray(tf.float32, size=steps + 1, element_shape=start.shape)

    for step in tf.range(steps + 1):
        path = path.write(step, place)
        rows = tf.where(stale < patience)[:, 0]
        if tf.size(rows) > 0:
            climbing = tf.gather(place, rows)
            with tf.GradientTape() as tape:
                tape.watch(climbing)
                value = objective(climbing, rows)
            gradient = _free(tape.gradient(value, climbing), held)
            evaluations += tf.size(rows)

            risen = value > tf.gather(best_value, rows)
            best = _put(best, rows, tf.where(risen[:, None], climbing, tf.gather(best, rows)))
            best_value = _put(best_value, rows, tf.maximum(value, tf.gather(best_value, rows)))
            stale = _put(stale, rows, tf.where(risen, 0, tf.gather(stale, rows) + 1))

            row_mean = BETA_1 * tf.gather(mean, rows) + (1 - BETA_1) * gradient
            row_square = BETA_2 * tf.gather(square, rows) + (1 - BETA_2) * gradient**2
            mean, square = _put(mean, rows, row_mean), _put(square, rows, row_square)
            time = tf.cast(step + 1, tf.float32)
            unbiased_mean = row_mean / (1 - BETA_1**time)
            unbiased_square = row_square / (1 - BETA_2**time)
            change = unbiased_mean / (tf.sqrt(unbiased_square) + EPSILON)
            # Of the step too: Adam scales each coordinate by itself. And of the gradient: a step
            # that follows all of it may, once projected, lead downhill.
            change = _free(change, held)
            place = _put(place, rows, climbing + learning_rate(step) * change)

    return Ascent(best, best_value, path.stack(), evaluations)


def _put(table: tf.Tensor, rows: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.tensor_scatter_nd_update(table, rows[:, None], values)


def _free(moves: tf.Tensor, held: tf.Tensor | None) -> tf.Tensor:
    """(A, Z) moves less what they have along held directions."""
    return moves if held is None else moves - tf.matmul(moves @ tf.transpose(held), held)
