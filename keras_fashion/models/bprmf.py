"""BPR-MF: biased matrix factorisation, which knows who bought what and nothing else."""

import keras
import tensorflow as tf

from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class BPRMF(Recommender):
    """x_ui = beta_i + gamma_u . gamma_i (Rendle et al., UAI 2009).

    The global and the user's bias of biased MF cancel in x_ui - x_uj, so BPR cannot learn them
    and they are left out. The regulariser is
    lambda / B * sum over the batch of ½(|gamma_u|² + |gamma_i|² + |gamma_j|² + beta_i² + beta_j²).

    Args:
        user_count: U.
        item_count: I.
        latent_size: Length of gamma.
        regularisation: lambda.
    """

    def __init__(
        self,
        user_count: int,
        item_count: int,
        latent_size: int = 32,
        regularisation: float = 0.01,
        **kwargs,
    ) -> None:
        super().__init__(user_count, item_count, **kwargs)
        self.latent_size = latent_size
        self.regularisation = regularisation
        normal = keras.initializers.RandomNormal(stddev=0.1)
        self.gamma_user = self.add_weight(
            name="gamma_user", shape=(user_count, latent_size), initializer=normal
        )
        self.gamma_item = self.add_weight(
            name="gamma_item", shape=(item_count, latent_size), initializer=normal
        )
        self.beta_item = self.add_weight(name="beta_item", shape=(item_count,), initializer="zeros")
        self.built = True

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """gamma_u."""
        return tf.gather(self.gamma_user.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """gamma_i."""
        return tf.gather(self.gamma_item.value, item)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """beta_i."""
        return tf.gather(self.beta_item.value, item)

    def regulariser(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda times half the squared norm of the rows in the batch, per positive."""
        items = tf.concat([positive, negative], axis=0)
        rows = squared_norm(
            self.user_vector(user),
            tf.gather(self.gamma_item.value, items),
            tf.gather(self.beta_item.value, items),
        )
        return self.regularisation * rows / tf.cast(tf.size(user), tf.float32)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "latent_size": self.latent_size,
            "regularisation": self.regularisation,
        }
