"""Keeping a GAN's last good epoch, as a Keras callback."""

import keras

from keras_fashion.run import Run
from keras_fashion.training.collapse_watch import CollapseWatch
from keras_fashion.training.failure import require_finite


class KeepLast(keras.callbacks.Callback):
    """Saves `model.keras` after every epoch in which the generator has not collapsed.

    No loss says which epoch of a GAN is best: the last one is taken.

    Args:
        run: Where the model goes, written aside and then renamed; None where another worker
            writes it.
        watch: Called before, looks at the generated pictures.
    """

    def __init__(self, run: Run | None, watch: CollapseWatch) -> None:
        super().__init__()
        self.run = run
        self.watch = watch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves; TrainingFailed if the training has diverged."""
        require_finite(self.model)
        if self.run is not None and not self.watch.collapsed:
            self.run.save_model(self.model)
