"""PopRank: everybody gets what sells."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender


@keras.saving.register_keras_serializable(package="keras_fashion")
class PopRank(Recommender):
    """x_ui = number of training interactions of i; the same for every user.

    Call `adapt` with the counts; there is nothing to train.

    Args:
        user_count: U.
        item_count: I.
    """

    def __init__(self, user_count: int, item_count: int, **kwargs) -> None:
        super().__init__(user_count, item_count, **kwargs)
        self.counts = self.add_weight(
            name="counts", shape=(item_count,), initializer="zeros", trainable=False
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
