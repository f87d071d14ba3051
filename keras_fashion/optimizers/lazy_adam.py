"""Adam that updates only the rows of an embedding that occur in a batch."""

import keras
import tensorflow as tf


def sum_duplicates(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor | tf.IndexedSlices:
    """Sums the parts of a gradient that stand on the same row; a dense gradient stays as it is.

    `tf.gather` names a row as often as the batch does, and whatever is not linear in the
    gradient (its square, its norm) is wrong until the parts are added up. Keras 3's adaptive
    optimizers and `clipnorm` are: give them the outcome of this function. That does not help
    them across replicas, whose rows Keras joins later without adding them up; `LazyAdam` adds.

    Args:
        gradient: What `tf.GradientTape.gradient` gives for one variable.

    Returns:
        A dense tensor, or `tf.IndexedSlices` with distinct `indices` (R,) in the order of their
        first appearance, `values` (R, ...) and the shape of the variable.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    # These come from here and are distinct. XLA in TensorFlow 2.21 must not see them again: the
    # unique rows of unique rows are wrong there.
    if tf.is_symbolic_tensor(gradient.indices) and gradient.indices.op.type == "Unique":
        return gradient
    rows, position = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


INSTEAD = {
    "amsgrad": "leave it out",
    "weight_decay": "add the norm of the batch's rows to the loss",
    "use_ema": "leave it out",
    "gradient_accumulation_steps": "take larger batches",
    "loss_scale_factor": "leave it out",
}
"""Options of Keras that LazyAdam refuses, and what to do instead."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba, ICLR 2015) whose step costs the same for a small and a large table.

    A gradient by rows (`tf.IndexedSlices`, what `tf.gather(table.value, rows)` gives) updates
    those rows of the variable and of both moments and touches no other; rows that repeat in a
    batch, or come from several replicas, are summed first. A dense gradient is updated as
    `keras.optimizers.Adam` does. With t the count of all steps, taken by the row or not, as in
    tensorflow-addons:

        m <- beta_1 m + (1 - beta_1) g,  v <- beta_2 v + (1 - beta_2) g²
        row <- row - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    It is not Adam for a row that sits out: Adam's moments go on decaying and moving that row,
    here it rests. `clipnorm`, `clipvalue` and `global_clipnorm` act on the summed rows, each
    replica by itself, as in Keras.

    A `keras.layers.Embedding` copies its table at every call, which no optimizer can mend: read
    rows with `tf.gather`.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: Decay of the first moment.
        beta_2: Decay of the second moment.
        epsilon: Keeps the quotient finite (the paper's epsilon hat, before section 2.1).
        **kwargs: Clipping and `name`, as in `keras.optimizers.Adam`.

    Raises:
        ValueError: For options that Keras applies to whole variables at every step (`amsgrad`,
            `weight_decay`, `use_ema`, `gradient_accumulation_steps`) or that it cannot apply to
            a gradient by rows (`loss_scale_factor`).

    Example:
        model.compile(optimizer=LazyAdam(1e-3))
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs,
    ) -> None:
        for option, instead in INSTEAD.items():
            # Popped: a saved configuration names them all, switched off.
            if value := kwargs.pop(option, None):
                raise ValueError(f"LazyAdam cannot do {option}={value} row by row: {instead}.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)

    def update_step(
        self,
        gradient: tf.Tensor | tf.IndexedSlices,
        variable: tf.Variable,
        learning_rate: tf.Tensor | keras.Variable,
    ) -> None:
        """One step for one variable; Keras calls it, on each replica with the joint gradient."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, dtype = gradient.indices, variable.dtype
        # Every part of a row becomes the row's sum: what repeats is written twice, the same each
        # time. Nothing has a shape that depends on the data, which XLA would get wrong if the
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
            # Keras's own makes every gradient dense.
            return tf.clip_by_global_norm(grads, self.global_clipnorm)[0]
        return super()._clip_gradients(grads)
