"""Gradient ascent in the latent space of a generator, and the coordinates in which it runs."""

import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

EDGE = 0.9995
"""Largest absolute value of a latent that `to_normal` maps; erfinv grows without bound at 1."""

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""Adam's constants (Kingma & Ba, ICLR 2015)."""


def to_normal(latents: tf.Tensor) -> tf.Tensor:
    """Maps latents to the coordinates x = √2 erfinv(z), in which the prior is normal.

    If z ~ U(-1, 1), then x ~ N(0, 1). An ascent on x never leaves (-1, 1). In these coordinates
    the prior has no edge, straight lines between latents stay likely, and the likelihood of a
    latent depends on its squared length only (`prior_excess`).

    Args:
        latents: (..., Z) float32 in [-1, 1].

    Returns:
        (..., Z) float32.

    Example:
        >>> x = to_normal(tf.constant([0.0, 0.682689]))
        >>> print([f"{each:.3f}" for each in x.numpy()])
        ['0.000', '1.000']
    """
    return math.sqrt(2.0) * tf.math.erfinv(tf.clip_by_value(latents, -EDGE, EDGE))


def from_normal(normal: tf.Tensor) -> tf.Tensor:
    """Maps coordinates to latents, z = erf(x / √2): the inverse of `to_normal`.

    Args:
        normal: (..., Z) float32.

    Returns:
        (..., Z) float32 in (-1, 1).

    Example:
        >>> print(f"{from_normal(tf.constant(1.0)):.3f}")
        0.683
    """
    return tf.math.erf(normal / math.sqrt(2.0))


def prior_excess(normal: tf.Tensor) -> tf.Tensor:
    """Measures how far latents lie outside of the shell that holds the mass of the prior.

    |x|² / Z of latents from the prior is 1 up to a deviation of sqrt(2 / Z), and the generator is
    not trained on latents that lie further out. Latents nearer to the center are not penalized.

    Args:
        normal: (..., Z) float32, latents in the coordinates of `to_normal`.

    Returns:
        (...) float32, max(0, |x|² / Z - 1)², which is 0 within the shell.

    Example:
        >>> prior_excess(tf.constant([[1.0, 1.0], [2.0, 2.0]])).numpy().tolist()
        [0.0, 9.0]
    """
    return tf.square(tf.nn.relu(tf.reduce_mean(tf.square(normal), axis=-1) - 1.0))


class Ascent(NamedTuple):
    """The result of an ascent from R starts over S steps.

    Attributes:
        coordinates: (R, Z) float32, the best coordinates on the path of each start.
        values: (R,) float32, the objective there.
        path: (S + 1, R, Z) float32, the coordinates before each step and after the last one. A
            start that has stopped keeps its last coordinates.
        evaluations: () int32, number of coordinates at which the objective was evaluated.
    """

    coordinates: tf.Tensor
    values: tf.Tensor
    path: tf.Tensor
    evaluations: tf.Tensor


class _AscentState(NamedTuple):
    """The state of an ascent from R starts between two steps.

    Attributes:
        step: () int32, number of steps taken.
        coordinates: (R, Z) float32, current coordinates.
        best: (R, Z) float32, best coordinates so far.
        best_values: (R,) float32, the objective there.
        mean: (R, Z) float32, Adam's first moment.
        square: (R, Z) float32, Adam's second moment.
        stale: (R,) int32, number of steps since the last increase.
        evaluations: () int32, number of evaluations so far.
        path: The coordinates at each step so far.
    """

    step: tf.Tensor
    coordinates: tf.Tensor
    best: tf.Tensor
    best_values: tf.Tensor
    mean: tf.Tensor
    square: tf.Tensor
    stale: tf.Tensor
    evaluations: tf.Tensor
    path: tf.TensorArray


