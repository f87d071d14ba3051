"""Checkpoints of a training, which contain everything that is needed to resume it.

`tf.train.Checkpoint` writes and reads the files. Which of them are kept and read is decided here,
and not by `tf.train.CheckpointManager` or `keras.callbacks.BackupAndRestore`. As measured with
TensorFlow 2.21, `CheckpointManager` raises an error for a damaged newest checkpoint instead of
reading the one before, finds no checkpoint if its index file `checkpoint` is damaged, never calls
`fsync`, and adds a save counter, with which checkpoints of version 0.1 cannot be read.
`BackupAndRestore` of Keras 3.15 resumes at the beginning of an epoch.
"""

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

MAX_TO_KEEP = 3
"""Number of checkpoints that are kept, so that one can be damaged."""

READ_ERRORS = (tf.errors.OpError, ValueError, AssertionError, OSError, LookupError)
"""Errors that TensorFlow raises when it reads a damaged checkpoint or that of another model."""

_FIELDS = {
    "epoch": "epoch",
    "batch": "batch",
    "sums": "sums",
    "seconds": "seconds",
    "noted": "callback_state",
}
"""Keys of the progress in a checkpoint, and the attributes that they stand for."""


class Progress(tf.train.experimental.PythonState):
    """The position of a training, which is part of its checkpoints.

    Attributes:
        epoch: Number of completed epochs, whose rows are in `history.csv`.
        batch: Number of completed steps of the next epoch.
        sums: For each metric of the model, its total and its count over these steps.
        seconds: Training time so far, in seconds.
        callback_state: What callbacks need to know about earlier epochs, by name.

    Example:
        >>> progress = Progress()
        >>> progress.epoch, progress.callback_state["best"] = 2, 0.75
        >>> resumed = Progress()
        >>> resumed.deserialize(progress.serialize())
        >>> resumed.epoch, resumed.callback_state
        (2, {'best': 0.75})
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.batch = 0
        self.sums: dict[str, tuple[float, float]] = {}
        self.seconds = 0.0
        self.callback_state: dict[str, Any] = {}

    def serialize(self) -> str:
        """Returns the state as JSON. TensorFlow calls it when it writes a checkpoint."""
        return json.dumps({key: getattr(self, name) for key, name in _FIELDS.items()})

    def deserialize(self, string_value: str) -> None:
        """Sets the state from JSON. TensorFlow calls it when it reads a checkpoint."""
        for key, value in json.loads(string_value).items():
            if key == "noted":
                self.reset_callback_state(value)
            else:
                setattr(self, _FIELDS[key], value)

    def reset_callback_state(self, state: dict[str, Any]) -> None:
        """Replaces the content of `callback_state`. Callbacks hold the dictionary itself.

        Args:
            state: The new content.
        """
        self.callback_state.clear()
        self.callback_state.update(state)


class Checkpoints:
    """The checkpoints of a run: TensorFlow checkpoints named `checkpoints/epoch-E-step-S`.

    E is the number of completed epochs and S the number of completed steps of the next one. The
    work at the end of an epoch, such as validation, follows the checkpoint of its last step.

    A checkpoint contains the weights, the states of random number generators, the variables of the
    optimizers, and the progress. The state of the data pipeline is not needed, because batch k is a
    function of the seed and k. TensorFlow writes each checkpoint under a temporary name and renames
    it. The oldest checkpoint is removed when the new one has been synced to the disk.

    Args:
        folder: Folder of the checkpoints, which is made when the first is saved.
        model: Compiled model with an attribute `optimizers`, whose variables exist already.
        progress: Progress of the training.
        schedule: When a checkpoint is due.

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.optimizers = []
        >>> folder = Path(tempfile.mkdtemp()) / "checkpoints"
        >>> checkpoints = Checkpoints(folder, model, Progress(), CheckpointSchedule(steps=2))
        >>> for checkpoints.progress.batch in (1, 2):
        ...     if checkpoints.is_due():
        ...         checkpoints.save()
        >>> checkpoints.restore()
        'epoch-0-step-2'
    """

    def __init__(
        self,
        folder: Path,
        model: keras.Model,
        progress: Progress,
        schedule: CheckpointSchedule = CheckpointSchedule(),
    ) -> None:
        self.folder = folder
        self.progress = progress
        self.schedule = schedule
        # The names of these three are part of the file format.
        self.checkpoint = tf.train.Checkpoint(
            variables=model.variables,
            optimizers=[optimizer.variables for optimizer in model.optimizers],
            progress=progress,
        )
        self._damaged: set[str] = set()
        self.start_clock()

    def restore(self) -> str | None:
        """Reads the newest checkpoint that is not damaged into the model and the progress.

        Warns on stderr about each newer checkpoint that cannot be read.

        Returns:
            The name of the checkpoint; None if there is no checkpoint.

        Raises:
            InputError: If there are checkpoints and none can be read.
        """
        damaged = {}
        for path in reversed(list_checkpoints(self.folder)):
            try:
                self.checkpoint.read(str(path)).assert_consumed()
            except READ_ERRORS as error:
                damaged[path.name] = f"{path} cannot be read ({first_line(error)})"
                continue
            for message in damaged.values():
                print(f"warning: {message}; {path.name} is used instead", file=sys.stderr)
            self._damaged = set(damaged)
            return path.name
        if damaged:
            raise InputError(
                f"{'; '.join(damaged.values())}. There is no other checkpoint: train again with "
                "another --out."
            )
        return None

    def is_due(self) -> bool:
        """Returns whether a checkpoint is due. It must be called once after each step."""
        self._steps += 1
        if self.schedule.steps is not None:
            return self._steps >= self.schedule.steps
        return time.monotonic() - self._started >= self.schedule.seconds

    def save(self) -> None:
        """Writes a checkpoint of the present position, unless there is one, and restarts the clock.

        Raises:
            InputError: If it cannot be written. Earlier checkpoints are kept.
        """
        name = f"epoch-{self.progress.epoch}-step-{self.progress.batch}"
        try:
            self.folder.mkdir(exist_ok=True)
            complete = self._list_undamaged()
            if self.folder / name not in complete:
                self._remove_all_files_except(complete)
                self.checkpoint.write(str(self.folder / name))
                for file in self.folder.glob(f"{name}.*"):
                    sync(file)
                sync(self.folder)
                self._damaged.clear()  # Their files have been removed, too.
                self.remove(all_but=MAX_TO_KEEP)
        except (tf.errors.OpError, OSError) as error:
            complete = self._list_undamaged()
            kept = f"{complete[-1].name} is kept" if complete else "there is no earlier one"
            raise InputError(
                f"{self.folder}: the checkpoint {name} cannot be written "
                f"({first_line(error)}); {kept}. Free disk space or make the folder writable, and "
                "run the same command again to continue."
            ) from error
        self.start_clock()

    @property
    def is_empty(self) -> bool:
        """Whether there is no checkpoint."""
        return not list_checkpoints(self.folder)

    def remove(self, all_but: int) -> None:
        """Removes the oldest checkpoints, and the folder if all checkpoints are removed.

        Args:
            all_but: Number of checkpoints to keep.
        """
        complete = list_checkpoints(self.folder)
        for path in complete[: max(0, len(complete) - all_but)]:
            for file in self.folder.glob(f"{path.name}.*"):
                file.unlink()
        if not all_but:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start_clock(self) -> None:
        """Makes the next checkpoint due after a whole interval from now."""
        self._steps, self._started = 0, time.monotonic()

    def _list_undamaged(self) -> list[Path]:
        """Returns the checkpoints except those that `restore` could not read."""
        return [path for path in list_checkpoints(self.folder) if path.name not in self._damaged]

    def _remove_all_files_except(self, complete: list[Path]) -> None:
        """Removes damaged checkpoints, and what an interrupted write has left."""
        names = {path.name for path in complete}
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in names:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def list_checkpoints(folder: Path) -> list[Path]:
    """Returns the prefixes of the complete checkpoints in a folder, oldest first.

    A checkpoint is complete if its index exists, which TensorFlow renames last.

    Args:
        folder: The folder, which need not exist.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("epoch-10-step-2", "epoch-9-step-40"):
        ...     (folder / f"{name}.index").touch()
        >>> [path.name for path in list_checkpoints(folder)]
        ['epoch-9-step-40', 'epoch-10-step-2']
    """
    names = (re.fullmatch(r"epoch-(\d+)-step-(\d+)\.index", each.name) for each in folder.glob("*"))
    positions = sorted((int(name[1]), int(name[2])) for name in names if name)
    return [folder / f"epoch-{epoch}-step-{step}" for epoch, step in positions]
