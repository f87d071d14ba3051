"""Concurrent requests, computed together."""

from collections.abc import Callable

import tensorflow as tf

MOST_ROWS, MOST_WAITING = 64, 1024


def batched(function: Callable[..., tuple[tf.Tensor, ...]]) -> Callable[..., tuple[tf.Tensor, ...]]:
    """Runs a function of rows once for all requests that wait for it, inside the exported graph.

    What 64 users cost together is 3 to 4 times what one does, for the table of items is read once.
    It is done here, behind each request's own checks, and not by the server (TensorFlow Serving's
    `--enable_batching`), because what a server has put together fails together: one customer's
    broken picture would fail the requests of others. Nobody waits for company: a batch is what has
    come while the one before was computed.

    Args:
        function: (B, ...) tensors to (B, ...) tensors, row by row.
    """
    return tf.nondifferentiable_batch_function(
        num_batch_threads=1,
        max_batch_size=MOST_ROWS,
        batch_timeout_micros=0,
        max_enqueued_batches=MOST_WAITING,
    )(function)
