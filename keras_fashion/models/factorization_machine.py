"""Factorization machine over user, item and the item's category columns."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class FM(Recommender):
    """A factorization machine of degree 2 (Rendle, ICDM 2010, eq. 1), trained by BPR.

    With a user, an item and its values f in some columns (category, color, ...) as the features
    that are 1, the paper's w_0 + sum w_a + sum over pairs a < b of v_a . v_b reads

        x_ui = w_0 + w_u + w_i + sum_f w_f                        each by itself
               + v_u . v_i + sum_f v_u . v_f                      the user and the rest
               + sum_f v_i . v_f + sum over f < g of v_f . v_g    the rest among themselves

    w_0 and w_u cancel in x_ui - x_uj and are left out. What is left is linear in the user, with
    s_i = v_i + sum_f v_f: p_u = v_u, q_i = s_i, and
    b_i = w_i + sum_f w_f + ½(|s_i|² - |v_i|² - sum_f |v_f|²), the last term being the pairs among
    the rest (the paper's lemma 3.1).

    The regularizer is lambda / B times half the squared norms of the batch's rows of v and w;
    a value counts once for each item that has it. Call `adapt` before training.

    Args:
        num_users: U.
        num_items: I.
        num_columns: C, how many columns.
        num_values: V, values of all columns together.
        latent_size: K, length of v.
        regularization: lambda.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_columns: int,
        num_values: int,
        latent_size: int = 32,
        regularization: float = 0.01,
        **kwargs,
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.num_columns = num_columns
        self.num_values = num_values
        self.latent_size = latent_size
        self.regularization = regularization
        normal = keras.initializers.RandomNormal(stddev=0.1)
        self.v_user = self.add_weight(
            name="v_user", shape=(num_users, latent_size), initializer=normal
        )
        self.v_item = self.add_weight(
            name="v_item", shape=(num_items, latent_size), initializer=normal
        )
        self.v_value = self.add_weight(
            name="v_value", shape=(num_values, latent_size), initializer=normal
        )
        self.w_item = self.add_weight(name="w_item", shape=(num_items,), initializer="zeros")
        self.w_value = self.add_weight(name="w_value", shape=(num_values,), initializer="zeros")
        self.values = self.add_weight(
            name="values",
            shape=(num_items, num_columns),
            initializer="zeros",
            dtype="int32",
            trainable=False,
        )
        self.built = True

    def adapt(self, values: np.ndarray) -> None:
        """Takes (I, C) int, each item's value in each column; no two columns share a number."""
        self.values.assign(values)

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """v_u."""
        return tf.gather(self.v_user.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """s_i = v_i + sum_f v_f."""
        own, shared = self._factors(item)
        return own + tf.reduce_sum(shared, axis=1)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """w_i + sum_f w_f + ½(|s_i|² - |v_i|² - sum_f |v_f|²)."""
        own, shared = self._factors(item)
        factors = tf.concat([own[:, None], shared], axis=1)
        square_of_sum = tf.reduce_sum(tf.square(tf.reduce_sum(factors, axis=1)), axis=1)
        sum_of_squares = tf.reduce_sum(tf.square(factors), axis=[1, 2])
        values = tf.gather(self.values.value, item)
        weights = tf.gather(self.w_item.value, item)
        weights += tf.reduce_sum(tf.gather(self.w_value.value, values), axis=1)
        return weights + 0.5 * (square_of_sum - sum_of_squares)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda times half the squared norm of the rows in the batch, per positive."""
        items = tf.concat([positive, negative], axis=0)
        values = tf.gather(self.values.value, items)
        rows = squared_norm(
            self.user_vector(user),
            *self._factors(items),
            tf.gather(self.w_item.value, items),
            tf.gather(self.w_value.value, values),
        )
        return self.regularization * rows / tf.cast(tf.size(user), tf.float32)

    def _factors(self, item: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """v_i, (B, K), and v_f of the item's values, (B, C, K)."""
        values = tf.gather(self.values.value, item)
        return tf.gather(self.v_item.value, item), tf.gather(self.v_value.value, values)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "num_columns": self.num_columns,
            "num_values": self.num_values,
            "latent_size": self.latent_size,
            "regularization": self.regularization,
        }
