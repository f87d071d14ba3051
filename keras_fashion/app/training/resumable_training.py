"""A training in its run folder, which continues where it was stopped."""

import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.run_lock import lock_run
from keras_fashion.app.training.checkpoints import Checkpoints, Progress
from keras_fashion.app.training.loop import BatchStream, fit
from keras_fashion.app.training.options import CheckpointSchedule
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import (
    InputError,
    Interrupted,
    Terminated,
    TrainingFailed,
    first_line,
)

SHARED_DISK_TIMEOUT = 60
"""Seconds within which a network disk shows what another machine has written."""


class ResumableTraining:
    """A training that continues from what its run folder contains.

    It is a context manager. Within the block, call `is_finished` first, then make everything that
    may refuse its arguments, so that no folder is left behind, then call `begin`, `fit` and
    `finish`. On several workers all call these methods, and the chief writes the files. A model
    that is not trained by steps is saved instead of calling `fit`.

    Args:
        request: What is to be trained, and where.
        workers: The workers that train.

    Attributes:
        request: What is to be trained, and where.
        workers: The workers that train.
        run: The run.
        progress: The position of the training, whose `callback_state` callbacks may use.

    Raises:
        InputError: When the block is entered, if another process trains into the folder or if it
            contains a run that cannot be continued (`TrainingRequest.find_run`).
        WorkerLost: Within the block, if another worker is lost.
    """

    def __init__(self, request: TrainingRequest, workers: Workers) -> None:
        self.request = request
        self.workers = workers
        self.run = Run(request.out)
        self.progress = Progress()
        self._checkpoints: Checkpoints | None = None
        self._existing_run: Run | None = None
        self._interrupted = False
        self._started = 0.0
        self._resources = ExitStack()

    def __enter__(self) -> "ResumableTraining":
        with ExitStack() as resources:
            resources.enter_context(self.workers.report_lost_worker())
            if self.workers.is_chief:
                resources.enter_context(lock_run(self.request.out))
            self._existing_run = self.request.find_run()
            self.workers.wait()  # The chief must not write before all workers have looked.
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._resources.__exit__(kind, error, traceback)

    def is_finished(self) -> bool:
        """Returns whether the training has ended before, and says so on stderr if it has."""
        run, options = self._existing_run, self.request.options
        if run is None or run.metrics.get("interrupted", True):
            return False
        if options.with_defaults(run.config["options"]) != options.recorded():
            return False
        more = "; for more epochs give a larger --epochs" if options.extendable else ""
        print(f"{run.path} is finished{more}.", file=sys.stderr)
        if self.workers.is_chief and not options.extendable:
            # They remain if the process was killed in `finish`.
            shutil.rmtree(run.path / "checkpoints", ignore_errors=True)
        return True

    @property
    def is_new(self) -> bool:
        """Whether there is no run to continue."""
        return self._existing_run is None

    def begin(self) -> Run:
        """Creates the run folder, unless there is one to continue.

        Returns:
            The run.

        Raises:
            InputError: If the folder is not empty, or if this worker does not see the chief's
                folder or was started with another request.
        """
        self._started = time.monotonic()
        if self.workers.is_chief and self.is_new:
            self._create_run()
        self.workers.wait()
        config_file = self.run.path / "config.json"
        for _ in range(SHARED_DISK_TIMEOUT):
            if config_file.is_file():
                break
            time.sleep(1)
        else:
            raise InputError(
                f"worker {self.workers.index} of {self.workers.count} does not see "
                f"{self.run.path.absolute()}, which the chief has made: give all of them a folder "
                "on a disk that they share."
            )
        if not self.workers.is_chief:
            self.request.require_same_training(self.run)
        return self.run

    def fit(
        self,
        model: keras.Model,
        stream: BatchStream,
        epochs: int,
        steps: int,
        callbacks: Sequence[keras.callbacks.Callback],
        schedule: CheckpointSchedule,
    ) -> None:
        """Trains from the last undamaged checkpoint on; see `loop.fit` for the arguments.

        Args:
            model: Compiled model.
            stream: The batches.
            epochs: Maximal number of epochs.
            steps: Number of steps of an epoch.
            callbacks: Callbacks of this worker.
            schedule: When checkpoints are written.

        Raises:
            TrainingFailed: If the training diverges or the generator collapses. `metrics.json`
                records it, so that the run is not continued.
            InputError: If the run cannot be continued, if the workers find different checkpoints,
                or if memory or disk space runs out.
            Interrupted: If the training is interrupted before there is a model.
            Terminated: After SIGTERM.
        """
        run, progress, is_chief = self.run, self.progress, self.workers.is_chief
        checkpoints = Checkpoints(run.path / "checkpoints", model, progress, schedule)
        self._checkpoints = checkpoints
        restored = self._restore(checkpoints)
        if restored is None and (run.path / "model.keras").is_file():
            raise InputError(
                f"{run.path} contains a model and no checkpoint to continue from; train again with "
                "another --out."
            )
        if is_chief:
            if self._existing_run is not None:
                # Only now: a run that cannot be continued stays as it is, finished or not.
                self._update_run(self._existing_run)
            if restored is not None:
                print(f"{run.path} continues from {restored}", file=sys.stderr)
            run.truncate_history(progress.epoch)
        try:
            self._interrupted = fit(model, stream, run, epochs, steps, callbacks, checkpoints)
        except Terminated:
            if is_chief:
                run.write_metrics(progress.seconds, interrupted=True)
            raise
        except TrainingFailed as error:
            with suppress(OSError):  # This error is more important than a full disk.
                if is_chief:
                    run.write_metrics(progress.seconds, interrupted=True, failed=str(error))
            kept = "model.keras is that of the last good epoch"
            if not (run.path / "model.keras").is_file():
                kept = "no model was saved"
            raise TrainingFailed(f"{run.path} has {error}; {kept}.") from error
        except tf.errors.ResourceExhaustedError as error:
            raise InputError(
                f"{run.path} stopped because memory or disk space ran out ({first_line(error)}). "
                "If it was memory, train again with another --out and a smaller --batch-size, "
                "--negatives or --picture-size. If it was disk space, free some and run the same "
                "command again."
            ) from error
        # The chief decides, because other workers may see its folder late.
        (has_no_model,) = self.workers.any([is_chief and not (run.path / "model.keras").is_file()])
        if self._interrupted and has_no_model:
            raise Interrupted(
                f"{run.path} has no model yet: it was interrupted in its first epoch."
            )

    def finish(self) -> None:
        """Records in `metrics.json` how the training ended, and removes unneeded checkpoints."""
        if self.workers.is_chief:
            seconds = self.progress.seconds or time.monotonic() - self._started
            self.run.write_metrics(seconds, self._interrupted)
            if self._checkpoints is not None and not self._interrupted:
                self._checkpoints.remove(all_but=1 if self.request.options.extendable else 0)
        self.workers.wait()  # Other workers must not end before the chief has written everything.

    def _create_run(self) -> None:
        request = self.request
        self.run = Run.create(request.out, request.run_config(), request.catalogue)
        if isinstance(request.split, Path):
            # It is copied because the original file may be moved or changed.
            shutil.copyfile(request.split, self.run.path / "split.csv")
        self.run.write_metrics(0.0, interrupted=True)

    def _update_run(self, run: Run) -> None:
        # The metrics come first: if the process is killed here, a training that was given more
        # epochs must not appear to be finished.
        run.write_metrics(run.metrics.get("training_seconds", 0.0), interrupted=True)
        # The number of epochs and the place of the catalogue may have changed.
        changes = {
            "options": self.request.options.recorded(),
            "catalogue": self.request.catalogue.address,
        }
        run.write_json("config.json", run.config | changes)

    def _restore(self, checkpoints: Checkpoints) -> str | None:
        """Returns the name of the checkpoint that all workers have read; None if there is none."""
        for _ in range(SHARED_DISK_TIMEOUT):
            restored = checkpoints.restore()
            if self._is_position_equal():
                return restored
            time.sleep(1)
        raise InputError(
            f"worker {self.workers.index} of {self.workers.count} finds another checkpoint in "
            f"{self.run.path.absolute()} than others do: give all of them a folder on a disk that "
            "they share."
        )

    def _is_position_equal(self) -> bool:
        """Returns whether all workers are at the same position, with the same result on each."""
        position = np.array([self.progress.epoch, self.progress.batch], np.float64)
        differs = (self.workers.sum(position) != self.workers.count * position).any()
        return not self.workers.any([bool(differs)])[0]
