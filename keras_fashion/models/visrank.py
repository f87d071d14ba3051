"""VisRank: recommend what looks like what the user bought."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender


@keras.saving.register_keras_serializable(package="keras_fashion")
class VisRank(Recommender):
    """x_ui = cosine of f_i and the mean of f over the items that u bought.

    A baseline of Kang et al., ICDM 2017. Features have the catalogue's mean removed before they
    are normalized: without that all cosines are near 1 and the ranking is much worse. Call
    `adapt`; there is nothing to train.

    Args:
        num_users: U.
        num_items: I.
        feature_size: F, length of a frozen feature.
    """

    def __init__(self, num_users: int, num_items: int, feature_size: int, **kwargs) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.feature_size = feature_size
        self.user_features = self.add_weight(
            name="tastes", shape=(num_users, feature_size), initializer="zeros", trainable=False
        )
        self.features = self.add_weight(
            name="features", shape=(num_items, feature_size), initializer="zeros", trainable=False
        )
        self.built = True

    def adapt(self, features: np.ndarray, train: np.ndarray) -> None:
        """Takes frozen features and who bought what.

        Args:
            features: (I, F) float.
            train: (n, 2) int, training pairs (user, item).
        """
        centered = tf.math.l2_normalize(features - features.mean(axis=0), axis=1)
        bought = tf.gather(centered, train[:, 1])
        sums = tf.math.unsorted_segment_sum(bought, train[:, 0], self.num_users)
        self.features.assign(centered)
        self.user_features.assign(tf.math.l2_normalize(sums, axis=1))

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """The direction of the user's mean feature; 0 for a user without items."""
        return tf.gather(self.user_features.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The item's centered, normalized feature."""
        return tf.gather(self.features.value, item)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {"feature_size": self.feature_size}


BLOCK = 2**24
"""Similarities held at a time, 64 MiB in float32."""


class NearestItemScores(NamedTuple):
    """x_ui = max over the items j that u bought of items[i] . items[j]; 0 for who bought nothing.

    Not linear in the user, so there is no vector of a user: what takes `ScoringVectors` apart
    (export, design) cannot take these.

    Attributes:
        items: (I, F) float32.
        bought: (n,) int32, what users bought, one user after the other.
        starts: (U + 1,) int64; user u bought `bought[starts[u] : starts[u + 1]]`.
    """

    items: np.ndarray
    bought: np.ndarray
    starts: np.ndarray

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Scores of all items for some users: (B,) int to (B, I) float32.

        Beside the scores, memory is a block of similarities, whatever users bought.
        """
        lengths = self.starts[users + 1] - self.starts[users]
        rows = np.repeat(np.arange(len(users)), lengths)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        bought = self.bought[self.starts[users][rows] + within]
        scores = np.full((len(users), len(self.items)), -np.inf, np.float32)
        scores[lengths == 0] = 0.0
        step = max(1, BLOCK // len(self.items))
        for first in range(0, len(rows), step):
            similarity = self.items[bought[first : first + step]] @ self.items.T
            owners, at = np.unique(rows[first : first + step], return_index=True)
            # A user's items may go on in the next block.
            scores[owners] = np.maximum(scores[owners], np.maximum.reduceat(similarity, at))
        return scores

    __call__ = scores


@keras.saving.register_keras_serializable(package="keras_fashion")
class VisRankMax(keras.Model):
    """x_ui = max over the items j that u bought of the cosine of f_i and f_j.

    `VisRank` with the nearest item in the place of the mean: it keeps apart the tastes of one who
    buys several kinds of things. Features are centered and normalized as there. Call `adapt`;
    there is nothing to train.

    It is no `Recommender`: no vector of a user gives a maximum as a product.

    Args:
        num_users: U.
        num_items: I.
        feature_size: F, length of a frozen feature.
    """

    def __init__(self, num_users: int, num_items: int, feature_size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.feature_size = feature_size
        self.features = self.add_weight(
            name="features", shape=(num_items, feature_size), initializer="zeros", trainable=False
        )
        self.built = True

    def adapt(self, features: np.ndarray) -> None:
        """Takes frozen features, (I, F) float."""
        self.features.assign(tf.math.l2_normalize(features - features.mean(axis=0), axis=1))

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Scores pairs of an item and a history.

        Args:
            inputs: {"item": (B,) int, "history": (B, H) int, items bought, -1 for none}.
            training: Plays no part.

        Returns:
            (B,) float32, 0 where the history is empty.
        """
        history = inputs["history"]
        item = tf.gather(self.features.value, inputs["item"])
        bought = tf.gather(self.features.value, tf.maximum(history, 0))
        similarity = tf.linalg.matvec(bought, item)
        nearest = tf.reduce_max(tf.where(history >= 0, similarity, -np.inf), axis=1)
        return tf.where(tf.reduce_any(history >= 0, axis=1), nearest, 0.0)

    def scoring_vectors(
        self, pictures: tf.data.Dataset | None = None, train: np.ndarray | None = None
    ) -> NearestItemScores:
        """All that scores the catalogue for every user.

        Args:
            pictures: Plays no part; the features are frozen.
            train: (n, 2) int, training pairs (user, item).

        Raises:
            ValueError: If `train` is missing.
        """
        if train is None:
            raise ValueError("users are made from what they bought: give train, (user, item) pairs")
        by_user = train[np.argsort(train[:, 0], kind="stable")]
        starts = np.searchsorted(by_user[:, 0], np.arange(self.num_users + 1))
        return NearestItemScores(self.features.numpy(), by_user[:, 1], starts)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "num_users": self.num_users,
            "num_items": self.num_items,
            "feature_size": self.feature_size,
        }
