"""What rises and falls: what the time terms of a recommender add to the scores of items."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_fashion.data import Catalogue
from keras_fashion.data.columns import describing_attributes
from keras_fashion.errors import InputError
from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.models.time_terms import MONTHS, QUARTER
from keras_fashion.models.trained import TrainedRecommender

SEASONS = {"spring": (2, 3, 4), "summer": (5, 6, 7), "autumn": (8, 9, 10), "winter": (11, 0, 1)}
"""Months of each season of the northern half of the earth; 0 is January."""

MIN_ITEMS = 30
"""Smallest number of items of a value. The mean of n random items has a standard error of 1 / √n of
their deviation, .18 for 30. The means of fewer vary more, so that they would lead every list."""

ALIKE_ITEMS = 0.8
"""Cosine of the embeddings of two items above which they are taken for variants of one."""

ALIKE_VALUES = 0.5
"""Jaccard index of the items of two values above which the values are taken for the same."""

ROUNDING = 1e-6
"""Smallest score that is not taken for 0."""


@dataclass(frozen=True)
class Trends(ABC):
    """What the time adds to scores, of n items or of n values of the catalogue's columns.

    The unit is the standard deviation of a user's scores over the items, as the mean over the
    users. The mean over the items is 0 at each time, because only differences between items have
    an effect on a ranking.

    Attributes:
        quarters: (E,) int, quarters of training (`keras_fashion.data.format_quarter`); E is 0 if
            the model knows no trend, or only one quarter.
        trend: (E, n) float, μ_e · Φ_i.
        season: (12, n) float, σ_m · Φ_i + b_{c(i),m} less its mean over the months, from January
            on; (0, n) if the model knows no season.
    """

    quarters: np.ndarray
    trend: np.ndarray
    season: np.ndarray

    def rise(self) -> np.ndarray:
        """Returns the change from the first quarter of training to the last, (n,) float."""
        change: np.ndarray = self.trend[-1] - self.trend[0]
        return change

    def in_months(self, months: Sequence[int]) -> np.ndarray:
        """Returns the mean of some months, such as those of a season, (n,) float.

        Args:
            months: Months, 0 for January.
        """
        mean: np.ndarray = self.season[list(months)].mean(axis=0)
        return mean

    def leading(self, scores: np.ndarray, count: int) -> list[int]:
        """Returns where the largest scores are, without repetitions.

        Args:
            scores: (n,) float, such as `rise()`, or `-rise()` for what falls.
            count: Maximum number of results.

        Returns:
            Positions of positive scores, the largest first. One that is `alike` a larger one is
            left out.
        """
        leading: list[int] = []
        for position in np.argsort(-scores, kind="stable").tolist():
            if len(leading) == count or scores[position] < ROUNDING:
                break
            if not any(self.alike(position, other) for other in leading):
                leading.append(position)
        return leading

    @abstractmethod
    def alike(self, first: int, second: int) -> bool:
        """Returns whether one of two says nothing that the other does not say.

        Args:
            first: Position of one.
            second: Position of the other.
        """


@dataclass(frozen=True)
class ItemTrends(Trends):
    """What the time adds to the scores of n items.

    Attributes:
        items: (n,) int, dense indices of the items.
        embeddings: (n, K) float32, Φ less its mean over the items.

    Example:
        >>> quarters, trend = np.array([200, 201]), np.array([[0, 0, 0], [2, 1.9, 1]])
        >>> style = np.array([[1, 1], [1, 0.9], [1, -1]])
        >>> trends = ItemTrends(quarters, trend, np.zeros((0, 3)), np.arange(3), style)
        >>> trends.leading(trends.rise(), 3)  # the second is a variant of the first
        [0, 2]
    """

    items: np.ndarray
    embeddings: np.ndarray

    def alike(self, first: int, second: int) -> bool:
        """Returns whether the cosine of two embeddings is above `ALIKE_ITEMS`."""
        one, other = self.embeddings[[first, second]]
        norms = np.linalg.norm(one) * np.linalg.norm(other)
        return bool(one @ other > ALIKE_ITEMS * norms)


@dataclass(frozen=True)
class ValueTrends(Trends):
    """What the time adds to the scores of the items of n values, as means over the items.

    Attributes:
        columns: The column of each value: "category" or the name of an attribute.
        values: The values.
        members: For each value, the positions of its items among those of the `ItemTrends`.

    Example:
        >>> quarters, trend = np.array([200, 201]), np.array([[0.0, 0.0], [0.3, 0.25]])
        >>> names = ("category", "group"), ("Skirts", "Skirts and trousers")
        >>> members = np.array([0, 1, 2]), np.array([0, 1, 2, 3])
        >>> trends = ValueTrends(quarters, trend, np.zeros((0, 2)), *names, members)
        >>> trends.leading(trends.rise(), 2)  # of four items, three are the same
        [0]
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    members: tuple[np.ndarray, ...]

    def alike(self, first: int, second: int) -> bool:
        """Returns whether the Jaccard index of the items of two values is above `ALIKE_VALUES`."""
        one, other = self.members[first], self.members[second]
        common = len(np.intersect1d(one, other, assume_unique=True))
        return common > ALIKE_VALUES * (len(one) + len(other) - common)


