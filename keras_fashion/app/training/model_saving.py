"""Callbacks that save the model of a run: of a recommender's best epoch, of a GAN's last epoch.

They do what `keras.callbacks.EarlyStopping` and `ModelCheckpoint` do, for a training that can be
resumed. As measured with Keras 3.15, `EarlyStopping` and `ModelCheckpoint` forget the best value
when a training is resumed, so that patience starts again and a worse model replaces the best one.
`ModelCheckpoint` overwrites the file in place, so that a killed process leaves none, and both
compare in float32, in which an AUC of 0.8 + 1e-9 is not better than one of 0.8.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Progress
from keras_fashion.callbacks.mode_collapse import ModeCollapseMonitor
from keras_fashion.errors import TrainingFailed


class SaveBestModel(keras.callbacks.Callback):
    """Saves the model when a monitored metric has improved; stops training when it no longer does.

    Args:
        run: Run whose `model.keras` is replaced; None on workers that do not write files.
        monitor: Name of the metric in the logs. Higher is better.
        patience: Number of epochs without improvement after which training stops.
        progress: Progress of the training, in whose `callback_state` the best value and the number
            of epochs since are kept.

    Example:
        >>> progress = Progress()
        >>> callback = SaveBestModel(None, "val_auc", 2, progress)
        >>> callback.set_model(keras.Model())
        >>> callback.on_train_begin()
        >>> for epoch, auc in enumerate((0.7, 0.8, 0.75)):
        ...     callback.on_epoch_end(epoch, {"val_auc": auc})
        >>> progress.callback_state
        {'best': 0.8, 'waited': 1}
    """

    def __init__(self, run: Run | None, monitor: str, patience: int, progress: Progress) -> None:
        super().__init__()
        self.run = run
        self.monitor = monitor
        self.patience = patience
        self.progress = progress

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Stops a resumed training whose patience had ended before."""
        waited = self.progress.callback_state.get("waited", 0)
        self.model.stop_training = waited >= self.patience

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves the model or counts the epoch.

        Raises:
            TrainingFailed: If a value in the logs is not finite.
        """
        logs = logs or {}
        if not all(np.isfinite(value) for value in logs.values()):
            raise TrainingFailed(f"diverged in epoch {epoch + 1}; try a smaller --learning-rate")
        # The keys "best" and "waited" are part of the checkpoint's format.
        state = self.progress.callback_state
        if logs[self.monitor] > state.get("best", -np.inf):
            state |= {"best": logs[self.monitor], "waited": 0}
            if self.run is not None:
                self.run.save_model(self.model)
        else:
            state["waited"] += 1
            self.model.stop_training = state["waited"] >= self.patience


class SaveLastModel(keras.callbacks.Callback):
    """Saves the model after each epoch in which the generator has not collapsed.

    No loss of a GAN tells which epoch is the best, so the last one is kept.

    Args:
        run: Run whose `model.keras` is replaced; None on workers that do not write files.
        monitor: Callback that detects mode collapse. It must be called before this one.
    """

    def __init__(self, run: Run | None, monitor: ModeCollapseMonitor) -> None:
        super().__init__()
        self.run = run
        self.monitor = monitor

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves the model.

        Raises:
            TrainingFailed: If a weight is not finite.
        """
        require_finite_weights(self.model)
        if self.run is not None and not self.monitor.collapsed:
            self.run.save_model(self.model)


def require_finite_weights(model: keras.Model) -> None:
    """Checks that all trainable weights of a model are finite.

    Args:
        model: The model.

    Raises:
        TrainingFailed: If a weight is not finite.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> require_finite_weights(model)
        >>> _ = model.layers[0].kernel.assign([[float("nan")]])
        >>> require_finite_weights(model)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.TrainingFailed: diverged: ...
    """
    if not all(bool(tf.reduce_all(tf.math.is_finite(each))) for each in model.trainable_variables):
        raise TrainingFailed(
            "diverged: some of its weights are not finite; try a smaller --learning-rate"
        )
