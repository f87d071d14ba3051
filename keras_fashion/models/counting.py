"""Recommenders that count and are not trained: random scores, popularity, and categories."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.columns import item_columns
from keras_fashion.data.split import Split
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.recommender import Recommender

GLOBAL_SHARE = 1e-3
"""Weight of the share among all users beside the user's own: it orders what they never bought."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class RandomScores(Recommender):
    """Random scores, the baseline at an expected AUC of 0.5.

    x_ui is the product of two fixed vectors that are drawn from a normal distribution.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        seed: Seed of the scores.

    Example:
        >>> from keras_fashion.models import RandomScores
        >>> RandomScores(num_users=2, num_items=3, seed=1).scoring_vectors().users.shape
        (2, 16)
    """

    def __init__(self, num_users: int, num_items: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.seed = seed
        self.built = True

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue, split: Split, *, seed: int = 0) -> Self:
        """Creates the model for a catalogue and a split.

        Args:
            catalogue: Not used.
            split: Split with the numbers of users and items.
            seed: Seed of the scores.
        """
        return cls(split.num_users, split.num_items, seed)

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns a fixed normal vector for each user."""
        return tf.gather(self._normal(self.num_users, stream=0), user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns a fixed normal vector for each item."""
        return tf.gather(self._normal(self.num_items, stream=1), item)

    def _normal(self, rows: int, stream: int) -> tf.Tensor:
        return tf.random.stateless_normal([rows, 16], [self.seed, stream])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"seed": self.seed}


class _ItemCounts(Recommender):
    """Scores that are one number for each item, the same for every user."""

    def __init__(self, num_users: int, num_items: int, **kwargs: Any) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.counts = self.add_weight(
            name="counts", shape=(num_items,), initializer="zeros", trainable=False
        )
        self.built = True

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns 1 for every user."""
        return tf.ones([tf.shape(user)[0], 1])

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns the count of each item."""
        return tf.gather(self.counts.value, item)[:, None]


