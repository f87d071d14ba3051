"""Checkpoints of a training: everything that it takes to resume it."""

import json
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_fashion.app.training.options import CheckpointSchedule
from keras_fashion.atomic_files import sync
from keras_fashion.errors import InputError, first_line

_SERIALIZED = ("epoch", "batch", "sums", "seconds", "noted")


class Progress(tf.train.experimental.PythonState):
    """The position of a training, which a checkpoint keeps together with its weights.

    Attributes:
        epoch: How many epochs are over, their row in `history.csv` included.
        batch: How many steps of the next one are done.
        sums: Of each of the model's metrics over these steps, with what they are divided by.
        seconds: Trained so far.
        noted: What callbacks need to know of earlier epochs, by name.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.batch = 0
        self.sums: dict[str, tuple[float, float]] = {}
        self.seconds = 0.0
        self.noted: dict[str, Any] = {}

    def serialize(self) -> str:
        """As JSON; TensorFlow calls it when it writes a checkpoint."""
        return json.dumps({name: getattr(self, name) for name in _SERIALIZED})

    def deserialize(self, string_value: str) -> None:
        """Reads the state from JSON; TensorFlow calls it when it reads a checkpoint."""
        for name, value in json.loads(string_value).items():
            if name == "noted":
                self.forget_since(value)
            else:
                setattr(self, name, value)

    def forget_since(self, noted: dict[str, Any]) -> None:
        """Puts earlier notes in the place of the present ones, in the dictionary callbacks hold."""
        self.noted.clear()
        self.noted.update(noted)


KEPT = 3
"""The last ones, that is: of a damaged one the one before is taken."""

UNREADABLE = (tf.errors.OpError, ValueError, AssertionError, OSError, LookupError)


class Checkpoints:
    """The checkpoints of a run, `checkpoints/epoch-E-step-S` in its folder, `tf.train.Checkpoint`s.

    E epochs are over, and S steps of the next one; what ends an epoch comes after its last step.
    A checkpoint holds weights, states of random number generators, the optimizers and the
    progress. Batches are functions of their number, so that the number of the next one is all
    there is to know of the data. Each is written aside and renamed by TensorFlow, and once it
    is on the disk the oldest goes.

    Args:
        folder: Where they are.
        model: Compiled; says its `optimizers`, which have their variables already.
        progress: Of the training.
        schedule: When one is due.
    """

    def __init__(
        self,
        folder: Path,
        model: keras.Model,
        progress: Progress,
        schedule: CheckpointSchedule = CheckpointSchedule(),
    ) -> None:
        self.folder = folder
        self.schedule = schedule
        self.progress = progress
        self.checkpoint = tf.train.Checkpoint(
            variables=model.variables,
            optimizers=[optimizer.variables for optimizer in model.optimizers],
            progress=progress,
        )
        self._damaged: set[str] = set()
        self.start_clock()

    def restore(self) -> str | None:
        """Reads the newest checkpoint that can be read, into the model and the progress.

        Says on stderr which ones cannot and which one is used in their place.

        Returns:
            Its name; None if there is none at all.

        Raises:
            InputError: If there are some and none can be read.
        """
        damaged = {}
        for path in reversed(checkpoints_in(self.folder)):
            try:
                self.checkpoint.read(str(path)).assert_consumed()
            except UNREADABLE as error:
                damaged[path.name] = f"{path} cannot be read ({first_line(error)})"
                continue
            for each in damaged.values():
                print(f"warning: {each}; {path.name} is used instead", file=sys.stderr)
            self._damaged = set(damaged)
            return path.name
        if damaged:
            raise InputError(
                f"{'; '.join(damaged.values())}; there is no other: train anew with another --out."
            )
        return None

    def is_due(self) -> bool:
        """Whether it is time for the next, to be asked after each step."""
        self.steps += 1
        if self.schedule.steps is not None:
            return self.steps >= self.schedule.steps
        return time.monotonic() - self.saved >= self.schedule.seconds

    def save(self) -> None:
        """Writes one of where the progress stands, if there is none.

        Raises:
            InputError: If it cannot be written; those that there are stand.
        """
        name = f"epoch-{self.progress.epoch}-step-{self.progress.batch}"
        try:
            self.folder.mkdir(exist_ok=True)
            kept = self._readable()
            if self.folder / name not in kept:
                self._remove_leftovers(kept)
                self.checkpoint.write(str(self.folder / name))
                for file in self.folder.glob(f"{name}.*"):
                    sync(file)
                sync(self.folder)
                self._damaged.clear()  # they were leftovers, too
                self.remove(all_but=KEPT)
        except (tf.errors.OpError, OSError) as error:
            kept = self._readable()
            stands = f"{kept[-1].name} stands" if kept else "there is no earlier one"
            raise InputError(
                f"{self.folder}: the checkpoint {name} cannot be written "
                f"({first_line(error)}); {stands}. Make room, or the folder writable, and "
                "start the same command again: it goes on from there."
            ) from error
        self.start_clock()

    @property
    def is_empty(self) -> bool:
        """Whether there is none yet."""
        return not checkpoints_in(self.folder)

    def remove(self, all_but: int) -> None:
        """Removes all but the last ones; all of them with their folder."""
        kept = checkpoints_in(self.folder)
        for path in kept[: max(0, len(kept) - all_but)]:
            for file in self.folder.glob(f"{path.name}.*"):
                file.unlink()
        if not all_but:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _readable(self) -> list[Path]:
        """All but those that `restore` could not read."""
        return [path for path in checkpoints_in(self.folder) if path.name not in self._damaged]

    def _remove_leftovers(self, kept: list[Path]) -> None:
        """Of a process that was killed, or had no room, while it wrote; and what is damaged."""
        whole = {path.name for path in kept}
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in whole:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def start_clock(self) -> None:
        """The next is due after a whole interval from now."""
        self.steps, self.saved = 0, time.monotonic()


def checkpoints_in(folder: Path) -> list[Path]:
    """Prefixes of the checkpoints that are complete, oldest first.

    TensorFlow renames the index last.
    """
    names = (re.fullmatch(r"epoch-(\d+)-step-(\d+)\.index", each.name) for each in folder.glob("*"))
    places = sorted((int(name[1]), int(name[2])) for name in names if name)
    return [folder / f"epoch-{epoch}-step-{step}" for epoch, step in places]
