"""Preference for designs compared with existing items: the table of the talk, and η's curve."""

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
    maximized_designs,
    random_designs,
    random_items,
    retrieved_items,
)
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.evaluation.significance import Estimate, bootstrap_mean
from keras_fashion.metrics.diversity import opposite_ssim
from keras_fashion.metrics.inception import inception_score
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.picture_generator import PictureGenerator
from keras_fashion.models.trained import TrainedRecommender

ETAS = (0.0, 0.1, 0.25, 1.0, 3.0, 10.0)
"""Weights of realism that are measured."""

NUM_RESAMPLES = 499
"""Number of resamples of the users for the interval of an inception score."""

MEASURED = ("preference", "unseen_preference", "gap", "discriminator", "opposite_ssim")
"""Columns of `GenerationStudy.rows` that are averaged over users."""


@dataclass(frozen=True)
class GenerationStudy:
    """Measurements of N pairs of a user and a category.

    Attributes:
        users: Dense indices of shape (N,).
        categories: Dense index of each user's category, of shape (N,): that of their test item.
        designs: Designs of the first maximizer.
        pictures: Pictures by method, of shape (N, 3, H, W, 3), uint8, the best first.
        rows: Table with a row for each method and pair, the mean of three pictures. Columns:
            `method`, `pair`, `category`, `preference` (standard deviations, see
            `StandardizedPreference`), `unseen_preference` (the same by a recommender that no
            optimizer has used; NaN without one), `gap` (the first minus the second),
            `discriminator`, `opposite_ssim`.
        quality: Category inception score by method: the inception score under the catalogue's own
            classifier, because that of the talk needs a network trained on ImageNet.
        eta: Table with a row for each eta: `eta`, the means of the columns of `rows`, and
            `quality`.

    Example:
        >>> rows = pd.DataFrame({"method": ["retrieval"] * 2, "preference": [1.0, 2.0]})
        >>> study = GenerationStudy(
        ...     users=np.array([0, 1]),
        ...     categories=np.array([0, 0]),
        ...     designs=None,
        ...     pictures={},
        ...     rows=rows,
        ...     quality={"retrieval": Estimate(1.2, 1.1, 1.3)},
        ...     eta=pd.DataFrame(),
        ... )
        >>> study.table(["preference"])["retrieval"]["preference"].mean
        1.5
    """

    users: np.ndarray
    categories: np.ndarray
    designs: Designs
    pictures: dict[str, np.ndarray]
    rows: pd.DataFrame
    quality: dict[str, Estimate]
    eta: pd.DataFrame

    def table(self, columns: Sequence[str] = MEASURED) -> dict[str, dict[str, Estimate | None]]:
        """Returns the mean over users of each column, with its interval, and the quality.

        Args:
            columns: Columns of `rows`.

        Returns:
            Estimates by method and column; the last column is `quality`.
        """
        return {
            method: {
                column: bootstrap_mean(rows[column].to_numpy(np.float64)) for column in columns
            }
            | {"quality": self.quality[method]}
            for method, rows in self.rows.groupby("method", sort=False)
        }

    def less_retrieval(
        self, columns: Sequence[str] = MEASURED
    ) -> dict[str, dict[str, Estimate | None]]:
        """Returns how much more each method reaches than retrieval does for the same users.

        Args:
            columns: Columns of `rows`.

        Returns:
            Estimates of the mean difference, paired by user, by method and column; without
            `retrieval` itself.
        """
        by_pair = self.rows.pivot(index="pair", columns="method", values=list(columns))
        methods = [each for each in self.rows["method"].unique() if each != "retrieval"]
        return {
            method: {
                column: bootstrap_mean(
                    (by_pair[column][method] - by_pair[column]["retrieval"]).to_numpy(np.float64)
                )
                for column in columns
            }
            for method in methods
        }

    def by_category(self, columns: Sequence[str] = MEASURED) -> pd.DataFrame:
        """Returns the means of columns by category and method, with the number of users.

        Args:
            columns: Columns of `rows`.
        """
        groups = self.rows.groupby(["category", "method"], sort=False)
        return groups[list(columns)].mean().assign(users=groups.size()).reset_index()