def latent_ascent(
    objective: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    start: tf.Tensor,
    steps: int | tf.Tensor,
    learning_rate: Callable[[tf.Tensor], tf.Tensor | float],
    patience: int,
    fixed_directions: tf.Tensor | None = None,
) -> Ascent:
    """Maximizes an objective from many starts at once with Adam, inside a `tf.function`.

    Adam is written out here: the loop is traced into exported graphs, where a `keras.Optimizer`
    would need variables for each number of starts, and starts that have stopped leave the batch.

    Args:
        objective: Maps (A, Z) float32 coordinates, and the (A,) int64 rows of `start` that they
            come from, to (A,) float32 values. A value may depend on its own coordinates and row
            only.
        start: (R, Z) float32.
        steps: S, number of steps.
        learning_rate: Maps the number of the step, () int32, to Adam's learning rate, as
            `keras.optimizers.schedules` do.
        patience: Number of steps without an increase above its best value after which a start
            leaves the batch.
        fixed_directions: (H, Z) float32, orthonormal directions along which no start moves; None
            for no such direction.

    Example:
        >>> @tf.function
        ... def ascend(start):
        ...     def objective(x, rows):
        ...         return -tf.reduce_sum((x - 0.5) ** 2, axis=1)
        ...     return latent_ascent(objective, start, 100, lambda step: 0.05, patience=100)
        >>> result = ascend(tf.zeros((1, 2)))
        >>> print([f"{each:.1f}" for each in result.coordinates[0]])
        ['0.5', '0.5']
        >>> result.path.shape
        TensorShape([101, 1, 2])
    """
    size = tf.shape(start)[0]
    steps = tf.convert_to_tensor(steps, tf.int32)
    state = _AscentState(
        step=tf.constant(0),
        coordinates=start,
        best=start,
        best_values=tf.fill([size], start.dtype.min),
        mean=tf.zeros_like(start),
        square=tf.zeros_like(start),
        stale=tf.zeros([size], tf.int32),
        evaluations=tf.constant(0),
        path=tf.TensorArray(tf.float32, size=steps + 2, element_shape=start.shape),
    )

    def advance(state: _AscentState) -> tuple[_AscentState]:
        rows = tf.where(state.stale < patience)[:, 0]
        current = tf.gather(state.coordinates, rows)
        with tf.GradientTape() as tape:
            tape.watch(current)
            values = objective(current, rows)
        gradient = _without(tape.gradient(values, current), fixed_directions)

        best, best_values = tf.gather(state.best, rows), tf.gather(state.best_values, rows)
        improved = values > best_values
        stale = tf.where(improved, 0, tf.gather(state.stale, rows) + 1)

        mean = BETA_1 * tf.gather(state.mean, rows) + (1 - BETA_1) * gradient
        square = BETA_2 * tf.gather(state.square, rows) + (1 - BETA_2) * gradient**2
        time = tf.cast(state.step + 1, tf.float32)
        unbiased_mean = mean / (1 - BETA_1**time)
        unbiased_square = square / (1 - BETA_2**time)
        # The step is projected too, because Adam scales each coordinate by itself. Projecting the
        # step alone is not enough: one that follows the whole gradient may lead downhill then.
        change = _without(unbiased_mean / (tf.sqrt(unbiased_square) + EPSILON), fixed_directions)
        advanced = current + learning_rate(state.step) * change
        return (
            _AscentState(
                step=state.step + 1,
                coordinates=_with_rows(state.coordinates, rows, advanced),
                best=_with_rows(state.best, rows, tf.where(improved[:, None], current, best)),
                best_values=_with_rows(state.best_values, rows, tf.maximum(values, best_values)),
                mean=_with_rows(state.mean, rows, mean),
                square=_with_rows(state.square, rows, square),
                stale=_with_rows(state.stale, rows, stale),
                evaluations=state.evaluations + tf.size(rows),
                path=state.path.write(state.step, state.coordinates),
            ),
        )

    (state,) = tf.while_loop(
        lambda state: (state.step <= steps) & tf.reduce_any(state.stale < patience),
        advance,
        [state],
    )
    # If all starts stop before the last step, the rest of the path repeats their coordinates.
    path = state.path.write(state.step, state.coordinates)
    written = tf.minimum(tf.range(steps + 1), state.step)
    return Ascent(state.best, state.best_values, path.gather(written), state.evaluations)


def _with_rows(table: tf.Tensor, rows: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.tensor_scatter_nd_update(table, rows[:, None], values)


def _without(moves: tf.Tensor, fixed_directions: tf.Tensor | None) -> tf.Tensor:
    """Removes from (A, Z) moves their components along the fixed directions."""
    if fixed_directions is None:
        return moves
    return moves - tf.matmul(moves @ tf.transpose(fixed_directions), fixed_directions)
