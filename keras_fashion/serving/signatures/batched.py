"""Concurrent requests, computed together."""

from collections.abc import Callable
from itertools import count

import tensorflow as tf

from keras_fashion.serving.signatures.request_checks import MOST_ROWS

TOGETHER = 64
"""Rows of one batch."""

MOST_WAITING = 16
"""Batches; what comes then is answered "unavailable" at once, and not after minutes."""

_places = count()


def batched(function: Callable[..., tuple[tf.Tensor, ...]]) -> Callable[..., tuple[tf.Tensor, ...]]:
    """Runs a function of rows once for all requests that wait for it, inside the exported graph.

    The table of items is read once for all: 64 users take 15 times as long together as one alone
    (`make bench-serving-million`).
    It is done here, behind each request's own checks, and not by the server (TensorFlow Serving's
    `--enable_batching`), because what a server has put together fails together: one customer's
    broken picture would fail the requests of others. Nobody waits for company: a batch is what has
    come while the one before was computed.

    Args:
        function: (B, ...) tensors to (B, ...) tensors, row by row. Behind the rows, shapes must
            not depend on a request: what is put together, and what is cut apart because it is more
            than a batch holds, must fit.
    """
    together = tf.nondifferentiable_batch_function(
        num_batch_threads=1,
        max_batch_size=MOST_ROWS,
        # Of every size up to TOGETHER, none is filled up; what is larger is cut into such.
        allowed_batch_sizes=list(range(1, TOGETHER + 1)),
        batch_timeout_micros=0,
        max_enqueued_batches=MOST_WAITING,
    )(tf.autograph.experimental.do_not_convert(function))

    def call(*rows: tf.Tensor) -> tuple[tf.Tensor, ...]:
        # The queue is called like the scope. Two places that share one would be mixed up.
        with tf.name_scope(f"batched_{next(_places)}"):
            return together(*rows)

    return call
