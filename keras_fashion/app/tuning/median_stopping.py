"""Stopping a trial early that is behind the others."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pandas as pd

TRIALS = 5
"""Number of earlier trials before which none is stopped."""

EPOCHS = 5
"""Number of epochs before which a trial is not stopped."""


class MedianStopping(keras.callbacks.Callback):
    """Stops a training whose best value of a metric is below the median of earlier trainings'.

    The values are compared after the same number of epochs; an earlier training that has ended by
    then counts with its best value. That is the median stopping rule of Golovin et al., "Google
    Vizier", KDD 2017, with the best value so far in the place of the mean. No training is stopped
    that is the best so far.

    Args:
        earlier: Values of the metric after each epoch of earlier trainings.
        monitor: Name of the metric in the logs. Higher is better.
        history: `history.csv` of the training, which has the epochs before it was resumed.

    Example:
        >>> earlier = [[0.7, 0.8]] * 3 + [[0.5] * 9] * 2
        >>> callback = MedianStopping(earlier, "val_auc", Path("history.csv"))
        >>> callback.set_model(keras.Model())
        >>> callback.on_train_begin()
        >>> for epoch, auc in enumerate((0.5, 0.6, 0.7, 0.7, 0.75)):
        ...     callback.on_epoch_end(epoch, {"val_auc": auc})
        >>> callback.model.stop_training
        True
    """

    def __init__(self, earlier: Sequence[Sequence[float]], monitor: str, history: Path) -> None:
        super().__init__()
        self.earlier = earlier
        self.monitor = monitor
        self.history = history
        self.values: list[float] = []

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Reads the values before the training was resumed, and stops it if it was stopped."""
        self.values = values_by_epoch(self.history, self.monitor)
        self._stop_if_behind()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Stops the training if it is behind."""
        self.values.append((logs or {})[self.monitor])
        self._stop_if_behind()

    def _stop_if_behind(self) -> None:
        epochs = len(self.values)
        if epochs < EPOCHS or len(self.earlier) < TRIALS:
            return
        median = np.median([max(values[:epochs]) for values in self.earlier])
        if max(self.values) < median:
            self.model.stop_training = True


def values_by_epoch(history: Path, metric: str) -> list[float]:
    """Returns the values of a metric after each epoch.

    Args:
        history: `history.csv` of a training.
        metric: Name of the metric.

    Returns:
        The values; none if the file is empty or does not exist, as of a model that is not trained
        by steps.
    """
    if not history.is_file() or not history.stat().st_size:
        return []
    return pd.read_csv(history)[metric].tolist()
