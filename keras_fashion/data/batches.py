"""A stream of batches that can be begun anywhere and shared between replicas."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_fashion.errors import InputError

Batch = Any
"""A structure of tensors."""


def endless_batches(
    make_batch: Callable[[tf.Tensor, tf.Tensor], Batch],
    start: int,
    context: tf.distribute.InputContext | None,
) -> tf.data.Dataset:
    """Batches 0, 1, 2, ..., each a function of its number and of nothing that was drawn before.

    So the stream is the same however many threads make it, a training that was interrupted after
    n steps goes on with `start=n`, and replicas share each batch without speaking to each other.

    Args:
        make_batch: Makes a replica's part of a batch from the batch's number, a scalar int64, and
            the replica's, a scalar int32.
        start: Number of the first batch.
        context: As `tf.distribute.Strategy.distribute_datasets_from_function` gives it: this
            worker's replicas take their parts in turn. None is one replica.

    Returns:
        A dataset without end: give `fit` its `steps_per_epoch`.
    """
    local = replicas(context)
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


def replicas(context: tf.distribute.InputContext | None) -> int:
    """Between how many replicas each batch is shared."""
    return 1 if context is None else context.num_replicas_in_sync


def require_shareable(rows: int, devices: int) -> None:
    """Raises InputError if so many devices cannot share so many rows of a batch evenly."""
    if rows % devices:
        raise InputError(
            f"{rows} rows of a batch cannot be shared evenly by {devices} devices; give a "
            f"--batch-size, and --negatives, that {devices} divides."
        )


def own_rows(
    batch_size: int, replica: tf.Tensor, context: tf.distribute.InputContext | None
) -> tf.Tensor:
    """(B / N,) int32: the rows of a batch that a replica has, every N-th.

    See `keras_fashion.distribution.global_batch`, which puts them together again.
    """
    rows = tf.range(replica, batch_size, replicas(context))
    return tf.ensure_shape(rows, [batch_size // replicas(context)])
