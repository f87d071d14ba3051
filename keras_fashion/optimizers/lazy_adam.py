"""Adam that updates only the rows of an embedding that occur in a batch."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def sum_duplicates(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor | tf.IndexedSlices:
    """Sums the parts of a gradient that belong to the same row.

    The gradient of `tf.gather` has a part for each occurrence of a row in the batch. A function of
    the gradient that is not linear (its square, its norm) is wrong until the parts are summed. The
    adaptive optimizers and `clipnorm` of Keras 3 are such functions: apply them to the result of
    this one. This does not help across replicas, whose rows Keras concatenates later without
    summing them; `LazyAdam` does sum them.

    Args:
        gradient: Gradient of one variable, as `tf.GradientTape.gradient` returns it.

    Returns:
        A dense gradient as it is, or `tf.IndexedSlices` with distinct `indices` (R,) in the order
        of their first occurrence, `values` (R, ...) and the shape of the variable.

    Example:
        >>> gradient = tf.IndexedSlices(tf.constant([[1.0], [2.0], [4.0]]), tf.constant([7, 3, 7]))
        >>> summed = sum_duplicates(gradient)
        >>> summed.indices.numpy().tolist(), summed.values.numpy().tolist()
        ([7, 3], [[5.0], [2.0]])
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    # These rows are the result of this function and are distinct. They are not made unique a second
    # time, because XLA in TensorFlow 2.21 computes the unique rows of unique rows wrongly.
    if tf.is_symbolic_tensor(gradient.indices) and gradient.indices.op.type == "Unique":
        return gradient
    rows, position = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def dense_gradients(
    gradients: Sequence[tf.Tensor | tf.IndexedSlices | None],
) -> list[tf.Tensor | None]:
    """Makes gradients dense, with the parts that belong to the same row summed.

    The gradient of an embedding has a part for each time that a row occurs in a batch, and the
    adaptive optimizers of Keras 3 are wrong where the parts of a row are not summed first (see
    `sum_duplicates`). A dense gradient is right for all optimizers and across replicas, and it is
    the better choice for a small table. For a table of many rows use `LazyAdam`, which takes the
    gradients as they are.

    Args:
        gradients: Gradients as `tf.GradientTape.gradient` returns them; None for a variable that
            has none.

    Returns:
        The gradients in the same order, each of the shape of its variable or None.

    Example:
        >>> gradient = tf.IndexedSlices(tf.constant([1.0, 2.0, 4.0]), tf.constant([2, 1, 2]), [4])
        >>> [dense] = dense_gradients([gradient])
        >>> dense.numpy().tolist()
        [0.0, 2.0, 5.0, 0.0]
    """
    return [None if each is None else tf.convert_to_tensor(each) for each in gradients]


UNSUPPORTED = {
    "amsgrad": "leave it out",
    "weight_decay": "add the norm of the batch's rows to the loss",
    "use_ema": "leave it out",
    "gradient_accumulation_steps": "use larger batches",
    "loss_scale_factor": "leave it out",
}
"""Arguments of `keras.optimizers.Adam` that `LazyAdam` refuses, and what to do instead."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba, ICLR 2015) whose step costs the same for a small and a large table.

    It exists beside Keras's Adam because that updates every row of a table and of its two moments
    at each step, and does not sum the rows that occur several times in a batch.

    A gradient by rows (`tf.IndexedSlices`, the gradient of `tf.gather(table.value, rows)`) updates
    those rows of the variable and of both moments and no others. Rows that occur several times in a
    batch, or come from several replicas, are summed first. A dense gradient is applied as
    `keras.optimizers.Adam` does. With t the number of all steps, whether or not the row took part,
    as in tensorflow-addons:

        m <- beta_1 m + (1 - beta_1) g,  v <- beta_2 v + (1 - beta_2) g²
        row <- row - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    It differs from Adam for a row that does not take part in a step: Adam's moments decay and go on
    moving that row, while here it stays. `clipnorm`, `clipvalue` and `global_clipnorm` apply to the
    summed rows, on each replica separately, as in Keras.

    `keras.layers.Embedding` copies its table at every call, whatever the optimizer: read rows with
    `tf.gather`.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: Decay of the first moment.
        beta_2: Decay of the second moment.
        epsilon: Small number added to the denominator (the paper's epsilon hat, before section
            2.1).
        **kwargs: Clipping and `name`, as in `keras.optimizers.Adam`.

    Raises:
        ValueError: For arguments that Keras applies to whole variables at every step (`amsgrad`,
            `weight_decay`, `use_ema`, `gradient_accumulation_steps`) or that it cannot apply to
            a gradient by rows (`loss_scale_factor`).

    Example:
        >>> table = keras.Variable([[1.0], [1.0], [1.0]])
        >>> optimizer = LazyAdam(0.1)
        >>> with tf.GradientTape() as tape:
        ...     loss = tf.reduce_sum(tf.gather(table.value, [0, 2, 2]))
        >>> optimizer.apply(tape.gradient(loss, [table.value]), [table])
        >>> table.numpy().ravel().round(3)
        array([0.9, 1. , 0.9], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        for argument, instead in UNSUPPORTED.items():
            # A saved configuration contains all of them, switched off, so they are removed.
            if value := kwargs.pop(argument, None):
                raise ValueError(
                    f"LazyAdam cannot apply {argument}={value} to single rows; {instead}."
                )
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)

    def update_step(
        self,
        gradient: tf.Tensor | tf.IndexedSlices,
        variable: tf.Variable,
        learning_rate: tf.Tensor | keras.Variable,
    ) -> None:
        """Takes one step for one variable.

        Keras calls it, on each replica with the gradients of all replicas.

        Args:
            gradient: Gradient of the loss, of the variable's shape, dense or by rows.
            variable: Variable to update.
            learning_rate: Scalar.
        """
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, dtype = gradient.indices, variable.dtype
        # Every part of a row is replaced by the row's sum, so a row that repeats is written twice
        # with the same value. No shape depends on the data, which XLA would compute wrongly if the
        # rows had been made distinct before.
        _, position = tf.unique(rows)
        sums = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
        grad = tf.cast(tf.gather(sums, position), dtype)

        step = tf.cast(self.iterations.value + 1, dtype)
        bias_1 = 1 - tf.cast(self.beta_1, dtype) ** step
        bias_2 = 1 - tf.cast(self.beta_2, dtype) ** step
        rate = tf.cast(learning_rate, dtype) * tf.sqrt(bias_2) / bias_1

        index = self._get_variable_index(variable)
        momentum, velocity = self._momentums[index].value, self._velocities[index].value
        m = tf.gather(momentum, rows)
        m += (grad - m) * (1 - self.beta_1)
        v = tf.gather(velocity, rows)
        v += (tf.square(grad) - v) * (1 - self.beta_2)
        updated = tf.gather(variable, rows) - rate * m / (tf.sqrt(v) + self.epsilon)
        for table, values in ((momentum, m), (velocity, v), (variable, updated)):
            table.scatter_update(tf.IndexedSlices(values, rows))

    def _clip_gradients(
        self, grads: list[tf.Tensor | tf.IndexedSlices]
    ) -> list[tf.Tensor | tf.IndexedSlices]:
        if self.clipnorm or self.clipvalue or self.global_clipnorm:
            grads = [sum_duplicates(gradient) for gradient in grads]
        if self.global_clipnorm:
            # Keras's own clipping makes every gradient dense.
            return tf.clip_by_global_norm(grads, self.global_clipnorm)[0]
        return super()._clip_gradients(grads)
