"""Scores of a GAN in training, every few epochs, as a Keras callback."""

import sys

import keras
import numpy as np
from tqdm import tqdm

from keras_fashion.data import Catalogue
from keras_fashion.errors import InputError
from keras_fashion.evaluation.category_judge import EvaluationClassifier
from keras_fashion.evaluation.image_folders import kept_inception_features
from keras_fashion.evaluation.image_metrics import FEWEST, SUBSET
from keras_fashion.evaluation.picture_set import drawn_rows
from keras_fashion.features.classifier import category_classifier
from keras_fashion.metrics.frechet_and_kernel_distance import frechet_distance, kernel_distance
from keras_fashion.metrics.manifold import density_coverage, precision_recall
from keras_fashion.models.inception import inception_features

PREFIXES = {"fid": "", "imagenet": "imagenet_", "classifier": "classifier_"}
"""What the names of scores begin with, by whose features they are of: only those of FID's
Inception bear the names that papers print."""


class GenerationMetrics(keras.callbacks.Callback):
    """Logs scores of the averaged generator's pictures each few epochs and after the last.

    `fid`, `kid`, `precision`, `recall`, `density` and `coverage` against as many real pictures,
    drawn once, in the same categories. The latents stay the same throughout, so that a score
    changes only with the generator. With few pictures a FID is high (see `frechet_distance`):
    compare it within a run or between runs of the same `--num-metrics-pictures`. Without an
    Inception the features are the category classifier's, the names begin with `classifier_`, and
    `classifier_accuracy` is the share of generated pictures in which it sees the category that was
    asked for. In epochs without scores they are NaN.

    Args:
        catalogue: With the real pictures; Inception's features of them are kept beside it.
        picture_size: Height and width of the generated ones.
        every: Epochs from one scoring to the next.
        count: Pictures of each set; at most what the catalogue has.
        inception: What `inception_features` takes; empty for the category classifier.
        seed: Of latents and real pictures.
        last: Number of the last epoch.

    Raises:
        InputError: If the catalogue has too few pictures, or but one category and no Inception is
            given, or Inception's weights cannot be had.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        picture_size: tuple[int, int],
        every: int,
        count: int,
        inception: str,
        seed: int,
        last: int,
    ) -> None:
        super().__init__()
        self.every, self.seed, self.last = every, seed, last
        rows = drawn_rows(len(catalogue.item_ids), count, seed)
        if len(rows) < FEWEST:
            raise InputError(
                f"scores take {FEWEST} pictures, and there are {len(rows)}; give a larger "
                "--num-metrics-pictures or no --metrics-every."
            )
        self.categories = catalogue.item_categories[rows].astype(np.int32)
        if inception:
            self.network = inception_features(inception)
            self.kind = self.network.kind
            self.real = kept_inception_features(catalogue, rows, picture_size, self.network)
        else:
            if len(catalogue.categories) < 2:
                raise InputError(
                    f"catalogue {catalogue.name} has one category, and its classifier learns no "
                    "features; give --inception or no --metrics-every."
                )
            # Of no held-out pictures: this classifier has seen them all.
            self.network = EvaluationClassifier(
                category_classifier(catalogue), np.array(catalogue.categories), np.nan, 0
            )
            self.kind = "classifier"
            self.real = self.network.features(catalogue.pictures(picture_size)[rows])

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Draws the latents."""
        shape = (len(self.categories), self.model.latent_dim)
        self.latents = np.random.default_rng(self.seed).uniform(-1, 1, shape).astype(np.float32)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Scores if it is due, and says so in a line."""
        done = epoch + 1
        if done % self.every and done != self.last:
            logs.update(dict.fromkeys(self.names, np.nan))
            return
        scores = self.scores()
        logs.update(scores)
        line = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        tqdm.write(f"epoch {done}: {line}", file=sys.stderr)

    @property
    def names(self) -> list[str]:
        """Of the scores, as in the logs."""
        names = ["fid", "kid", "precision", "recall", "density", "coverage"]
        if self.kind == "classifier":
            names.append("accuracy")
        return [PREFIXES[self.kind] + name for name in names]

    def scores(self) -> dict[str, float]:
        """Of the generator as it is now, by name."""
        pictures = self.model.draw(self.latents, self.categories)
        features = self.network.features(pictures)
        subset = min(SUBSET, len(features) // 2)
        shares = precision_recall(self.real, features)
        crowding = density_coverage(self.real, features)
        found = [
            frechet_distance(self.real, features),
            kernel_distance(self.real, features, subset, seed=self.seed).mean,
            shares.precision,
            shares.recall,
            crowding.density,
            crowding.coverage,
        ]
        if self.kind == "classifier":
            seen = self.network.probabilities(pictures).argmax(axis=1)
            found.append(float((seen == self.categories).mean()))
        return dict(zip(self.names, found, strict=True))
