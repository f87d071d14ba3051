"""Random scores: the floor that every table shows."""

import keras
import tensorflow as tf

from keras_fashion.models.recommender import Recommender


@keras.saving.register_keras_serializable(package="keras_fashion")
class RandomScores(Recommender):
    """x_ui drawn at random, once: the product of two fixed normal vectors. Expected AUC 0.5.

    Args:
        user_count: U.
        item_count: I.
        seed: Decides the scores.
    """

    def __init__(self, user_count: int, item_count: int, seed: int = 0, **kwargs) -> None:
        super().__init__(user_count, item_count, **kwargs)
        self.seed = seed
        self.built = True

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """A fixed normal vector a user."""
        return tf.gather(self._normal(self.user_count, stream=0), user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """A fixed normal vector an item."""
        return tf.gather(self._normal(self.item_count, stream=1), item)

    def _normal(self, rows: int, stream: int) -> tf.Tensor:
        return tf.random.stateless_normal([rows, 16], [self.seed, stream])

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {"seed": self.seed}
