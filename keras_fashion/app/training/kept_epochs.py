"""Which epoch's model a run keeps: the best of a recommender, the last of a GAN."""

import keras
import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Progress
from keras_fashion.app.training.loop import require_finite
from keras_fashion.callbacks.mode_collapse import ModeCollapseMonitor
from keras_fashion.errors import TrainingFailed


class BestEpoch(keras.callbacks.Callback):
    """Saves `model.keras` when a validation AUC has risen; ends a training in which it does not.

    Args:
        run: Where the model goes, written aside and then renamed; None where another worker
            writes it.
        monitor: The log that shall rise.
        patience: Epochs without a better one before it ends.
        progress: Notes the best value and the epochs since.
    """

    def __init__(self, run: Run | None, monitor: str, patience: int, progress: Progress) -> None:
        super().__init__()
        self.run = run
        self.monitor = monitor
        self.patience = patience
        self.progress = progress

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Ends a training that had ended already, but for what comes after its last epoch."""
        self.model.stop_training = self.progress.noted.get("waited", 0) >= self.patience

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Saves, waits or ends; TrainingFailed if the training has diverged."""
        if not all(np.isfinite(value) for value in logs.values()):
            raise TrainingFailed(f"diverged in epoch {epoch + 1}; try a smaller --learning-rate")
        noted = self.progress.noted
        if logs[self.monitor] > noted.get("best", -np.inf):
            noted |= {"best": logs[self.monitor], "waited": 0}
            if self.run is not None:
                self.run.save_model(self.model)
        else:
            noted["waited"] += 1
            self.model.stop_training = noted["waited"] >= self.patience


class LastEpoch(keras.callbacks.Callback):
    """Saves `model.keras` after every epoch in which the generator has not collapsed.

    No loss says which epoch of a GAN is best: the last one is taken.

    Args:
        run: Where the model goes, written aside and then renamed; None where another worker
            writes it.
        watch: Called before, looks at the generated pictures.
    """

    def __init__(self, run: Run | None, watch: ModeCollapseMonitor) -> None:
        super().__init__()
        self.run = run
        self.watch = watch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves; TrainingFailed if the training has diverged."""
        require_finite(self.model)
        if self.run is not None and not self.watch.collapsed:
            self.run.save_model(self.model)
