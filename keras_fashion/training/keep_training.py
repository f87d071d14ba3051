"""Saving a GAN in training so that nothing is lost when it stops, as a Keras callback."""

import sys
import time

import keras
import numpy as np

from keras_fashion.run import Run


class KeepTraining(keras.callbacks.Callback):
    """Saves all that a training needs to go on: after every epoch and now and then within one.

    `model.keras` holds the networks and both optimisers, whose iterations are the steps done; what
    is drawn at a step, pictures and codes, depends on its number alone. So there is no second kind
    of checkpoint. Networks whose weights are no longer finite are never saved; they end the
    training.

    Args:
        run: Where `model.keras` goes. Its `metrics.json` calls it interrupted until it is
            finished, so that a killed process leaves nothing that looks whole.
        every: Seconds after which an epoch that is still going on is saved.
    """

    def __init__(self, run: Run, every: float = 600.0) -> None:
        super().__init__()
        self.run = run
        self.every = every
        self.diverged = False

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        self.saved = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Saves if the last time is long ago."""
        if time.monotonic() - self.saved >= self.every:
            self.save()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves."""
        self.save()

    def save(self) -> None:
        """Saves the model as it is after the last whole step; ends a training that has diverged."""
        if self.diverged or int(self.model.discriminator_optimizer.iterations) == 0:
            return
        networks = (self.model.apprentice, self.model.discriminator)
        weights = (weight for network in networks for weight in network.get_weights())
        if not all(np.isfinite(weight).all() for weight in weights):
            self.diverged = True
            self.model.stop_training = True
            print(
                f"{self.run.path}: diverged (weights are not finite numbers); stopped. Try a "
                "smaller --learning-rate.",
                file=sys.stderr,
            )
            return
        self.run.save_model(self.model)
        self.run.finish(interrupted=True)
        self.saved = time.monotonic()
