"""DVBPR: the style of an item is learnt from its pixels, together with the users' tastes."""

import keras
import tensorflow as tf

from keras_fashion.models.image_encoder import ImageEncoder
from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPR(Recommender):
    """x_ui = theta_u . Phi(X_i) (Kang, Fang, Wang, McAuley, ICDM 2017, equation 3).

    Phi is a CNN over the item's picture; its two passes in a triplet share their weights
    (siamese). The original's objective, divided by the batch size B:
    mean of -ln sigmoid(x_ui - x_uj) + lambda_theta / B * sum over the batch of ½|theta_u|²
    + lambda_Phi / B * ½ sum of |W|² over the CNN's kernels, biases left out.

    Args:
        user_count: U.
        item_count: I.
        encoder: Phi: (B, H, W, 3) in [-1, 1] to (B, K).
        theta_regularisation: lambda_theta; 1 in the original.
        encoder_regularisation: lambda_Phi; 1e-3 in the original.
    """

    def __init__(
        self,
        user_count: int,
        item_count: int,
        encoder: ImageEncoder,
        theta_regularisation: float = 1.0,
        encoder_regularisation: float = 1e-3,
        **kwargs,
    ) -> None:
        super().__init__(user_count, item_count, **kwargs)
        self.encoder = encoder
        self.theta_regularisation = theta_regularisation
        self.encoder_regularisation = encoder_regularisation
        self.theta = self.add_weight(
            name="theta",
            shape=(user_count, encoder.embedding_size),
            initializer=keras.initializers.RandomUniform(0.0, 0.01),
        )
        if not encoder.built:
            encoder.build((None, *encoder.picture_size, 3))
        self.built = True

    def user_vector(self, user: tf.Tensor) -> tf.Tensor:
        """theta_u."""
        return tf.gather(self.theta.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Phi(X_i); the item's number plays no part."""
        return self.encoder(picture, training=training)

    def regulariser(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """The original's two terms, per triplet."""
        kernels = [v for v in self.encoder.trainable_variables if v.name == "kernel"]
        summed = self.theta_regularisation * squared_norm(self.user_vector(user))
        summed += self.encoder_regularisation * squared_norm(*kernels)
        return summed / tf.cast(tf.size(user), tf.float32)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "theta_regularisation": self.theta_regularisation,
            "encoder_regularisation": self.encoder_regularisation,
        }

    @classmethod
    def from_config(cls, config: dict) -> "DVBPR":
        """A model of the same shape, untrained."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**(config | {"encoder": encoder}))
