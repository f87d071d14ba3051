"""VisRank: recommend what looks like what the user bought."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender


@keras.saving.register_keras_serializable(package="keras_fashion")
class VisRank(Recommender):
    """x_ui = cosine of f_i and the mean of f over the items that u bought.

    A baseline of Kang et al., ICDM 2017. Features have the catalogue's mean removed before they
    are normalised: without that all cosines are near 1 and the ranking is much worse. Call
    `adapt`; there is nothing to train.

    Args:
        user_count: U.
        item_count: I.
        feature_size: F, length of a frozen feature.
    """

    def __init__(self, user_count: int, item_count: int, feature_size: int, **kwargs) -> None:
        super().__init__(user_count, item_count, **kwargs)
        self.feature_size = feature_size
        self.tastes = self.add_weight(
            name="tastes", shape=(user_count, feature_size), initializer="zeros", trainable=False
        )
        self.features = self.add_weight(
            name="features", shape=(item_count, feature_size), initializer="zeros", trainable=False
        )
        self.built = True

    def adapt(self, features: np.ndarray, train: np.ndarray) -> None:
        """Takes frozen features and who bought what.

        Args:
            features: (I, F) float.
            train: (n, 2) int, training pairs (user, item).
        """
        centred = tf.math.l2_normalize(features - features.mean(axis=0), axis=1)
        bought = tf.gather(centred, train[:, 1])
        sums = tf.math.unsorted_segment_sum(bought, train[:, 0], self.user_count)
        self.features.assign(centred)
        self.tastes.assign(tf.math.l2_normalize(sums, axis=1))

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """The direction of the user's mean feature; 0 for a user without items."""
        return tf.gather(self.tastes.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The item's centred, normalised feature."""
        return tf.gather(self.features.value, item)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {"feature_size": self.feature_size}
