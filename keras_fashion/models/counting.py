"""Recommenders that count and are not trained: random scores, popularity, and categories."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender


@keras.saving.register_keras_serializable(package="keras_fashion")
class RandomScores(Recommender):
    """x_ui drawn at random, once: the product of two fixed normal vectors. Expected AUC 0.5.

    Args:
        num_users: U.
        num_items: I.
        seed: Decides the scores.
    """

    def __init__(self, num_users: int, num_items: int, seed: int = 0, **kwargs) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.seed = seed
        self.built = True

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """A fixed normal vector a user."""
        return tf.gather(self._normal(self.num_users, stream=0), user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """A fixed normal vector an item."""
        return tf.gather(self._normal(self.num_items, stream=1), item)

    def _normal(self, rows: int, stream: int) -> tf.Tensor:
        return tf.random.stateless_normal([rows, 16], [self.seed, stream])

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {"seed": self.seed}


@keras.saving.register_keras_serializable(package="keras_fashion")
class PopRank(Recommender):
    """x_ui = number of training interactions of i; the same for every user.

    Call `adapt` with the counts; there is nothing to train.

    Args:
        num_users: U.
        num_items: I.
    """

    def __init__(self, num_users: int, num_items: int, **kwargs) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.counts = self.add_weight(
            name="counts", shape=(num_items,), initializer="zeros", trainable=False
        )
        self.built = True

    def adapt(self, counts: np.ndarray) -> None:
        """Takes the (I,) training interactions of each item."""
        self.counts.assign(counts)

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """1 for every user."""
        return tf.ones([tf.shape(user)[0], 1])

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The item's count."""
        return tf.gather(self.counts.value, item)[:, None]


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryPopularity(PopRank):
    """x_ui = number of training interactions with items of i's category; the same for every user.

    Call `adapt`; there is nothing to train.

    Args:
        num_users: U.
        num_items: I.
    """

    def adapt(self, counts: np.ndarray, categories: np.ndarray) -> None:
        """Adds up what items of a category sold.

        Args:
            counts: (I,) training interactions of each item.
            categories: (I,) int, the category of each item.
        """
        super().adapt(np.bincount(categories, weights=counts)[categories])


GLOBAL_SHARE = 1e-3
"""Weight of everybody's share beside the user's own: it orders what he never bought."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryFrequency(Recommender):
    """x_ui = sum over columns of ln(share_u(c) + 0.001 share(c)), c the item's value there.

    share_u(c) is the share of c among the user's training interactions, share(c) that among all
    (a value that never sold counts as half an interaction). With one column the logarithm changes
    no ranking; with several this is naive Bayes (Maron, JACM 1961) without its prior, items being
    classified by their values as the user's or not. A user without training interactions gets
    what sells.

    Linear in the user: p_u = the logarithms of all values of all columns, q_i = 1 at the item's.
    Call `adapt`; there is nothing to train.

    Args:
        num_users: U.
        num_items: I.
        num_columns: C, how many columns.
        num_values: V, values of all columns together.
    """

    def __init__(
        self, num_users: int, num_items: int, num_columns: int, num_values: int, **kwargs
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

    def adapt(self, values: np.ndarray, train: np.ndarray) -> None:
        """Counts.

        Args:
            values: (I, C) int, each item's value in each column; no two columns share a number.
            train: (n, 2) int, training pairs (user, item).
        """
        users, items = train.T
        sold = values[items]
        shape = self.num_users, self.num_values
        cells = np.ravel_multi_index((np.repeat(users, self.num_columns), sold.ravel()), shape)
        counts = np.bincount(cells, minlength=np.prod(shape)).reshape(shape)
        own = counts / np.maximum(np.bincount(users, minlength=self.num_users), 1)[:, None]
        everybody = np.maximum(counts.sum(axis=0), 0.5) / len(train)
        self.log_shares.assign(np.log(own + GLOBAL_SHARE * everybody))
        self.values.assign(values)

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """ln(share_u(c) + 0.001 share(c)) for all values c."""
        return tf.gather(self.log_shares.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """1 at the item's values, 0 elsewhere."""
        values = tf.gather(self.values.value, item)
        rows = tf.repeat(tf.range(tf.size(item)), self.num_columns)
        places = tf.stack([rows, tf.reshape(values, [-1])], axis=1)
        return tf.scatter_nd(
            places, tf.ones_like(rows, tf.float32), [tf.size(item), self.num_values]
        )

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "num_columns": self.num_columns,
            "num_values": self.num_values,
        }
