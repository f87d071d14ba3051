"""Batching of concurrent requests inside an exported graph."""

from collections.abc import Callable
from itertools import count

import tensorflow as tf

from keras_fashion.serving.signatures.request_checks import MAX_ROWS

BATCH_SIZE = 64
"""Largest number of rows in one batch."""

MAX_WAITING = 16
"""Largest number of batches that wait. Further requests are answered "unavailable" at once."""

_queue_numbers = count()


def batched(function: Callable[..., tuple[tf.Tensor, ...]]) -> Callable[..., tuple[tf.Tensor, ...]]:
    """Makes a function of rows that is computed once for all requests that wait for it.

    The table of items is then read once for all of them: 64 users together take 15 times as long
    as one user alone (`tests/benchmarks/serving_million.py`).

    The requests are put together here, behind the checks of each request, and not by the server
    (TensorFlow Serving's `--enable_batching`): requests that a server has put together fail
    together, so that a broken picture in one would fail the others. No request waits for others to
    come: a batch is what has arrived while the previous one was computed.

    Args:
        function: Maps (B, ...) tensors to (B, ...) tensors, row by row. All other axes must not
            depend on the request, because rows of several requests are concatenated, and a request
            with more rows than a batch is split.

    Returns:
        The batched function, to be called while a graph is traced.

    Example:
        >>> def triple(rows):
        ...     return tf.ensure_shape(rows * 3, [None, 2])
        >>> served = tf.function(batched(triple), input_signature=[tf.TensorSpec([None, 2])])
        >>> served(tf.ones((1, 2))).numpy().tolist()
        [[3.0, 3.0]]
    """
    batch_function = tf.nondifferentiable_batch_function(
        num_batch_threads=1,
        max_batch_size=MAX_ROWS,
        # Batches of every size up to BATCH_SIZE are allowed, so none is padded. A larger batch is
        # split into these.
        allowed_batch_sizes=list(range(1, BATCH_SIZE + 1)),
        batch_timeout_micros=0,
        max_enqueued_batches=MAX_WAITING,
    )(tf.autograph.experimental.do_not_convert(function))

    def call(*rows: tf.Tensor) -> tuple[tf.Tensor, ...]:
        # The name of the scope becomes the name of the queue. Two functions that shared a queue
        # would get each other's rows.
        with tf.name_scope(f"batched_{next(_queue_numbers)}"):
            return batch_function(*rows)

    return call