def generation_study(
    recommender: TrainedRecommender,
    gan: PictureGenerator,
    classifier: CategoryClassifier,
    maximizers: Mapping[str, PreferenceMaximizer],
    num_pairs: int = 36,
    num_pairs_for_eta: int = 12,
    etas: Sequence[float] = ETAS,
    unseen: TrainedRecommender | None = None,
    seed: int = 0,
) -> GenerationStudy:
    """Compares designs with existing items for users drawn at random.

    Args:
        recommender: Trained DVBPR with its catalogue and split.
        gan: Generator that was trained on the same catalogue.
        classifier: Category classifier of the catalogue, for the quality.
        maximizers: Maximizer over the two models, by the name of its method. The curve over eta is
            measured with the first.
        num_pairs: Largest number N of users.
        num_pairs_for_eta: Number of users among them for the curve over eta.
        etas: Weights of realism to measure.
        unseen: Second DVBPR of the catalogue, trained with another seed, which measures what was
            optimized for the first.
        seed: Seed of users, random items, latents and restarts.

    Returns:
        The `GenerationStudy`. Its methods are `random items`, `random generated`, `retrieval`, and
        those of `maximizers`.

    Raises:
        InputError: If no test item is of a category with three items, or the second recommender
            is of another catalogue.
    """
    catalogue = recommender.catalogue
    if unseen is not None and unseen.catalogue.fingerprint != catalogue.fingerprint:
        raise InputError(
            "`recommender` and `unseen` were trained on different catalogues; the "
            "second recommender must know the same garments."
        )
    users, categories = draw_pairs(recommender, num_pairs, seed)
    recommenders = {"preference": recommender}
    if unseen is not None:
        recommenders["unseen_preference"] = unseen
    preferences = {
        column: StandardizedPreference(each, users, categories)
        for column, each in recommenders.items()
    }

    item_pictures = catalogue.pictures(gan.picture_size)
    existing = {
        "random items": random_items(catalogue.item_categories, categories, seed),
        "retrieval": retrieved_items(
            preferences["preference"].scores, catalogue.item_categories, categories
        ),
    }
    designs = {
        name: maximized_designs(maximizer, users, categories, seed)
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
            column: each.of_pictures(returned) if items is None else each.of_items(items)
            for column, each in preferences.items()
        }
        rows.append(_rows(method, returned, measured, gan, categories, catalogue.categories))
        quality[method] = _quality(returned, classifier, seed)

    some = slice(0, num_pairs_for_eta)
    first = next(iter(maximizers.values()))
    curve = []
    for eta in tqdm(etas, desc="curve over eta", unit="eta"):
        designed = maximized_designs(first, users[some], categories[some], seed, eta).pictures
        measured = {
            column: StandardizedPreference(each, users[some], categories[some]).of_pictures(
                designed
            )
            for column, each in recommenders.items()
        }
        means = _rows("", designed, measured, gan, categories[some], catalogue.categories)
        means = means[list(MEASURED)].mean()
        curve.append({"eta": eta, **means, "quality": _quality(designed, classifier, seed).mean})
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
    """Computes the probabilities of the categories under the catalogue's classifier.

    Args:
        pictures: Array of shape (B, H, W, 3), uint8, of any size.
        classifier: The classifier.

    Returns:
        Array of shape (B, C), float32.
    """
    resized = tf.image.resize(scale(pictures), classifier.picture_size, antialias=True)
    return tf.nn.softmax(classifier.predict(resized, batch_size=256, verbose=0)).numpy()


def draw_pairs(
    recommender: TrainedRecommender, num_pairs: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws users at random, each with the category of their test item.

    Args:
        recommender: Recommender with its catalogue and split.
        num_pairs: Largest number of users.
        seed: Seed of the draw.

    Returns:
        Dense indices of users and of categories, each of shape (N,).

    Raises:
        InputError: If no test item is of a category with three items.
    """
    catalogue, test = recommender.catalogue, recommender.split.test
    # A category of one or two items has no top 3.
    is_large = np.bincount(catalogue.item_categories, minlength=len(catalogue.categories)) >= TOP
    test = test[is_large[catalogue.item_categories[test[:, 1]]]]
    if not len(test):
        raise InputError(
            f"no test item of catalogue {catalogue.name} is in a category of {TOP} or more items; "
            "retrieval and generation cannot be compared."
        )
    rng = np.random.default_rng(seed)
    users, items = test[rng.permutation(len(test))[:num_pairs]].T
    return users, catalogue.item_categories[items]


def _rows(
    method: str,
    pictures: np.ndarray,
    measured: Mapping[str, np.ndarray],
    gan: PictureGenerator,
    categories: np.ndarray,
    names: Sequence[str],
) -> pd.DataFrame:
    """Returns the rows of `GenerationStudy.rows` of one method."""
    num_pairs, count = pictures.shape[:2]
    realism = gan.discriminate(
        pictures.reshape(num_pairs * count, *pictures.shape[2:]), np.repeat(categories, count)
    )
    rows = pd.DataFrame(
        {
            "method": method,
            "pair": np.arange(num_pairs),
            "category": [names[category] for category in categories],
            "preference": measured["preference"].mean(axis=1),
            "unseen_preference": np.nan,
            "discriminator": realism.reshape(num_pairs, count).mean(axis=1),
            "opposite_ssim": [opposite_ssim(each) for each in pictures],
        }
    )
    if "unseen_preference" in measured:
        rows["unseen_preference"] = measured["unseen_preference"].mean(axis=1)
    return rows.assign(gap=rows["preference"] - rows["unseen_preference"])


def _quality(pictures: np.ndarray, classifier: CategoryClassifier, seed: int) -> Estimate:
    """Returns the category inception score of (N, n, H, W, 3) pictures, resampled over users."""
    num_pairs, count = pictures.shape[:2]
    probabilities = category_probabilities(pictures.reshape(-1, *pictures.shape[2:]), classifier)
    by_user = probabilities.reshape(num_pairs, count, -1)
    rng = np.random.default_rng(seed)
    scores = [
        inception_score(np.concatenate(by_user[rng.integers(num_pairs, size=num_pairs)]))
        for _ in range(NUM_RESAMPLES)
    ]
    low, high = np.quantile(scores, [0.025, 0.975])
    return Estimate(inception_score(probabilities), float(low), float(high))
