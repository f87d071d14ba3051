"""A stream of batches that can start at any step and be shared by replicas."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_fashion.errors import InputError

Batch = Any
"""A nested structure of tensors."""


def endless_batches(
    make_batch: Callable[[tf.Tensor, tf.Tensor], Batch],
    start: int,
    context: tf.distribute.InputContext | None,
) -> tf.data.Dataset:
    """Creates a dataset of batches, each a function of its number alone.

    Because no batch depends on what was drawn before it, the stream is the same for any number of
    threads, a training that was interrupted after n steps continues with `start=n`, and replicas
    share each batch without communicating.

    Args:
        make_batch: Function of the number of a batch, a scalar int64, and the index of a replica,
            a scalar int32, that returns this replica's part of the batch.
        start: Number of the first batch.
        context: Input context as `tf.distribute.Strategy.distribute_datasets_from_function` passes
            it: the dataset then has the parts of this worker's replicas in turn. None for one
            replica.

    Returns:
        An infinite dataset: pass `steps_per_epoch` to `fit`.

    Example:
        >>> batches = endless_batches(lambda step, replica: 10 * step, start=3, context=None)
        >>> [int(batch) for batch in batches.take(3)]
        [30, 40, 50]
    """
    local = num_input_replicas(context)
    first = 0
    if context is not None:
        local //= context.num_input_pipelines
        first = context.input_pipeline_id * local
    return (
        tf.data.Dataset.counter(start * local)
        .map(
            lambda turn: make_batch(turn // local, first + tf.cast(turn % local, tf.int32)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .prefetch(tf.data.AUTOTUNE)
    )


def num_input_replicas(context: tf.distribute.InputContext | None) -> int:
    """Returns the number of replicas that an input pipeline's batches are for.

    Within a step it is `keras_fashion.distribution.global_batch.num_replicas` that tells it.

    Args:
        context: Input context of the pipeline; None for one replica.

    Example:
        >>> num_input_replicas(None)
        1
        >>> num_input_replicas(tf.distribute.InputContext(num_replicas_in_sync=4))
        4
    """
    return 1 if context is None else context.num_replicas_in_sync


def require_divisible(size: int, num_replicas: int) -> None:
    """Checks that replicas can share the rows of a batch evenly.

    Args:
        size: Number of rows: `batch_size` or `negatives`.
        num_replicas: Number of replicas.

    Raises:
        InputError: If `size` is not a multiple of `num_replicas`.

    Example:
        >>> require_divisible(64, 4)
    """
    if size % num_replicas:
        raise InputError(
            f"{size} rows of a batch cannot be shared evenly by {num_replicas} devices: "
            f"`batch_size` and `negatives` must be multiples of {num_replicas}."
        )


def replica_row_indices(
    batch_size: int, replica: tf.Tensor, context: tf.distribute.InputContext | None
) -> tf.Tensor:
    """Returns which rows of a global batch an input pipeline gives to a replica.

    `keras_fashion.distribution.global_batch` has the operations on the rows within a step.

    Args:
        batch_size: B, a multiple of the number of replicas N.
        replica: Index of the replica, scalar int32.
        context: Input context of the pipeline; None for one replica.

    Returns:
        (B / N,) int32: every N-th row, from row `replica` on.

    Example:
        >>> context = tf.distribute.InputContext(num_replicas_in_sync=2)
        >>> replica_row_indices(6, 1, context).numpy().tolist()
        [1, 3, 5]
    """
    rows = tf.range(replica, batch_size, num_input_replicas(context))
    return tf.ensure_shape(rows, [batch_size // num_input_replicas(context)])
