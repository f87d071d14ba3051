"""A gradient by rows, each row named once."""

import tensorflow as tf


def sum_duplicates(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor | tf.IndexedSlices:
    """Sums the parts of a gradient that stand on the same row; a dense gradient stays as it is.

    `tf.gather` names a row as often as the batch does, and whatever is not linear in the
    gradient (its square, its norm) is wrong until the parts are added up. Keras 3's adaptive
    optimisers and `clipnorm` are: give them the outcome of this function. That does not help
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
