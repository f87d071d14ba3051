"""Detection of mode collapse in the training of a GAN, as a Keras callback."""

import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.spatial.distance import pdist
from tqdm import tqdm

from keras_fashion.data import Catalogue
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import TrainingFailed

MAX_REAL = 64
"""Largest number of real pictures of a category between which distances are computed."""

MIN_REAL = 8
"""Number of real pictures that a category needs to be monitored."""

MAX_CATEGORIES = 16
"""Largest number of categories that are monitored: those with the most pictures."""

NUM_LATENTS = 8
"""Number of pictures that are drawn of each category."""

COLLAPSED = 0.25
"""Diversity below which a category has collapsed.

Measured on the atelier at 32x32 and 64x64 and on H&M. After 500 steps, no category of a healthy
training was below 0.45; before, they were between 0.22 and 0.45. A category that had collapsed (no
penalty and a hundredfold learning rate of the generator) was at 0.00. Twenty times the learning
rate did not collapse any category, with the penalty or without.
"""

MAX_DISCRIMINATOR_LOSS = 0.03
MIN_GENERATOR_LOSS = 0.45
"""The discriminator dominates if its loss is below the first and the generator's above the second.

At 0 and 0.5, it outputs 1 for every real picture and 0 for every generated one. In healthy
trainings the losses were 0.04 to 0.21 and 0.2 to 0.44. Where domination was provoked, they were
0.001 to 0.009 and 0.495 to 0.5.
"""

MIN_STEPS = 500
"""Number of steps before which nothing is reported, because all pictures of an untrained generator
look the same."""

PATIENCE = 2
"""Number of successive epochs in which a condition must hold before it is reported."""

MAX_SHARE = 0.5
"""Share of collapsed categories above which the training is stopped."""

ADVICE = (
    "Try a lower `learning_rate`, a larger `batch_size`, more pictures of each category or "
    "another `preset`."
)


