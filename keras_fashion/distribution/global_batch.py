"""Operations on a global batch, of which each replica has a part.

With N replicas, row k of replica r is row N k + r of the global batch, for everything that a batch
contains. What is computed or drawn for the global batch is therefore the same for any N.
`keras_fashion.data.batches` deals the rows out in this order. On one replica its part is the whole
batch, and all functions return what they were given.

All functions are for use within a step (`tf.distribute.Strategy.run`, which `fit` uses); elsewhere
they behave as on one replica.
"""

import tensorflow as tf


def num_replicas() -> int:
    """Returns N, the number of replicas that share a global batch.

    Example:
        >>> num_replicas()
        1
    """
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def local_rows(batch: tf.Tensor) -> tf.Tensor:
    """Returns this replica's rows of a tensor that every replica has computed alike.

    Args:
        batch: (B, ...), equal on all replicas.

    Returns:
        (B / N, ...), every N-th row.

    Example:
        >>> local_rows(tf.constant([1, 2, 3])).numpy().tolist()
        [1, 2, 3]
    """
    if num_replicas() == 1:
        return batch
    context = tf.distribute.get_replica_context()
    return batch[context.replica_id_in_sync_group :: context.num_replicas_in_sync]


def gather_rows(rows: tf.Tensor) -> tf.Tensor:
    """Returns the rows of all replicas, in the order of the global batch.

    Gradients flow back to the replica that has computed a row, from all that use it.

    Args:
        rows: (B / N, ...), of this replica.

    Returns:
        (B, ...), equal on all replicas.

    Example:
        >>> gather_rows(tf.constant([1.0, 2.0])).numpy().tolist()
        [1.0, 2.0]
    """
    if num_replicas() == 1:
        return rows
    context = tf.distribute.get_replica_context()
    # This is a sum in which every row has one term. Unlike `all_gather`, it does not depend on the
    # order of the devices.
    here = tf.one_hot(
        context.replica_id_in_sync_group, context.num_replicas_in_sync, dtype=rows.dtype
    )
    dealt = rows[:, None] * tf.reshape(here, [1, -1] + [1] * (rows.shape.rank - 1))
    shape = tf.concat([[-1], tf.shape(rows)[1:]], axis=0)
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reshape(dealt, shape))


def mean_of_replicas(value: tf.Tensor) -> tf.Tensor:
    """Returns the mean over all replicas of a tensor of the same shape on each.

    Args:
        value: Any shape, this replica's.

    Returns:
        The same shape, equal on all replicas.

    Example:
        >>> float(mean_of_replicas(tf.constant(3.0)))
        3.0
    """
    if num_replicas() == 1:
        return value
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def divide_by_replicas(loss: tf.Tensor) -> tf.Tensor:
    """Returns what the mean loss of a replica's rows contributes to the mean of the global batch.

    The gradients of all replicas are summed, so that each contributes its mean divided by N.

    Args:
        loss: (), mean over this replica's rows.

    Returns:
        (), the loss divided by N.

    Example:
        >>> float(divide_by_replicas(tf.constant(3.0)))
        3.0
    """
    return loss / num_replicas()
