"""The processes of a distributed training, and what they exchange between steps."""

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
    """The worker processes of a strategy. On one machine there is one, which exchanges nothing.

    The methods `sum`, `any`, `gather`, `wait` and `chief_first` are collective: every worker must
    call them, in the same order.

    Args:
        strategy: The strategy of the training.

    Attributes:
        strategy: The strategy of the training.
        count: Number of workers.
        index: Index of this worker. Index 0 is the chief.
        local_replicas: Number of replicas of this worker.
        is_chief: Whether this worker is the chief, which alone writes files.

    Example:
        >>> workers = Workers(tf.distribute.get_strategy())
        >>> workers.count, workers.is_chief
        (1, True)
        >>> workers.sum(np.array([1, 2])).tolist()
        [1, 2]
        >>> workers.local_slice(10)
        slice(0, 10, None)
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
        """Sums an array over the workers.

        Args:
            values: This worker's array, of the same shape and dtype on each.

        Returns:
            The sum, of that shape and dtype.
        """
        if self.count == 1:
            return values
        zeros = np.zeros_like(values)
        parts = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                zeros if context.replica_id_in_sync_group % self.local_replicas else values
            )
        )
        return np.asarray(self.strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None))

    def any(self, flags: list[bool]) -> list[bool]:
        """Returns for each flag whether it is set on at least one worker.

        Args:
            flags: This worker's flags, equally many on each.
        """
        if self.count == 1:
            return flags
        return (self.sum(np.array(flags, np.float32)) > 0).tolist()

    def wait(self) -> None:
        """Returns when all workers have called it (a barrier)."""
        self.any([False])

    @contextmanager
    def chief_first(self) -> Iterator[None]:
        """Runs the block on the chief first and then on all others, which find its results."""
        if not self.is_chief:
            self.wait()
        yield
        if self.is_chief:
            self.wait()

    def local_slice(self, size: int) -> slice:
        """Returns this worker's slice of `size` rows.

        The slices of all workers, in the order of their indices, cover all rows once.

        Args:
            size: Number of rows to divide.
        """
        bounds = np.linspace(0, size, self.count + 1).astype(int)
        return slice(*bounds[self.index : self.index + 2].tolist())

    def gather(self, rows: np.ndarray, size: int) -> np.ndarray:
        """Collects rows of which each worker has its `local_slice`.

        Args:
            rows: This worker's rows, (n, ...).
            size: Number of rows of all workers together.

        Returns:
            (size, ...), equal on all workers.
        """
        if self.count == 1:
            return rows
        gathered = np.zeros((size, *rows.shape[1:]), rows.dtype)
        gathered[self.local_slice(size)] = rows
        return self.sum(gathered)

    @contextmanager
    def report_lost_worker(self) -> Iterator[None]:
        """Translates TensorFlow's error about an unreachable worker into `WorkerLost`.

        TensorFlow notices at once if the process of another worker has ended, and within about ten
        seconds if its machine has stopped or the network is down.

        Raises:
            WorkerLost: If another worker is lost within the block.
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
