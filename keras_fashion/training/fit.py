"""`fit` as every training here runs it: progress, logs, best epoch kept, Ctrl-C harmless."""

import sys
import time
from collections.abc import Sequence

import keras
import tensorflow as tf
from tqdm.keras import TqdmCallback

from keras_fashion.errors import InputError
from keras_fashion.run import Run


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
        """Saves if the epoch is worth keeping."""
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
    callbacks: Sequence[keras.callbacks.Callback],
) -> float:
    """Trains a compiled model into its run folder.

    Writes `history.csv` and `logs/` (TensorBoard), shows progress with the time left on stderr.
    Ctrl-C ends the training early; what `KeepModel` has saved by then stands.

    Args:
        model: Compiled.
        dataset: Finite, one pass an epoch.
        run: Where everything goes.
        epochs: How many passes at most.
        callbacks: In the order in which they shall see the logs.

    Returns:
        Seconds that it took.

    Raises:
        InputError: If it is interrupted before anything was saved.
    """
    progress = TqdmCallback(verbose=0, desc=run.path.name, file=sys.stderr)
    started = time.monotonic()
    try:
        model.fit(
            dataset,
            epochs=epochs,
            shuffle=False,  # the pipeline draws anew at each pass
            verbose=0,
            callbacks=[
                *callbacks,
                keras.callbacks.TerminateOnNaN(),
                keras.callbacks.CSVLogger(run.path / "history.csv"),
                keras.callbacks.TensorBoard(run.path / "logs", write_graph=False),
                progress,
            ],
        )
    except KeyboardInterrupt:
        if not (run.path / "model.keras").is_file():
            raise InputError(f"interrupted before {run.path} held a first epoch.") from None
        print(f"interrupted; {run.path} keeps what was saved so far", file=sys.stderr)
    return time.monotonic() - started
