"""A factorization machine over the user, the item and the item's category and attributes."""

from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.columns import describing_attributes, item_columns
from keras_fashion.data.split import Split
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.fit_settings import FitSettings, Minimum, SearchRange
from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class FM(Recommender):
    """A factorization machine of degree 2, trained by BPR (Rendle, ICDM 2010, equation 1).

    The features that are 1 are a user, an item and its values f in some columns (category, color,
    ...). With them the paper's w_0 + Σ w_a + Σ over pairs a < b of v_a · v_b reads

        x_ui = w_0 + w_u + w_i + Σ_f w_f                      each feature by itself
               + v_u · v_i + Σ_f v_u · v_f                    the user with the others
               + Σ_f v_i · v_f + Σ over f < g of v_f · v_g    the others among themselves

    w_0 and w_u cancel in x_ui - x_uj and are left out. The rest is linear in the user: with
    s_i = v_i + Σ_f v_f, p_u = v_u, q_i = s_i and b_i = w_i + Σ_f w_f + ½(|s_i|² - |v_i|² -
    Σ_f |v_f|²), where the last term holds the pairs among the others (lemma 3.1 of the paper).

    The regularizer is λ / B times half the squared norms of the batch's rows of v and w; a value
    counts once for each item that has it. Call `adapt` before training.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        num_columns: C, number of columns.
        num_values: V, number of values of all columns together.
        latent_size: K, length of v.
        regularization: λ.
        seed: Seed of the initial weights; by default a random one.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import FM
        >>> model = FM(num_users=2, num_items=3, num_columns=1, num_values=2, latent_size=4)
        >>> model.adapt(np.array([[0], [1], [1]]))
        >>> model.scoring_vectors().items.shape
        (3, 4)
    """

    fit_settings = FitSettings()

    def __init__(
        self,
        num_users: int,
        num_items: int,
        num_columns: int,
        num_values: int,
        latent_size: int = 32,
        regularization: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.num_columns = num_columns
        self.num_values = num_values
        self.latent_size = latent_size
        self.regularization = regularization
        normal = keras.initializers.RandomNormal(0.0, 0.1, keras.random.SeedGenerator(seed))
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

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        latent_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 32,
        regularization: Annotated[float, SearchRange(1e-4, 1.0)] = 0.01,
        seed: int = 0,
    ) -> Self:
        """Creates the model with the category and all attributes of a catalogue.

        Args:
            catalogue: Catalogue with the categories and attributes.
            split: Split with the numbers of users and items.
            latent_size: Length of the vectors of users, items and values.
            regularization: λ, weight of the squared norms of the rows in a batch.
            seed: Seed of the initial weights.
        """
        attributes = describing_attributes(catalogue.attributes)
        values, num_values = item_columns(catalogue, ["category", *attributes])
        model = cls(
            split.num_users,
            split.num_items,
            values.shape[1],
            num_values,
            latent_size,
            regularization,
            seed,
        )
        model.adapt(values)
        return model

    def adapt(self, values: np.ndarray) -> None:
        """Sets the (I, C) int values of the items; no two columns share a number."""
        self.values.assign(values)

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns v_u."""
        return tf.gather(self.v_user.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns s_i = v_i + Σ_f v_f."""
        own, shared = self._factors(item)
        return own + tf.reduce_sum(shared, axis=1)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns w_i + Σ_f w_f + ½(|s_i|² - |v_i|² - Σ_f |v_f|²)."""
        own, shared = self._factors(item)
        factors = tf.concat([own[:, None], shared], axis=1)
        square_of_sum = tf.reduce_sum(tf.square(tf.reduce_sum(factors, axis=1)), axis=1)
        sum_of_squares = tf.reduce_sum(tf.square(factors), axis=[1, 2])
        values = tf.gather(self.values.value, item)
        weights = tf.gather(self.w_item.value, item)
        weights += tf.reduce_sum(tf.gather(self.w_value.value, values), axis=1)
        return weights + 0.5 * (square_of_sum - sum_of_squares)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """Returns λ times half the squared norm of the rows in the batch, per positive."""
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
        """Returns v_i, (B, K), and v_f of the item's values, (B, C, K)."""
        values = tf.gather(self.values.value, item)
        return tf.gather(self.v_item.value, item), tf.gather(self.v_value.value, values)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "num_columns": self.num_columns,
            "num_values": self.num_values,
            "latent_size": self.latent_size,
            "regularization": self.regularization,
        }