@keras.saving.register_keras_serializable(package="keras_fashion")
class PopRank(_ItemCounts):
    """Popularity: x_ui is the number of training interactions of i, the same for every user.

    Call `adapt` with the counts; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import PopRank
        >>> model = PopRank(num_users=2, num_items=3)
        >>> model.adapt(np.array([4, 0, 9]))
        >>> model.scoring_vectors().scores(np.array([1]))
        array([[4., 0., 9.]], dtype=float32)
    """

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue, split: Split, *, seed: int = 0) -> Self:
        """Creates the model and counts the training interactions of a split.

        Args:
            catalogue: Not used.
            split: Split whose training part is counted.
            seed: Not used.
        """
        model = cls(split.num_users, split.num_items)
        model.adapt(split.training_counts)
        return model

    def adapt(self, counts: np.ndarray) -> None:
        """Sets the scores to the (I,) numbers of training interactions."""
        self.counts.assign(counts)


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryPopularity(_ItemCounts):
    """Popularity of categories: x_ui is the number of training interactions with i's category.

    Call `adapt`; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import CategoryPopularity
        >>> model = CategoryPopularity(num_users=1, num_items=3)
        >>> model.adapt(np.array([4, 1, 9]), categories=np.array([0, 0, 1]))
        >>> model.scoring_vectors().scores(np.array([0]))
        array([[5., 5., 9.]], dtype=float32)
    """

    @classmethod
    def from_catalogue(
        cls, catalogue: Catalogue, split: Split, *, column: str = "category", seed: int = 0
    ) -> Self:
        """Creates the model and counts the training interactions of a split.

        Args:
            catalogue: Catalogue with the categories and attributes.
            split: Split whose training part is counted.
            column: "category" or the name of an attribute of the catalogue.
            seed: Not used.

        Raises:
            InputError: If the catalogue has no such column.
        """
        values, _ = item_columns(catalogue, [column])
        model = cls(split.num_users, split.num_items)
        model.adapt(split.training_counts, values[:, 0])
        return model

    def adapt(self, counts: np.ndarray, categories: np.ndarray) -> None:
        """Sums the counts of each category.

        Args:
            counts: (I,) int, number of training interactions of each item.
            categories: (I,) int, category of each item.
        """
        self.counts.assign(np.bincount(categories, weights=counts)[categories])


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryFrequency(Recommender):
    """Users get the categories that they bought before.

    x_ui = Σ over columns of ln(share_u(c) + 0.001 share(c)), where c is the item's value in the
    column. share_u(c) is the share of c among the user's training interactions, share(c) that among
    all interactions (a value that was never bought counts as half an interaction). With one column
    the logarithm changes no ranking; with several this is naive Bayes (Maron, JACM 1961) without
    its prior, which classifies items by their values as the user's or not. A user without training
    interactions gets what is popular.

    It is linear in the user: p_u holds the logarithms of all values of all columns, and q_i is 1 at
    the item's values. Call `adapt`; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        num_columns: C, number of columns.
        num_values: V, number of values of all columns together.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import CategoryFrequency
        >>> model = CategoryFrequency(num_users=1, num_items=3, num_columns=1, num_values=2)
        >>> model.adapt(np.array([[0], [1], [1]]), train=np.array([[0, 1]]))
        >>> model.scoring_vectors().scores(np.array([0])).round(2)
        array([[-7.6,  0. ,  0. ]], dtype=float32)
    """

    def __init__(
        self, num_users: int, num_items: int, num_columns: int, num_values: int, **kwargs: Any
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.num_columns = num_columns
        self.num_values = num_values
        self.log_shares = self.add_weight(
            name="log_shares", shape=(num_users, num_values), initializer="zeros", trainable=False
        )
        self.values = self.add_weight(
            name="values",
            shape=(num_items, num_columns),
            initializer="zeros",
            dtype="int32",
            trainable=False,
        )
        self.built = True

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        columns: tuple[str, ...] = ("category",),
        seed: int = 0,
    ) -> Self:
        """Creates the model and counts the training interactions of a split.

        Args:
            catalogue: Catalogue with the categories and attributes.
            split: Split whose training part is counted.
            columns: "category" or attributes of the catalogue; the logarithms of several are added.
            seed: Not used.

        Raises:
            InputError: If the catalogue has no such column.
        """
        values, num_values = item_columns(catalogue, columns)
        model = cls(split.num_users, split.num_items, values.shape[1], num_values)
        model.adapt(values, split.train)
        return model

    def adapt(self, values: np.ndarray, train: np.ndarray) -> None:
        """Counts the values of what each user bought.

        Args:
            values: (I, C) int, value of each item in each column; no two columns share a number.
            train: (n, 2) int, training pairs (user, item).
        """
        users, items = train.T
        bought = values[items]
        shape = self.num_users, self.num_values
        cells = np.ravel_multi_index((np.repeat(users, self.num_columns), bought.ravel()), shape)
        counts = np.bincount(cells, minlength=np.prod(shape)).reshape(shape)
        own = counts / np.maximum(np.bincount(users, minlength=self.num_users), 1)[:, None]
        everyone = np.maximum(counts.sum(axis=0), 0.5) / len(train)
        self.log_shares.assign(np.log(own + GLOBAL_SHARE * everyone))
        self.values.assign(values)

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns ln(share_u(c) + 0.001 share(c)) for all values c."""
        return tf.gather(self.log_shares.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns 1 at the item's values and 0 elsewhere."""
        values = tf.gather(self.values.value, item)
        rows = tf.repeat(tf.range(tf.size(item)), self.num_columns)
        cells = tf.stack([rows, tf.reshape(values, [-1])], axis=1)
        return tf.scatter_nd(
            cells, tf.ones_like(rows, tf.float32), [tf.size(item), self.num_values]
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "num_columns": self.num_columns,
            "num_values": self.num_values,
        }
