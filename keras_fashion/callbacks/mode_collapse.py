"""Noticing that a GAN's training has gone wrong, as a Keras callback."""

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

REAL = 64
"""Real pictures of a category at most, whose distances are the yardstick."""
FEWEST = 8
"""Real pictures that a category needs to be looked at."""
CATEGORIES = 16
"""That are looked at, at most: those with the most pictures."""
LATENTS = 8
"""Pictures that are drawn of each."""

COLLAPSED = 0.25
"""Diversity below which a category has collapsed.

Measured on the demo shop at 32x32 and 64x64 and on H&M: after 500 steps no category of a training
in order was below 0.45, and before them they were from 0.22; one that had collapsed (no penalty, a
hundredfold learning rate of the generator) was at 0.00. Twenty times the learning rate collapsed
nothing, with the penalty or without.
"""
WON = (0.03, 0.45)
"""The discriminator has won where its loss is below the first and the generator's above the
second: at 0 and 0.5 it calls every real picture 1 and every generated one 0. In order they were
0.04 to 0.21 and 0.2 to 0.44; won on purpose, 0.001 to 0.009 and 0.495 to 0.5."""
YOUNG = 500
"""Steps before which nothing is said: an untrained generator draws one blur."""
EPOCHS = 2
"""For how many running it must be so."""
MOST = 0.5
"""Share of the categories beyond which the generator itself has collapsed."""

ADVICE = (
    "Try a lower --learning-rate, a larger --batch-size, more pictures of each category or "
    "another --preset."
)


class ModeCollapseMonitor(keras.callbacks.Callback):
    """Logs how diverse the pictures of a category are, and warns, once, when that goes wrong.

    `diversity` is the mean distance between generated pictures of a category, of the same latents
    throughout, over that between real ones, Euclidean in pixels; the log is the mean over the
    categories. It is about 1 where generated pictures differ as real ones do and 0 where all
    latents give one picture. It says nothing of quality: noise is diverse.

    It also warns of a discriminator that has won, from which a generator learns nothing more. A
    training in which most categories have collapsed is ended.

    Args:
        catalogue: With the real pictures.
        picture_size: Height and width of the generated ones.
        seed: Of the latents and of which real pictures are looked at.
        state: What the callback remembers between epochs, in plain types. Save it with a checkpoint
            and give it again to resume a training.
        workers: Who train; by default this process alone. The chief looks, and warns.

    Attributes:
        collapsed: Whether most categories have, in the last epoch.
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
        random = np.random.default_rng(seed)
        counts = np.bincount(catalogue.item_categories, minlength=len(catalogue.categories))
        most = np.argsort(-counts, kind="stable")[:CATEGORIES]
        pictures = catalogue.pictures(picture_size)
        self.real: dict[int, float] = {}
        for category in most[counts[most] >= FEWEST]:
            items = np.flatnonzero(catalogue.item_categories == category)
            some = np.sort(random.choice(items, min(REAL, len(items)), replace=False))
            distance = _mean_distance(pictures[some] / 127.5)
            if distance > 0:  # a shop may have the same picture everywhere
                self.real[int(category)] = distance
        self.names = catalogue.categories

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Draws the latents."""
        shape = (LATENTS, self.model.latent_dim)
        self.latents = np.random.default_rng(self.seed).uniform(-1, 1, shape).astype(np.float32)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Logs the diversity, if a category has enough pictures; warns if it is time to.

        Raises:
            TrainingFailed: If most categories have collapsed for some epochs.
        """
        steps = keras.ops.convert_to_numpy(self.model.discriminator_optimizer.iterations)
        young = steps < YOUNG
        if self.real:
            ratios = self.diversity()
            logs["diversity"] = float(np.mean(list(ratios.values())))
            low = {name: ratio for name, ratio in ratios.items() if ratio < COLLAPSED}
            self.collapsed = len(low) > MOST * len(ratios) and not young
            if self._is_time("collapsed", bool(low) and not young):
                few = ", ".join(f"{name} ({ratio:.2f})" for name, ratio in [*low.items()][:5])
                self._say(
                    f"epoch {epoch + 1}: {len(low)} of {len(ratios)} categories have collapsed: "
                    "whatever the latent, the generator draws much the same picture. Distances "
                    f"between generated ones over those between real ones: {few}. {ADVICE}"
                )
            if self._is_time("lost", self.collapsed):
                raise TrainingFailed(
                    f"collapsed: for {EPOCHS} epochs, {epoch + 1} the last, {len(low)} of "
                    f"{len(ratios)} categories were each much the same picture, whatever the "
                    f"latent. {ADVICE}"
                )
        judge, generator = logs["discriminator_loss"], logs["generator_loss"]
        if self._is_time("won", judge < WON[0] and generator > WON[1] and not young):
            self._say(
                f"epoch {epoch + 1}: the discriminator has won, its loss is {judge:.3f} and the "
                f"generator's {generator:.2f}: it tells every picture that is generated, and the "
                f"generator learns nothing more. {ADVICE}"
            )

    def diversity(self) -> dict[str, float]:
        """Of the averaged generator, by category."""
        found = np.zeros(len(self.real))
        if self.workers.is_chief:
            for place, (category, distance) in enumerate(self.real.items()):
                kinds = np.full(LATENTS, category, np.int32)
                drawn = np.asarray(self.model.ema_generator([self.latents, kinds], training=False))
                found[place] = _mean_distance(drawn) / distance
        # All decide by the same figures, however theirs were rounded.
        ratios = self.workers.sum(found).tolist()
        return dict(zip([self.names[category] for category in self.real], ratios, strict=True))

    def _is_time(self, what: str, is_so: bool) -> bool:
        """Whether it has been so for long enough and nothing was said of it."""
        running = self.state.setdefault("running", {})
        warned = self.state.setdefault("warned", [])
        running[what] = running.get(what, 0) + 1 if is_so else 0
        if running[what] < EPOCHS or what in warned:
            return False
        warned.append(what)
        return True

    def _say(self, warning: str) -> None:
        if self.workers.is_chief:
            tqdm.write(f"warning: {warning}", file=sys.stderr)


def _mean_distance(pictures: np.ndarray) -> float:
    """Mean Euclidean distance between two of (N, H, W, 3) pictures, a range of 2 a channel."""
    return float(pdist(pictures.reshape(len(pictures), -1).astype(np.float64)).mean())
