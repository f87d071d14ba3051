"""How well designs please, beside what exists: the talk's table and its curve over eta."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from keras_fashion.data.pictures import scale
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.errors import InputError
from keras_fashion.evaluation.compared_methods import (
    TOP,
    generation,
    random_designs,
    random_items,
    retrieved_items,
)
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.evaluation.significance import Estimate, bootstrap_mean
from keras_fashion.metrics.diversity import opposite_ssim
from keras_fashion.metrics.inception import inception_score
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.trained import TrainedRecommender

ETAS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0)

RESAMPLES = 499
"""Of the users, for the interval of an inception score."""

MEASURED = ("preference", "unseen_preference", "gap", "discriminator", "opposite_ssim")
"""Columns of `GenerationStudy.rows` that are averaged over users."""


@dataclass(frozen=True)
class GenerationStudy:
    """What was measured on N (user, category) pairs.

    Attributes:
        users: (N,) dense indices.
        categories: (N,) dense indices: each user's is that of their test item.
        designs: The designs at eta = 1, of the first procedure.
        pictures: Method to its (N, 3, H, W, 3) uint8 pictures, the best first.
        rows: A row for each method and pair, the mean of three pictures: `method`, `pair`,
            `category`, `preference` (standard deviations, see `StandardizedPreference`),
            `unseen_preference` (the same by a recommender that no optimizer saw; NaN without
            one), `gap` (the first less the second), `discriminator`, `opposite_ssim`.
        quality: Method to its category inception score: the inception score under the catalogue's
            own classifier, as the talk's needs a network trained on ImageNet.
        eta: A row an eta: `eta`, the means of the columns of `rows`, and `quality`.
    """

    users: np.ndarray
    categories: np.ndarray
    designs: Designs
    pictures: dict[str, np.ndarray]
    rows: pd.DataFrame
    quality: dict[str, Estimate]
    eta: pd.DataFrame

    def table(self, columns: Sequence[str] = MEASURED) -> dict[str, dict[str, Estimate | None]]:
        """Method to the mean of each column over users, with intervals, and its quality."""
        return {
            method: {
                column: bootstrap_mean(rows[column].to_numpy(np.float64)) for column in columns
            }
            | {"quality": self.quality[method]}
            for method, rows in self.rows.groupby("method", sort=False)
        }

    def by_category(self, columns: Sequence[str] = MEASURED) -> pd.DataFrame:
        """Means of the columns by category and method, with the number of users."""
        groups = self.rows.groupby(["category", "method"], sort=False)
        return groups[list(columns)].mean().assign(users=groups.size()).reset_index()


def generation_study(
    recommender: TrainedRecommender,
    gan: ConditionalGAN,
    classifier: CategoryClassifier,
    maximizers: Mapping[str, PreferenceMaximizer],
    pairs: int = 36,
    pairs_for_eta: int = 12,
    etas: Sequence[float] = ETAS,
    unseen: TrainedRecommender | None = None,
    seed: int = 0,
) -> GenerationStudy:
    """Compares designs with existing items for users drawn at random.

    Args:
        recommender: A trained DVBPR with its catalogue and split.
        gan: A GAN that was trained on the same catalogue.
        classifier: The catalogue's category classifier, for the quality.
        maximizers: Name of a method to the maximizer over the models of the two runs; the first
            is the one that the curve over eta is measured with.
        pairs: N, how many users at most.
        pairs_for_eta: How many of them the curve over eta is measured on.
        etas: The weights of realism to measure.
        unseen: A second DVBPR of the catalogue, trained with another seed, that measures what
            was optimized for the first.
        seed: Decides users, random items, latents and restarts.

    Raises:
        InputError: If no test item is of a category with three items, or the second recommender
            is of another catalogue.
    """
    catalogue = recommender.catalogue
    if unseen is not None and unseen.catalogue.fingerprint != recommender.catalogue.fingerprint:
        raise InputError(
            "`recommender` and `unseen` were trained on different catalogues; the "
            "second recommender must know the same garments."
        )
    users, categories = draw_pairs(recommender, pairs, seed)
    judges = {"preference": StandardizedPreference(recommender, users, categories)}
    if unseen is not None:
        judges["unseen_preference"] = StandardizedPreference(unseen, users, categories)

    item_pictures = catalogue.pictures(gan.picture_size)
    existing = {
        "random items": random_items(catalogue.item_categories, categories, seed),
        "retrieval": retrieved_items(
            judges["preference"].scores, catalogue.item_categories, categories
        ),
    }
    designs = {
        name: generation(maximizer, users, categories, seed)
        for name, maximizer in tqdm(maximizers.items(), desc="designs", unit="method")
    }
    pictures = {
        "random items": item_pictures[existing["random items"]],
        "random generated": random_designs(gan, categories, seed),
        "retrieval": item_pictures[existing["retrieval"]],
    } | {name: each.pictures for name, each in designs.items()}

    rows, quality = [], {}
    for method, returned in pictures.items():
        items = existing.get(method)
        measured = {
            column: judge.of_pictures(returned) if items is None else judge.of_items(items)
            for column, judge in judges.items()
        }
        rows.append(_rows(method, returned, measured, gan, categories, catalogue.categories))
        quality[method] = _quality(returned, classifier, seed)

    some = slice(0, pairs_for_eta)
    first = next(iter(maximizers.values()))
    curve = []
    for eta in tqdm(etas, desc="curve over eta", unit="eta"):
        made = generation(first, users[some], categories[some], seed, eta).pictures
        measured = {
            column: StandardizedPreference(run, users[some], categories[some]).of_pictures(made)
            for column, run in {"preference": recommender, "unseen_preference": unseen}.items()
            if run is not None
        }
        means = _rows("", made, measured, gan, categories[some], catalogue.categories)
        means = means[list(MEASURED)].mean()
        curve.append({"eta": eta, **means, "quality": _quality(made, classifier, seed).mean})
    return GenerationStudy(
        users=users,
        categories=categories,
        designs=next(iter(designs.values())),
        pictures=pictures,
        rows=pd.concat(rows, ignore_index=True),
        quality=quality,
        eta=pd.DataFrame(curve),
    )


def category_probabilities(pictures: np.ndarray, classifier: CategoryClassifier) -> np.ndarray:
    """(B, H, W, 3) uint8 pictures to what the catalogue's classifier takes them for, (B, C)."""
    seen = tf.image.resize(scale(pictures), classifier.picture_size, antialias=True)
    return tf.nn.softmax(classifier.predict(seen, batch_size=256, verbose=0)).numpy()


