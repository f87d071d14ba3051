"""Popularity of late: baselines for a temporal split, in which fashion passes."""

from typing import Annotated

import keras
import numpy as np
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.data.temporal import TemporalSplit
from keras_fashion.errors import InputError
from keras_fashion.models.counting import CategoryPopularity, PopRank
from keras_fashion.models.fit_settings import Minimum, SearchRange

HALF_LIFE = 28
"""Number of days after which an interaction counts half, by default."""

LEAST_COUNT = 0.01
"""What is added to counts before their logarithm is taken."""


def training_ages(split: Split) -> np.ndarray:
    """Returns how many days before the last training day each training interaction happened.

    Args:
        split: A temporal split.

    Returns:
        (n,) int32, 0 for the last day.

    Raises:
        InputError: If the split is not a temporal one, whose interactions have no times, or if
            training does not end before the test part begins, so that what is recent at its end
            was still to come.

    Example:
        >>> from types import SimpleNamespace
        >>> catalogue = SimpleNamespace(
        ...     name="shop", user_ids=["ann"], item_ids=["a", "b", "c", "d"], attributes={},
        ...     interactions=np.array([[0, 0], [0, 1], [0, 2], [0, 3]], np.int32),
        ...     interaction_days=np.array([2, 5, 6, 7], np.int32),
        ... )
        >>> from keras_fashion.data import TimeCut, temporal_split
        >>> split = temporal_split(catalogue, TimeCut("1970-01-08", validation_from="1970-01-07"))
        >>> training_ages(split).tolist()
        [3, 0]
    """
    if not isinstance(split, TemporalSplit):
        raise InputError("popularity of late needs a split in time; give `split_time`.")
    if len(split.test) and split.train_days.max() >= split.test_days.min():
        raise InputError(
            "popularity of late needs a training that ends before the test part begins; give "
            "`split_time`."
        )
    return split.train_days.max() - split.train_days


def recent_part(split: Split, days: int) -> Split:
    """Returns a split whose training part has the interactions of the last days only.

    Args:
        split: A temporal split.
        days: Number of days before the end of training.

    Returns:
        A split without times.

    Raises:
        InputError: If the split is not a temporal one.

    Example:
        >>> from keras_fashion.data import TemporalSplit
        >>> none, day = np.empty((0, 2), np.int32), np.array([], np.int32)
        >>> train = np.array([[0, 0], [0, 1]], np.int32)
        >>> split = TemporalSplit(1, 2, train, none, none, np.array([3, 9]), day, day, day, day)
        >>> recent_part(split, days=2).train.tolist()
        [[0, 1]]
    """
    recent = split.train[training_ages(split) < days]
    return Split(split.num_users, split.num_items, recent, split.validation, split.test)


def decayed_counts(split: Split, half_life: int) -> np.ndarray:
    """Counts the training interactions of each item, of which old ones count less.

    Args:
        split: A temporal split.
        half_life: Number of days after which an interaction counts half.

    Returns:
        (I,) float64, Σ over interactions of i of 2^(-age / half-life).

    Raises:
        InputError: If the split is not a temporal one.

    Example:
        >>> from keras_fashion.data import TemporalSplit
        >>> none, day = np.empty((0, 2), np.int32), np.array([], np.int32)
        >>> train = np.array([[0, 0], [0, 1]], np.int32)
        >>> split = TemporalSplit(1, 2, train, none, none, np.array([3, 9]), day, day, day, day)
        >>> decayed_counts(split, half_life=6).tolist()
        [0.5, 1.0]
    """
    weights = 0.5 ** (training_ages(split) / half_life)
    return np.bincount(split.train[:, 1], weights=weights, minlength=split.num_items)


