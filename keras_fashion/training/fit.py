"""`fit` as every training here runs it: progress, logs, best epoch kept, Ctrl-C harmless."""

import sys
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from tqdm.keras import TqdmCallback

from keras_fashion.errors import InputError
from keras_fashion.run import Run
from keras_fashion.training.keep_training import KeepTraining


class KeepModel(keras.callbacks.Callback):
    """Saves the model into the run folder after an epoch, written aside and then renamed.

    Args:
        run: Where `model.keras` goes.
        monitor: Save only when this log has risen to a new best; None saves after every epoch.
    """

    def __init__(self, run: Run, monitor: str | None = None) -> None:
        super().__init__()
        self.run = run
        self.monitor = monitor
        self.best: float | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Saves if the epoch is worth keeping; ends a training that has diverged."""
        if not all(np.isfinite(value) for value in logs.values()):
            print(f"{self.run.path}: diverged in epoch {epoch + 1}; stopped", file=sys.stderr)
            self.model.stop_training = True
            return
        if self.monitor is not None:
            if self.best is not None and logs[self.monitor] <= self.best:
                return
            self.best = logs[self.monitor]
        self.run.save_model(self.model)


def fit(
    model: keras.Model,
    dataset: tf.data.Dataset,
    run: Run,
    epochs: int,
    steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
    first_epoch: int = 0,
    keep: KeepTraining | None = None,
) -> bool:
    """Trains a compiled model into its run folder.

    Writes `history.csv` and `logs/` (TensorBoard), or goes on with them, and shows progress with
    the time left on stderr. Ctrl-C ends the training early; what was saved by then stands.

    Args:
        model: Compiled.
        dataset: Batches without end.
        run: Where everything goes.
        epochs: After how many passes it ends at the latest, those before `first_epoch` included.
        steps: Batches in a pass.
        callbacks: In the order in which they shall see the logs.
        first_epoch: How many passes were trained already.
        keep: Saves when an epoch's row is in `history.csv`, and at Ctrl-C, for a training that
            can go on. At Ctrl-C after an epoch's last step and before its row, the row is lost.

    Returns:
        Whether it was interrupted.

    Raises:
        InputError: If it is interrupted, or diverges, before anything was saved.
    """
    progress = TqdmCallback(verbose=0, desc=run.path.name, file=sys.stderr)
    interrupted = False
    try:
        model.fit(
            dataset,
            epochs=epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=steps,
            shuffle=False,  # the pipeline draws anew at each pass
            verbose=0,
            callbacks=[
                *callbacks,
                keras.callbacks.CSVLogger(run.path / "history.csv", append=True),
                keras.callbacks.TensorBoard(run.path / "logs", write_graph=False),
                progress,
                *([keep] if keep else []),
            ],
        )
    except KeyboardInterrupt:
        interrupted = True
        if keep:
            keep.save()
    if not (run.path / "model.keras").is_file():
        raise InputError(
            f"interrupted before {run.path} held a first epoch."
            if interrupted
            else f"{run.path} diverged in its first epoch; try a smaller --learning-rate."
        )
    if interrupted:
        what = "every step so far; go on with --resume" if keep else "what was saved so far"
        print(f"interrupted; {run.path} keeps {what}", file=sys.stderr)
    return interrupted
