"""Calibration of a GAN's realism during training, as a Keras callback."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue
from keras_fashion.distribution.workers import Workers

MAX_REAL = 64
"""Largest number of real pictures of a category by which realism is calibrated."""


class RealismCalibrator(keras.callbacks.Callback):
    """Calibrates the realism of a GAN after each epoch (`ConditionalGAN.calibrate`).

    It must come before a callback that saves the model. The real pictures and the latents stay the
    same, so that the calibration depends only on the weights: a training that was resumed ends with
    that of one that never stopped.

    Args:
        catalogue: Catalogue with the real pictures.
        picture_size: Height and width of the generated pictures.
        seed: Seed of the choice of real pictures and of the latents.
        workers: Workers of the training; by default this process alone. The chief computes the
            calibration, and all use it.

    Example:
        >>> from types import SimpleNamespace
        >>> noise = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8)
        >>> categories = np.zeros(8, int)
        >>> catalogue = SimpleNamespace(item_categories=categories, pictures=lambda size: noise)
        >>> from keras_fashion.models import GAN_PRESETS
        >>> gan = GAN_PRESETS["default"].make(num_categories=1, picture_size=(16, 16), width=2)
        >>> calibrator = RealismCalibrator(catalogue, picture_size=(16, 16))
        >>> calibrator.set_model(gan)
        >>> calibrator.on_epoch_end(0)
        >>> [weight.shape for weight in gan.calibration.get_weights()]
        [(1,), (1,)]
    """

    def __init__(
        self,
        catalogue: Catalogue,
        picture_size: tuple[int, int],
        seed: int = 0,
        workers: Workers | None = None,
    ) -> None:
        super().__init__()
        self.seed = seed
        self.workers = workers or Workers(tf.distribute.get_strategy())
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(catalogue.item_categories))
        in_order = catalogue.item_categories[order]
        sample = [order[in_order == category][:MAX_REAL] for category in np.unique(in_order)]
        rows = np.sort(np.concatenate(sample))
        self.pictures = catalogue.pictures(picture_size)[rows]
        self.categories = catalogue.item_categories[rows]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Calibrates the realism."""
        calibration = self.model.calibration
        if self.workers.is_chief:
            self.model.calibrate(self.pictures, self.categories, self.seed)
        # All workers get the numbers of the chief, so that rounding cannot make them differ.
        share = float(self.workers.is_chief)
        found = [self.workers.sum(share * each) for each in calibration.get_weights()]
        calibration.set_weights(found)