class ModeCollapseMonitor(keras.callbacks.Callback):
    """Logs how diverse the pictures of a category are, and warns once if the training fails.

    `diversity` in the logs is the mean over categories of a ratio: the mean distance between
    generated pictures of the category, of the same latents in every epoch, divided by that between
    real pictures. Distances are Euclidean, in pixels. The ratio is about 1 where generated pictures
    differ as real ones do, and 0 where all latents give the same picture. It does not measure
    quality: noise is diverse.

    A category collapses if its ratio falls below `COLLAPSED`. The callback also warns if the
    discriminator dominates, from which a generator learns nothing more. It ends the training if
    most categories have collapsed.

    Args:
        catalogue: Catalogue with the real pictures.
        picture_size: Height and width of the generated pictures.
        seed: Seed of the latents and of the choice of real pictures.
        state: State that the callback keeps between epochs, in plain types. Save it with a
            checkpoint and pass it again to resume a training.
        workers: Workers of the training; by default this process alone. The chief draws the
            pictures and warns.

    Attributes:
        collapsed: Whether most categories have collapsed in the last epoch.

    Example:
        >>> from types import SimpleNamespace
        >>> noise = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8)
        >>> catalogue = SimpleNamespace(
        ...     categories=["Tops"], item_categories=np.zeros(8, int), pictures=lambda size: noise
        ... )
        >>> from keras_fashion.models import GAN_PRESETS
        >>> gan = GAN_PRESETS["default"].make(num_categories=1, picture_size=(16, 16), width=2)
        >>> monitor = ModeCollapseMonitor(catalogue, picture_size=(16, 16))
        >>> monitor.set_model(gan)
        >>> monitor.on_train_begin()
        >>> logs = {"discriminator_loss": 0.1, "generator_loss": 0.4}
        >>> monitor.on_epoch_end(0, logs)
        >>> 0 < logs["diversity"] < 0.25, monitor.collapsed  # nothing is reported so early
        (True, False)
    """

    def __init__(
        self,
        catalogue: Catalogue,
        picture_size: tuple[int, int],
        seed: int = 0,
        state: dict[str, Any] | None = None,
        workers: Workers | None = None,
    ) -> None:
        super().__init__()
        self.state = {} if state is None else state
        self.workers = workers or Workers(tf.distribute.get_strategy())
        self.collapsed = False
        self.seed = seed
        rng = np.random.default_rng(seed)
        counts = np.bincount(catalogue.item_categories, minlength=len(catalogue.categories))
        largest = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
        pictures = catalogue.pictures(picture_size)
        self.real: dict[int, float] = {}
        for category in largest[counts[largest] >= MIN_REAL]:
            items = np.flatnonzero(catalogue.item_categories == category)
            sample = np.sort(rng.choice(items, min(MAX_REAL, len(items)), replace=False))
            distance = _mean_distance(pictures[sample] / 127.5)
            if distance > 0:  # All pictures of a category may be the same.
                self.real[int(category)] = distance
        self.names = catalogue.categories

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Draws the latents."""
        shape = (NUM_LATENTS, self.model.latent_dim)
        self.latents = np.random.default_rng(self.seed).uniform(-1, 1, shape).astype(np.float32)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Logs the diversity, if a category has enough pictures, and warns if it is time to.

        Raises:
            TrainingFailed: If most categories have been collapsed for `PATIENCE` epochs.
        """
        logs = {} if logs is None else logs
        steps = keras.ops.convert_to_numpy(self.model.discriminator_optimizer.iterations)
        early = steps < MIN_STEPS
        if self.real:
            ratios = self.diversity()
            logs["diversity"] = float(np.mean(list(ratios.values())))
            low = {name: ratio for name, ratio in ratios.items() if ratio < COLLAPSED}
            self.collapsed = len(low) > MAX_SHARE * len(ratios) and not early
            if self._is_due("collapsed", bool(low) and not early):
                listed = ", ".join(f"{name} ({ratio:.2f})" for name, ratio in [*low.items()][:5])
                self._warn(
                    f"epoch {epoch + 1}: {len(low)} of {len(ratios)} categories have collapsed: "
                    "the generator draws almost the same picture for every latent. Distances "
                    f"between generated pictures over those between real ones: {listed}. {ADVICE}"
                )
            if self._is_due("lost", self.collapsed):
                raise TrainingFailed(
                    f"collapsed: for {PATIENCE} epochs, {epoch + 1} being the last, the generator "
                    f"drew almost the same picture for every latent in {len(low)} of {len(ratios)} "
                    f"categories. {ADVICE}"
                )
        discriminator = logs.get("discriminator_loss", np.nan)
        generator = logs.get("generator_loss", np.nan)
        dominates = discriminator < MAX_DISCRIMINATOR_LOSS and generator > MIN_GENERATOR_LOSS
        if self._is_due("won", dominates and not early):
            self._warn(
                f"epoch {epoch + 1}: the discriminator dominates. Its loss is {discriminator:.3f} "
                f"and the generator's {generator:.2f}: it recognizes every generated picture, and "
                f"the generator learns nothing more. {ADVICE}"
            )

    def diversity(self) -> dict[str, float]:
        """Computes the diversity of the averaged generator.

        Returns:
            The ratio of each monitored category, by the category's name.
        """
        found = np.zeros(len(self.real))
        if self.workers.is_chief:
            for place, (category, distance) in enumerate(self.real.items()):
                categories = np.full(NUM_LATENTS, category, np.int32)
                drawn = self.model([self.latents, categories], training=False)
                found[place] = _mean_distance(np.asarray(drawn)) / distance
        # All workers decide by the same numbers, so that rounding cannot make them differ.
        ratios = self.workers.sum(found).tolist()
        return dict(zip([self.names[category] for category in self.real], ratios, strict=True))

    def _is_due(self, condition: str, holds: bool) -> bool:
        """Tells whether a condition has held for long enough and was not reported yet."""
        running = self.state.setdefault("running", {})
        warned = self.state.setdefault("warned", [])
        running[condition] = running.get(condition, 0) + 1 if holds else 0
        if running[condition] < PATIENCE or condition in warned:
            return False
        warned.append(condition)
        return True

    def _warn(self, warning: str) -> None:
        if self.workers.is_chief:
            tqdm.write(f"warning: {warning}", file=sys.stderr)


def _mean_distance(pictures: np.ndarray) -> float:
    """Computes the mean Euclidean distance between two of (N, H, W, 3) pictures."""
    return float(pdist(pictures.reshape(len(pictures), -1).astype(np.float64)).mean())
