"""What all users like at a time: a trend by quarter, a season by month, and categories by month."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import keras
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.purchase_times import months_of_days
from keras_fashion.data.split import Split
from keras_fashion.data.temporal import TemporalSplit
from keras_fashion.errors import InputError

MONTHS, QUARTER = 12, 3

DAMPING = 0.5
"""Factor by which a trend slows down in each quarter after the last one of training."""

TimeTerm = Literal["trend", "season", "category"]
"""Name of a term."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class TimeTerms(keras.layers.Layer):
    """μ_e + σ_m, a style that all users like in quarter e and month m, and b_{c,m}.

    The trend μ_e lets the meaning of visual dimensions drift from epoch to epoch as in TVBPR+ (He
    and McAuley, "Ups and Downs", WWW 2016), here by quarters of the calendar and as a vector that
    is added to all users. After the last quarter of training it goes on in the direction of its
    last change, which is damped by half in each quarter (Gardner and McKenzie, Management Science
    1985). The season σ_m repeats every year, and its mean over the twelve months is 0. b_{c,m} is
    the bias of category c in month m.

    The penalty is ½ Σ |μ_e - μ_{e-1}|² + ½ Σ |σ_m|² + ½ Σ b²_{c,m}, so that what is bought all the
    time is not taken for a season, and quarters with few purchases follow the one before.

    Args:
        embedding_size: K, length of μ and σ.
        terms: Names of the terms, at least one of "trend", "season" and "category".
        first_month: First month of training, counted as in `months_of_days`.
        last_month: Last month of training.
        num_items: I, number of items.
        num_categories: C, number of categories.

    Example:
        >>> terms = TimeTerms(2, ["trend"], first_month=0, last_month=5, num_items=1)
        >>> _ = terms.trend.assign([[0.0, 0.0], [1.0, 0.0]])  # a change in the second quarter
        >>> terms.style(tf.constant([0, 5, 6, 9, 96])).numpy()[:, 0].tolist()
        [0.0, 1.0, 1.5, 1.75, 2.0]
    """

    def __init__(
        self,
        embedding_size: int,
        terms: Sequence[TimeTerm],
        first_month: int,
        last_month: int,
        num_items: int,
        num_categories: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding_size = embedding_size
        self.terms = tuple(terms)
        self.first_month = first_month
        self.last_month = last_month
        self.num_items = num_items
        self.num_categories = num_categories
        if "trend" in terms:
            num_quarters = last_month // QUARTER - first_month // QUARTER + 1
            self.trend = self.add_weight(
                name="trend", shape=(num_quarters, embedding_size), initializer="zeros"
            )
        if "season" in terms:
            self.season = self.add_weight(
                name="season", shape=(MONTHS, embedding_size), initializer="zeros"
            )
        if "category" in terms:
            self.category_bias = self.add_weight(
                name="category_bias", shape=(num_categories, MONTHS), initializer="zeros"
            )
            self.category_of_item = self.add_weight(
                name="category_of_item",
                shape=(num_items,),
                initializer="zeros",
                dtype="int32",
                trainable=False,
            )
        self.built = True

    @classmethod
    def from_catalogue(
        cls, embedding_size: int, terms: Sequence[TimeTerm], catalogue: Catalogue, split: Split
    ) -> Self | None:
        """Creates the terms for the training part of a temporal split.

        Args:
            embedding_size: K, length of μ and σ.
            terms: Names of the terms, any of "trend", "season" and "category"; may be empty.
            catalogue: Catalogue with the categories of the items.
            split: Temporal split.

        Returns:
            The terms; None if there are none.

        Raises:
            InputError: If there is no term of a name, or the split has no times.
        """
        if not terms:
            return None
        if unknown := set(terms) - set(get_args(TimeTerm)):
            raise InputError(
                f"`time_terms` {', '.join(sorted(unknown))}: there are "
                f"{', '.join(get_args(TimeTerm))}."
            )
        if not isinstance(split, TemporalSplit):
            raise InputError(
                "`time_terms` need the times of purchases; train on a split in time (`split_time`)."
            )
        months = months_of_days(split.train_days)
        num_categories = len(catalogue.categories)
        first, last = int(months.min()), int(months.max())
        created = cls(embedding_size, terms, first, last, split.num_items, num_categories)
        if "category" in terms:
            created.category_of_item.assign(catalogue.item_categories)
        return created

    def style(self, month: tf.Tensor | None = None) -> tf.Tensor:
        """Computes μ_e + σ_m.

        Args:
            month: (B,) int, months since January 1970; by default the last one of training.

        Returns:
            (B, K) float32, or (1, K) for the default.
        """
        month = tf.constant([self.last_month]) if month is None else month
        style = tf.zeros([tf.size(month), self.embedding_size])
        if "trend" in self.terms:
            quarter = month // QUARTER - self.first_month // QUARTER
            last = self.trend.shape[0] - 1
            style += tf.gather(self.trend.value, tf.clip_by_value(quarter, 0, last))
            if last:
                ahead = tf.cast(tf.maximum(quarter - last, 0), tf.float32)
                # The sum of DAMPING, DAMPING², ... over the quarters ahead.
                steps = DAMPING * (1 - DAMPING**ahead) / (1 - DAMPING)
                style += steps[:, None] * (self.trend.value[-1] - self.trend.value[-2])
        if "season" in self.terms:
            centered = self.season.value - tf.reduce_mean(self.season.value, axis=0)
            style += tf.gather(centered, month % MONTHS)
        return style

    def bias(self, item: tf.Tensor, month: tf.Tensor | None = None) -> tf.Tensor:
        """Computes b_{c(i),m}.

        Args:
            item: Items, int, of a shape that can be broadcast with that of `month`.
            month: Months since January 1970, int; by default the last one of training.

        Returns:
            float32 of the broadcast shape.
        """
        month = tf.constant(self.last_month) if month is None else month
        if "category" not in self.terms:
            return tf.zeros(tf.broadcast_dynamic_shape(tf.shape(item), tf.shape(month)))
        category = tf.gather(self.category_of_item.value, item)
        biases = tf.reshape(self.category_bias.value, [-1])
        return tf.gather(biases, category * MONTHS + month % MONTHS)

    def penalty(self) -> tf.Tensor:
        """Computes half the squared changes of μ and the squares of σ and b, a scalar."""
        penalties = []
        if "trend" in self.terms:
            penalties.append(tf.nn.l2_loss(self.trend.value[1:] - self.trend.value[:-1]))
        if "season" in self.terms:
            penalties.append(tf.nn.l2_loss(self.season.value))
        if "category" in self.terms:
            penalties.append(tf.nn.l2_loss(self.category_bias.value))
        return tf.add_n(penalties)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "embedding_size": self.embedding_size,
            "terms": list(self.terms),
            "first_month": self.first_month,
            "last_month": self.last_month,
            "num_items": self.num_items,
            "num_categories": self.num_categories,
        }