def log_recent_popularity(split: Split) -> np.ndarray:
    """Returns the logarithm of how popular items are at the end of training.

    It is ln(0.01 + n_i), where n_i is the number of interactions, each worth half after 28 days. An
    item without interactions is new, not unpopular: it gets the mean of the items that came on sale
    in the last 28 days.

    Args:
        split: A temporal split.

    Returns:
        (I,) float64.

    Raises:
        InputError: If the split is not a temporal one.

    Example:
        >>> from keras_fashion.data import TemporalSplit
        >>> none, day = np.empty((0, 2), np.int32), np.array([], np.int32)
        >>> train, days = np.array([[0, 0], [0, 1]], np.int32), np.array([3, 59])
        >>> begin = np.array([3, 59, 70])
        >>> split = TemporalSplit(1, 3, train, none, none, days, day, day, begin, begin)
        >>> log_recent_popularity(split).round(2).tolist()
        [-1.35, 0.01, 0.01]
    """
    popularity = np.log(LEAST_COUNT + decayed_counts(split, HALF_LIFE))
    bought = split.training_counts > 0
    if isinstance(split, TemporalSplit):
        recent = bought & (split.on_sale_from > split.train_days.max() - HALF_LIFE)
        popularity[~bought] = popularity[recent if recent.any() else bought].mean()
    return popularity


@keras.saving.register_keras_serializable(package="keras_fashion")
class RecentPopularity(PopRank):
    """Popularity in the last weeks: x_ui is the number of interactions of i in the last days.

    Call `adapt` with the counts; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.

    Example:
        >>> from keras_fashion.models import RecentPopularity
        >>> model = RecentPopularity(num_users=1, num_items=2)
        >>> model.adapt(np.array([0, 3]))
        >>> model.scoring_vectors().scores(np.array([0]))
        array([[0., 3.]], dtype=float32)
    """

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        days: Annotated[int, Minimum(1), SearchRange(1, 365)] = 28,
        seed: int = 0,
    ) -> Self:
        """Creates the model and counts the training interactions of the last days.

        Args:
            catalogue: Not used.
            split: Temporal split whose training part is counted.
            days: Number of days before the end of training.
            seed: Not used.

        Raises:
            InputError: If the split is not a temporal one.
        """
        return super().from_catalogue(catalogue, recent_part(split, days))


@keras.saving.register_keras_serializable(package="keras_fashion")
class DecayedPopularity(PopRank):
    """Popularity that fades: x_ui = Σ over interactions of i of 2^(-age / half-life).

    Call `adapt` with the sums; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.

    Example:
        >>> from keras_fashion.models import DecayedPopularity
        >>> model = DecayedPopularity(num_users=1, num_items=2)
        >>> model.adapt(np.array([0.5, 1.25]))
        >>> model.scoring_vectors().scores(np.array([0]))
        array([[0.5 , 1.25]], dtype=float32)
    """

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        half_life: Annotated[int, Minimum(1), SearchRange(1, 365)] = HALF_LIFE,
        seed: int = 0,
    ) -> Self:
        """Creates the model and sums the weights of the training interactions.

        Args:
            catalogue: Not used.
            split: Temporal split whose training part is counted.
            half_life: Number of days after which an interaction counts half.
            seed: Not used.

        Raises:
            InputError: If the split is not a temporal one.
        """
        model = cls(split.num_users, split.num_items)
        model.adapt(decayed_counts(split, half_life))
        return model


@keras.saving.register_keras_serializable(package="keras_fashion")
class RecentCategoryPopularity(CategoryPopularity):
    """Popularity of the category in the last weeks, which items that are new have, too.

    Call `adapt` with the counts and categories; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.

    Example:
        >>> from keras_fashion.models import RecentCategoryPopularity
        >>> model = RecentCategoryPopularity(num_users=1, num_items=3)
        >>> model.adapt(np.array([4, 0, 9]), categories=np.array([0, 0, 1]))
        >>> model.scoring_vectors().scores(np.array([0]))
        array([[4., 4., 9.]], dtype=float32)
    """

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        column: str = "category",
        days: Annotated[int, Minimum(1), SearchRange(1, 365)] = 28,
        seed: int = 0,
    ) -> Self:
        """Creates the model and counts the training interactions of the last days.

        Args:
            catalogue: Catalogue with the categories and attributes.
            split: Temporal split whose training part is counted.
            column: "category" or the name of an attribute of the catalogue.
            days: Number of days before the end of training.
            seed: Not used.

        Raises:
            InputError: If the catalogue has no such column or the split is not a temporal one.
        """
        return super().from_catalogue(catalogue, recent_part(split, days), column=column)