def draw_pairs(
    recommender: TrainedRecommender, pairs: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Users drawn at random and the categories of their test items."""
    catalogue, test = recommender.catalogue, recommender.split.test
    # A category of one or two items has no top 3.
    large = np.bincount(catalogue.item_categories, minlength=len(catalogue.categories)) >= TOP
    test = test[large[catalogue.item_categories[test[:, 1]]]]
    if not len(test):
        raise InputError(
            f"no test item of catalogue {catalogue.name} is in a category of {TOP} or more items; "
            "retrieval and generation cannot be compared."
        )
    rng = np.random.default_rng(seed)
    users, items = test[rng.permutation(len(test))[:pairs]].T
    return users, catalogue.item_categories[items]


def _rows(
    method: str,
    pictures: np.ndarray,
    measured: Mapping[str, np.ndarray],
    gan: ConditionalGAN,
    categories: np.ndarray,
    names: Sequence[str],
) -> pd.DataFrame:
    number, count = pictures.shape[:2]
    judged = gan.discriminate(
        pictures.reshape(number * count, *pictures.shape[2:]), np.repeat(categories, count)
    )
    rows = pd.DataFrame(
        {
            "method": method,
            "pair": np.arange(number),
            "category": [names[category] for category in categories],
            "preference": measured["preference"].mean(axis=1),
            "unseen_preference": np.nan,
            "discriminator": judged.reshape(number, count).mean(axis=1),
            "opposite_ssim": [opposite_ssim(each) for each in pictures],
        }
    )
    if "unseen_preference" in measured:
        rows["unseen_preference"] = measured["unseen_preference"].mean(axis=1)
    return rows.assign(gap=rows["preference"] - rows["unseen_preference"])


def _quality(pictures: np.ndarray, classifier: CategoryClassifier, seed: int) -> Estimate:
    """Category inception score of (N, n, H, W, 3) uint8 with its interval over the N users."""
    number, count = pictures.shape[:2]
    classes = category_probabilities(pictures.reshape(-1, *pictures.shape[2:]), classifier)
    by_user = classes.reshape(number, count, -1)
    rng = np.random.default_rng(seed)
    scores = [
        inception_score(np.concatenate(by_user[rng.integers(number, size=number)]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(scores, [0.025, 0.975])
    return Estimate(inception_score(classes), float(low), float(high))
