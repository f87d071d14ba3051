"""Gradient ascent in the latent space of a generator."""

import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

EDGE = 0.9995
"""Latents nearer to -1 or 1 than this count as this: the inverse grows without bound."""


def to_normal(latents: tf.Tensor) -> tf.Tensor:
    """x with z = erf(x / √2): if z ~ U(-1, 1), x ~ N(0, 1); an ascent on x never leaves (-1, 1).

    In these coordinates no place is an edge, straight lines between latents stay likely, and a
    latent is as likely as its squared length says (`prior_excess`).

    Args:
        latents: (..., Z) float32 in [-1, 1].

    Returns:
        (..., Z) float32.
    """
    return math.sqrt(2.0) * tf.math.erfinv(tf.clip_by_value(latents, -EDGE, EDGE))


def from_normal(normal: tf.Tensor) -> tf.Tensor:
    """z = erf(x / √2): (..., Z) float32 to (..., Z) float32 in (-1, 1)."""
    return tf.math.erf(normal / math.sqrt(2.0))


def prior_excess(normal: tf.Tensor) -> tf.Tensor:
    """How far latents lie outside of the shell that holds the prior's mass.

    |x|² / Z of latents from the prior is 1 but for sqrt(2 / Z); what the generator draws further
    out it has never been trained to draw. Nearer to the center costs nothing.

    Args:
        normal: (..., Z) float32.

    Returns:
        (...) float32, max(0, |x|² / Z - 1)²: 0 within the shell.
    """
    return tf.square(tf.nn.relu(tf.reduce_mean(tf.square(normal), axis=-1) - 1.0))


BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""Adam's constants (Kingma & Ba, ICLR 2015)."""


class Ascent(NamedTuple):
    """What an ascent of R starts over S steps leaves.

    Attributes:
        coordinates: (R, Z) float32, each start's best place.
        values: (R,) float32, the objective there.
        path: (S + 1, R, Z) float32, the places at each step, the start first; one that has
            stopped stays.
        evaluations: () int32, how many places the objective was asked of.
    """

    coordinates: tf.Tensor
    values: tf.Tensor
    path: tf.Tensor
    evaluations: tf.Tensor


class _AscentState(NamedTuple):
    """The state of an ascent of R starts, between two steps.

    Attributes:
        step: () int32, the number of steps taken.
        coordinates: (R, Z) float32, where each start has come.
        best: (R, Z) float32, its best place so far.
        best_value: (R,) float32, the objective there.
        mean: (R, Z) float32, Adam's first moment.
        square: (R, Z) float32, Adam's second moment.
        stale: (R,) int32, the number of steps since it last rose.
        evaluations: () int32, as of `Ascent`.
        path: The places at each step so far.
    """

    step: tf.Tensor
    coordinates: tf.Tensor
    best: tf.Tensor
    best_value: tf.Tensor
    mean: tf.Tensor
    square: tf.Tensor
    stale: tf.Tensor
    evaluations: tf.Tensor
    path: tf.TensorArray


def latent_ascent(
    objective: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    start: tf.Tensor,
    steps: int | tf.Tensor,
    learning_rate: Callable[[tf.Tensor], tf.Tensor],
    patience: int,
    fixed_directions: tf.Tensor | None = None,
) -> Ascent:
    """Maximizes an objective with Adam. Call it inside a `tf.function`.

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
        fixed_directions: (H, Z) float32, orthonormal directions along which no start may move; None
            for none.
    """
    size = tf.shape(start)[0]
    steps = tf.convert_to_tensor(steps, tf.int32)
    climb = _AscentState(
        step=tf.constant(0),
        coordinates=start,
        best=start,
        best_value=tf.fill([size], start.dtype.min),
        mean=tf.zeros_like(start),
        square=tf.zeros_like(start),
        stale=tf.zeros([size], tf.int32),
        evaluations=tf.constant(0),
        path=tf.TensorArray(tf.float32, size=steps + 2, element_shape=start.shape),
    )

    def advance(climb: _AscentState) -> tuple[_AscentState]:
        rows = tf.where(climb.stale < patience)[:, 0]
        climbing = tf.gather(climb.coordinates, rows)
        with tf.GradientTape() as tape:
            tape.watch(climbing)
            value = objective(climbing, rows)
        gradient = _free(tape.gradient(value, climbing), fixed_directions)

        best, best_value = tf.gather(climb.best, rows), tf.gather(climb.best_value, rows)
        risen = value > best_value
        stale = tf.where(risen, 0, tf.gather(climb.stale, rows) + 1)

        mean = BETA_1 * tf.gather(climb.mean, rows) + (1 - BETA_1) * gradient
        square = BETA_2 * tf.gather(climb.square, rows) + (1 - BETA_2) * gradient**2
        time = tf.cast(climb.step + 1, tf.float32)
        unbiased_mean = mean / (1 - BETA_1**time)
        unbiased_square = square / (1 - BETA_2**time)
        # Of the step too: Adam scales each coordinate by itself. And of the gradient: a step
        # that follows all of it may, once projected, lead downhill.
        change = _free(unbiased_mean / (tf.sqrt(unbiased_square) + EPSILON), fixed_directions)
        arrived = climbing + learning_rate(climb.step) * change
        advanced = _AscentState(
            step=climb.step + 1,
            coordinates=_put(climb.coordinates, rows, arrived),
            best=_put(climb.best, rows, tf.where(risen[:, None], climbing, best)),
            best_value=_put(climb.best_value, rows, tf.maximum(value, best_value)),
            mean=_put(climb.mean, rows, mean),
            square=_put(climb.square, rows, square),
            stale=_put(climb.stale, rows, stale),
            evaluations=climb.evaluations + tf.size(rows),
            path=climb.path.write(climb.step, climb.coordinates),
        )
        return (advanced,)

    (climb,) = tf.while_loop(
        lambda climb: (climb.step <= steps) & tf.reduce_any(climb.stale < patience),
        advance,
        [climb],
    )
    # Where all have stopped before the last step, they stay where they have come.
    path = climb.path.write(climb.step, climb.coordinates)
    reached = tf.minimum(tf.range(steps + 1), climb.step)
    return Ascent(climb.best, climb.best_value, path.gather(reached), climb.evaluations)


def _put(table: tf.Tensor, rows: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.tensor_scatter_nd_update(table, rows[:, None], values)


def _free(moves: tf.Tensor, fixed_directions: tf.Tensor | None) -> tf.Tensor:
    """(A, Z) moves less what they have along held directions."""
    return (
        moves
        if fixed_directions is None
        else moves - tf.matmul(moves @ tf.transpose(fixed_directions), fixed_directions)
    )
