"""A training in its run folder, from where it was left to where it ends."""

import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Checkpoints, Progress
from keras_fashion.app.training.existing_run import drop_later_rows, find_existing_run, require_same
from keras_fashion.app.training.lock import run_lock
from keras_fashion.app.training.loop import Stream, fit
from keras_fashion.app.training.options import CheckpointSchedule, GANOptions, ModelOptions
from keras_fashion.data import Catalogue
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError, Terminated, TrainingFailed, first_line

LATE = 60
"""Seconds after which a network disk shows at the latest what another machine has written."""


class ResumableTraining:
    """A training that goes on with what its run folder holds, and leaves there what it takes.

    Within a `with` block, in this order: ask `found_finished`; make what may refuse its
    arguments; `begin`; `fit`; `finish`. On several workers all do so, and the chief writes. A model
    that is not trained by steps is saved in the place of `fit`.

    Args:
        catalogue: Of the training.
        out: Its run folder.
        options: Of its model.
        seed: Of the training.
        split: CSV file, if one was given.
        workers: Who train.
        split_seed: Decides which interactions are left out, where no file was given.

    Attributes:
        run: Its run.
        progress: Where it stands; callbacks note here what they need to know later.

    Raises:
        InputError: By the `with`: see `run_lock` and `find_existing_run`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        out: Path,
        options: ModelOptions,
        seed: int,
        split: Path | None,
        workers: Workers,
        split_seed: int = 0,
    ) -> None:
        self.catalogue = catalogue
        self.options = options
        self.workers = workers
        self.run = Run(out)
        self.config: dict[str, Any] = {"model": options.model, "seed": seed}
        self.split = split
        self.split_seed = split_seed
        self.progress = Progress()
        self.checkpoints: Checkpoints | None = None
        self.interrupted = False

    def __enter__(self) -> "ResumableTraining":
        with ExitStack() as held:
            if self.workers.is_chief:
                held.enter_context(run_lock(self.run.path))
            self.begun = find_existing_run(
                self.catalogue,
                self.run.path,
                self.options,
                self.config["seed"],
                self.split,
                self.split_seed,
            )
            self.workers.wait()  # until all have looked, for then the chief writes
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def found_finished(self) -> bool:
        """Whether nothing is left to do; then says so on stderr, and removes what a kill left."""
        if self.begun is None or self.begun.metrics.get("interrupted", True):
            return False
        if self.begun.config["options"] != self.options.recorded():
            return False
        more = "; for more epochs give a larger --epochs" if self.options.extendable else ""
        print(f"{self.run.path} is finished{more}.", file=sys.stderr)
        if self.workers.is_chief and not self.options.extendable:
            shutil.rmtree(self.run.path / "checkpoints", ignore_errors=True)  # killed in `finish`
        return True

    def begin(self) -> Run:
        """Makes the run folder, or takes up the one that there is.

        Raises:
            InputError: If the folder is in use, or another worker's is not the chief's.
        """
        self.began = time.monotonic()
        if self.workers.is_chief:
            if self.begun is None:
                config = self.config | {"options": self.options.recorded()}
                if not isinstance(self.options, GANOptions):
                    config["split"] = None if self.split is None else str(self.split.absolute())
                    config["split_seed"] = self.split_seed
                self.run = Run.create(self.run.path, config, self.catalogue)
                if self.split is not None:
                    # A copy: the file that was given may be moved or written anew.
                    shutil.copyfile(self.split, self.run.path / "split.csv")
                self.run.write_metrics(0.0, interrupted=True)
            else:
                # First: a longer training that is killed here must not pass for a finished one.
                self.run.write_metrics(
                    self.begun.metrics.get("training_seconds", 0.0), interrupted=True
                )
                # More epochs, and where the catalogue is now.
                now = {"options": self.options.recorded(), "catalogue": self.catalogue.address}
                self.run.write_json("config.json", self.begun.config | now)
        self.workers.wait()
        config_file = self.run.path / "config.json"
        for _ in range(LATE):
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
            require_same(
                self.run,
                self.catalogue,
                self.options,
                self.config["seed"],
                self.split,
                self.split_seed,
            )
        return self.run

    def fit(
        self,
        model: keras.Model,
        stream: Stream,
        epochs: int,
        steps: int,
        callbacks: Sequence[keras.callbacks.Callback],
        schedule: CheckpointSchedule,
    ) -> None:
        """`fit` from the last good checkpoint on; see there.

        Raises:
            TrainingFailed: Also noted in `metrics.json`, so that the run is not gone on with.
            InputError: If there is nothing to go on from, the workers differ in what, memory or
                disk are full, or it is interrupted before there is a model.
        """
        run, chief, progress = self.run, self.workers.is_chief, self.progress
        checkpoints = Checkpoints(run.path / "checkpoints", model, progress, schedule)
        self.checkpoints = checkpoints
        found = self._restored(checkpoints)
        if found is None and (run.path / "model.keras").is_file():
            raise InputError(
                f"{run.path} holds a model and no checkpoint to go on from; train anew with "
                "another --out."
            )
        if found is not None and chief:
            print(f"{run.path} goes on from {found}", file=sys.stderr)
        if chief:
            drop_later_rows(run, progress.epoch)
        try:
            self.interrupted = fit(
                model, stream, run, epochs, steps, callbacks, progress, checkpoints
            )
        except Terminated:
            if chief:
                run.write_metrics(progress.seconds, interrupted=True)
            raise
        except TrainingFailed as error:
            with suppress(OSError):  # a full disk is the lesser trouble
                if chief:
                    run.write_metrics(progress.seconds, interrupted=True, failed=str(error))
            kept = "model.keras is that of the last good epoch"
            if not (run.path / "model.keras").is_file():
                kept = "no epoch was kept"
            raise TrainingFailed(f"{run.path} has {error}; {kept}.") from error
        except tf.errors.ResourceExhaustedError as error:
            raise InputError(
                f"{run.path} ends for want of memory or disk ({first_line(error)}). "
                "If it was memory, train anew with another --out and a smaller --batch-size, "
                "--negatives or picture; if it was disk, make room and start the same command "
                "again."
            ) from error
        # The chief's word: others may see its folder late.
        (bare,) = self.workers.any([chief and not (run.path / "model.keras").is_file()])
        if self.interrupted and bare:
            raise InputError(f"{run.path} has no model yet: it was interrupted in its first epoch.")

    def finish(self) -> None:
        """Says in `metrics.json` how it ended; what is of no use any more goes."""
        if self.workers.is_chief:
            seconds = self.progress.seconds or time.monotonic() - self.began
            self.run.write_metrics(seconds, self.interrupted)
            if self.checkpoints is not None and not self.interrupted:
                self.checkpoints.remove(all_but=1 if self.options.extendable else 0)
        self.workers.wait()  # for the chief, who is heard until he has written everything

    def _restored(self, checkpoints: Checkpoints) -> str | None:
        """Name of the checkpoint that all workers have read; None if there is none."""
        for _ in range(LATE):
            found = checkpoints.restore()
            if self._are_alike():
                return found
            time.sleep(1)
        raise InputError(
            f"worker {self.workers.index} of {self.workers.count} finds another checkpoint in "
            f"{self.run.path.absolute()} than others do: give all of them a folder on a disk that "
            "they share."
        )

    def _are_alike(self) -> bool:
        """Whether all workers stand at the same place; they all say the same."""
        place = np.array([self.progress.epoch, self.progress.batch], np.float64)
        differs = (self.workers.sum(place) != self.workers.count * place).any()
        return not self.workers.any([bool(differs)])[0]
