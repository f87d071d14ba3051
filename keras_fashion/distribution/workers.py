"""The machines of a training, between its steps: who writes, and how all come to know one thing."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from keras_fashion.errors import WorkerLost, first_line

LOST = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)


class Workers:
    """The processes that train together; on one machine there is one, and nothing is exchanged.

    Whatever exchanges (`sum`, `any`, `wait`) is called by all of them, in the same order.

    Args:
        strategy: Of the training.

    Attributes:
        count: How many there are.
        index: Which one this is; the first is the chief.
        is_chief: Whether it writes: the run folder has one writer.
    """

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self.strategy = strategy
        self.count, self.index = 1, 0
        self.local_replicas = strategy.num_replicas_in_sync
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            resolver = strategy.cluster_resolver
            jobs = resolver.cluster_spec().as_dict()
            self.count = max(1, sum(map(len, jobs.values())))
            self.index = resolver.task_id or 0
            if resolver.task_type == "worker":
                self.index += len(jobs.get("chief", []))
            self.local_replicas //= self.count
        self.is_chief = self.index == 0

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sum over the workers of an array, of the same shape and number type on each."""
        if self.count == 1:
            return values
        nothing = np.zeros_like(values)
        parts = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                nothing if context.replica_id_in_sync_group % self.local_replicas else values
            )
        )
        return np.asarray(self.strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None))

    def any(self, wishes: list[bool]) -> list[bool]:
        """For each wish whether some worker has it."""
        if self.count == 1:
            return wishes
        return (self.sum(np.array(wishes, np.float32)) > 0).tolist()

    def wait(self) -> None:
        """Returns when all have come here."""
        self.any([False])

    @contextmanager
    def chief_first(self) -> Iterator[None]:
        """The chief runs the block, then all others: they find what it has made."""
        if not self.is_chief:
            self.wait()
        yield
        if self.is_chief:
            self.wait()

    def share(self, size: int) -> slice:
        """This worker's part of so many things, which all workers' parts make up in turn."""
        bounds = np.linspace(0, size, self.count + 1).astype(int)
        return slice(*bounds[self.index : self.index + 2].tolist())

    def all(self, rows: np.ndarray, size: int) -> np.ndarray:
        """(size, ...): the rows of all workers, each of which gives those of its `share`."""
        if self.count == 1:
            return rows
        whole = np.zeros((size, *rows.shape[1:]), rows.dtype)
        whole[self.share(size)] = rows
        return self.sum(whole)

    @contextmanager
    def report_lost_worker(self) -> Iterator[None]:
        """A worker that is lost ends the block with WorkerLost.

        TensorFlow notices at once when its process has ended, and within some ten seconds when
        its machine has stopped or the network is gone.
        """
        try:
            yield
        except LOST as error:
            if self.count == 1:
                raise
            raise WorkerLost(
                f"worker {self.index} of {self.count} has lost another one, whose own output "
                f"may say why, and ends ({first_line(error)}). Start all workers again, these or "
                "others: the training goes on from its last checkpoint."
            ) from error
