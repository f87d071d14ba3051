"""Metrics of a GAN's pictures during training, as a Keras callback."""

import sys
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from keras_fashion.data import Catalogue
from keras_fashion.errors import InputError
from keras_fashion.evaluation.image_folders import kept_inception_features
from keras_fashion.evaluation.image_metrics import (
    FEATURE_SCORES,
    MIN_PICTURES,
    NETWORKS,
    feature_scores,
)
from keras_fashion.evaluation.picture_set import sample_rows
from keras_fashion.features.classifier import category_classifier
from keras_fashion.features.evaluation_classifier import EvaluationClassifier
from keras_fashion.models.inception import InceptionFeatures, inception_features


class GenerationMetrics(keras.callbacks.Callback):
    """Logs scores of the EMA generator's pictures every few epochs and after the last.

    The logs get `frechet_distance`, `kernel_distance` with its deviation, `precision`, `recall`,
    `density` and `coverage` (`feature_scores`), computed with as many real pictures, which are
    drawn once, in the same categories. The latents stay the same, so that a score changes only
    with the generator. With few pictures the Fréchet distance is biased upward (see
    `frechet_distance`): compare it within a run, or between runs of the same
    `num_metrics_pictures`. In epochs without scores they are NaN.

    With Keras's Inception the names begin with `imagenet_`. Without an Inception the features are
    those of the catalogue's category classifier and the names begin with `category_`; then
    `category_accuracy` is the share of generated pictures whose category the classifier
    recognizes. That classifier was trained on all real pictures, unlike that of
    `train_evaluation_classifier`, so that its scores differ from those of `score_images`.

    Args:
        catalogue: Catalogue with the real pictures, beside which their Inception features are kept.
        picture_size: Height and width of the generated pictures.
        metrics_every: Number of epochs from one scoring to the next.
        num_metrics_pictures: Number of pictures of each set; at most that of the catalogue.
        inception: Weights for `inception_features`; by default the category classifier is used.
        seed: Seed of the latents, the real pictures and the subsets of the kernel distance.
        last: Number of the last epoch; by default the last of the `fit` that gets the callback.

    Raises:
        InputError: If the catalogue has too few pictures, it has only one category and no Inception
            is given, or Inception's weights cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import GAN_PRESETS, CategoryClassifier
        >>> noise = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8)
        >>> catalogue = SimpleNamespace(
        ...     categories=["Bags", "Tops"],
        ...     item_ids=range(8),
        ...     item_categories=np.arange(8) % 2,
        ...     pictures=lambda size: noise,
        ...     derived=Path("."),
        ... )
        >>> classifier = CategoryClassifier(2, (16, 16), widths=(3,))
        >>> classifier.build((None, 16, 16, 3))
        >>> classifier.save("category_classifier.keras")
        >>> metrics = GenerationMetrics(catalogue, picture_size=(16, 16), metrics_every=2)
        >>> metrics.set_model(GAN_PRESETS["default"].make(2, (16, 16), width=2))
        >>> metrics.set_params({"epochs": 4})
        >>> metrics.on_train_begin()
        >>> metrics.scores()["category_accuracy"]
        0.5
        >>> logs = {}
        >>> metrics.on_epoch_end(0, logs)  # not due in the first of every two epochs
        >>> logs["category_frechet_distance"]
        nan
    """

    def __init__(
        self,
        catalogue: Catalogue,
        picture_size: tuple[int, int],
        metrics_every: int = 5,
        num_metrics_pictures: int = 2000,
        inception: str | Path | None = None,
        seed: int = 0,
        last: int | None = None,
    ) -> None:
        super().__init__()
        self.metrics_every, self.seed, self.last = metrics_every, seed, last
        rows = sample_rows(len(catalogue.item_ids), num_metrics_pictures, seed)
        if len(rows) < MIN_PICTURES:
            raise InputError(
                f"scores take {MIN_PICTURES} pictures, and there are {len(rows)}; give a larger "
                "`num_metrics_pictures` or no `metrics_every`."
            )
        self.categories = catalogue.item_categories[rows].astype(np.int32)
        self.network: InceptionFeatures | EvaluationClassifier
        if inception:
            self.network = inception_features(inception)
            self.kind = self.network.kind
            self.real = kept_inception_features(catalogue, rows, picture_size, self.network)
        else:
            if len(catalogue.categories) < 2:
                raise InputError(
                    f"catalogue {catalogue.name} has one category, and its classifier learns no "
                    "features; give `inception` or no `metrics_every`."
                )
            self.network = EvaluationClassifier(
                category_classifier(catalogue), np.array(catalogue.categories)
            )
            self.kind = "category"
            self.real = self.network.features(catalogue.pictures(picture_size)[rows])

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Draws the latents."""
        shape = (len(self.categories), self.model.latent_dim)
        self.latents = np.random.default_rng(self.seed).uniform(-1, 1, shape).astype(np.float32)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds the scores to the logs and prints them, if they are due."""
        logs = {} if logs is None else logs
        done = epoch + 1
        if done % self.metrics_every and done != (self.last or self.params["epochs"]):
            logs.update(dict.fromkeys(self.names, np.nan))
            return
        scores = self.scores()
        logs.update(scores)
        line = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        tqdm.write(f"epoch {done}: {line}", file=sys.stderr)

    @property
    def names(self) -> list[str]:
        """Names of the scores in the logs."""
        names = [NETWORKS[self.kind][0] + name for name in FEATURE_SCORES]
        return [*names, "category_accuracy"] if self.kind == "category" else names

    def scores(self) -> dict[str, float]:
        """Returns the scores of the present generator by name."""
        pictures = self.model.draw(self.latents, self.categories)
        scores = feature_scores(
            self.real, self.network.features(pictures), self.kind, seed=self.seed
        )
        if isinstance(self.network, EvaluationClassifier):
            predicted = self.network.probabilities(pictures).argmax(axis=1)
            scores["category_accuracy"] = float((predicted == self.categories).mean())
        return scores