def item_trends(recommender: TrainedRecommender, items: np.ndarray | None = None) -> ItemTrends:
    """Computes what the time adds to the scores of items.

    Args:
        recommender: Trained recommender with `TimeTerms`.
        items: (n,) int, dense indices of the items that are compared with each other, such as those
            of a category; by default all.

    Returns:
        Trend and season of each item.

    Raises:
        InputError: If the recommender does not change with time.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import VBPR, ScoringVectors, TimeTerms
        >>> terms = TimeTerms(1, ["trend"], first_month=600, last_month=605, num_items=2)
        >>> _ = terms.trend.assign([[0.0], [2.0]])
        >>> recommender = SimpleNamespace(
        ...     model=VBPR(1, 2, feature_size=1, latent_size=0, time_terms=terms),
        ...     vectors=ScoringVectors(np.ones((1, 1)), np.array([[1.0], [-1.0]]), np.zeros(2)),
        ...     split=SimpleNamespace(train=np.array([[0, 0]])),
        ... )
        >>> item_trends(recommender).rise()
        array([ 2., -2.])
    """
    model, vectors = recommender.model, recommender.vectors
    terms = getattr(model, "time_terms", None)
    if terms is None:
        raise InputError(
            "this recommender knows no trend and no season; train a vbpr or a dvbpr with "
            "`split_time` and `time_terms` (trend, season, category)."
        )
    items = np.arange(len(vectors.items)) if items is None else items
    embeddings = vectors.items[items, model.latent_size :]
    embeddings = embeddings - embeddings.mean(axis=0)

    quarters = np.arange(terms.first_month // QUARTER, terms.last_month // QUARTER + 1)
    if "trend" not in terms.terms or len(quarters) == 1:
        quarters = quarters[:0]
    trend = terms.trend.numpy() if len(quarters) else np.zeros((0, terms.embedding_size))
    season = np.zeros((MONTHS if {"season", "category"} & {*terms.terms} else 0, len(items)))
    if not len(quarters) and not len(season):
        raise InputError(
            "this recommender knows a trend only, and its training lasts one quarter; train on a "
            "longer time, or with other `time_terms` (season, category)."
        )
    if "season" in terms.terms:
        season += terms.season.numpy() @ embeddings.T
    if "category" in terms.terms:
        season += terms.category_bias.numpy()[terms.category_of_item.numpy()[items]].T
    if len(season):
        season -= season.mean(axis=0)
        season -= season.mean(axis=1, keepdims=True)
    deviation = _mean_deviation(vectors, np.unique(recommender.split.train[:, 0]), items)
    return ItemTrends(
        quarters, trend @ embeddings.T / deviation, season / deviation, items, embeddings
    )


def value_trends(
    trends: ItemTrends, catalogue: Catalogue, min_items: int = MIN_ITEMS
) -> ValueTrends:
    """Computes what the time adds to the scores of the items of each category and attribute.

    The days on which items are sold are no such attributes. A value that all items have is left
    out, since its mean is 0.

    Args:
        trends: Trend and season of the items.
        catalogue: Catalogue of the items.
        min_items: Smallest number of items of a value.

    Returns:
        Means over the items of each value.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.data import Attribute
        >>> season = np.zeros((0, 3))
        >>> trends = ItemTrends(
        ...     np.array([200, 201]), np.array([[0.0, 0, 0], [3, 1, -4]]), season, np.arange(3),
        ...     embeddings=np.zeros((3, 1)),
        ... )
        >>> color = Attribute(np.array(["black", "red"]), np.array([0, 0, 1]))
        >>> catalogue = SimpleNamespace(columns={"color": color})
        >>> means = value_trends(trends, catalogue, min_items=1)
        >>> means.values, means.rise()
        (('black', 'red'), array([ 2., -4.]))
    """
    columns, values, members = [], [], []
    for name, column in describing_attributes(catalogue.columns).items():
        codes = column.codes[trends.items]
        order = np.argsort(codes, kind="stable")
        borders = np.searchsorted(codes[order], np.arange(1, len(column.values)))
        for value, group in zip(column.values.tolist(), np.split(order, borders), strict=True):
            if value and min_items <= len(group) < len(codes):
                columns.append(name)
                values.append(value)
                members.append(group)

    def means(series: np.ndarray) -> np.ndarray:
        of_groups = [series[:, group].mean(axis=1) for group in members]
        return np.stack(of_groups, axis=1) if of_groups else series[:, :0]

    return ValueTrends(
        trends.quarters,
        means(trends.trend),
        means(trends.season),
        tuple(columns),
        tuple(values),
        tuple(members),
    )


def _mean_deviation(vectors: ScoringVectors, users: np.ndarray, items: np.ndarray) -> float:
    """Returns the standard deviation of a user's scores over items, as the mean over users."""
    # The variance of p · q_i + b_i is that of [p, 1] · [q_i, b_i], which needs no table of all
    # scores.
    known = np.concatenate([vectors.items[items], vectors.biases[items, None]], axis=1)
    known = known.astype(np.float64) - known.mean(axis=0, dtype=np.float64)
    covariance = known.T @ known / len(items)
    weights = np.concatenate([vectors.users[users], np.ones((len(users), 1))], axis=1)
    variances = np.sum(weights @ covariance * weights, axis=1)
    # If all items are the same, nothing is far above the others.
    return max(float(np.sqrt(np.maximum(variances, 0)).mean()), 1e-6)
