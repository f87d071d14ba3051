"""The batch that several replicas share: each has a part of it, and all know what they share.

On one device a part is the whole, and all of this does nothing. With N replicas row k of replica r
is row N k + r of the batch, in whatever a batch holds: so what is drawn for the whole batch is the
same however many share it. `keras_fashion.data.pipelines` deals the rows out in this way.

All functions are for within a step (`tf.distribute.Strategy.run`, which `fit` uses); elsewhere a
part is the whole.
"""

import tensorflow as tf


def replicas() -> int:
    """N, how many replicas share a batch."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def own_rows(batch: tf.Tensor) -> tf.Tensor:
    """This replica's rows, (B / N, ...), of what all replicas made alike: (B, ...)."""
    if replicas() == 1:
        return batch
    context = tf.distribute.get_replica_context()
    return batch[context.replica_id_in_sync_group :: context.num_replicas_in_sync]


def all_rows(rows: tf.Tensor) -> tf.Tensor:
    """Rows of the whole batch, (B, ...), of which each replica has made its (B / N, ...).

    Gradients flow back to the replica that made a row, from all that use it.
    """
    if replicas() == 1:
        return rows
    context = tf.distribute.get_replica_context()
    # A sum in which every row has one term: its order does not depend on that of the devices,
    # which a gathering of rows would have to be told.
    here = tf.one_hot(
        context.replica_id_in_sync_group, context.num_replicas_in_sync, dtype=rows.dtype
    )
    dealt = rows[:, None] * tf.reshape(here, [1, -1] + [1] * (rows.shape.rank - 1))
    shape = tf.concat([[-1], tf.shape(rows)[1:]], axis=0)
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reshape(dealt, shape))


def mean_of_replicas(value: tf.Tensor) -> tf.Tensor:
    """Mean over the replicas of what each has found in its part."""
    if replicas() == 1:
        return value
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def share_of(loss: tf.Tensor) -> tf.Tensor:
    """What a replica adds to the loss of the batch by its own mean, (); gradients are summed."""
    return loss / replicas()
