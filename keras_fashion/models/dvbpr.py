"""DVBPR: the style of an item is learned from its pixels, together with the users' tastes."""

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import all_rows, mean_of_replicas, replicas
from keras_fashion.models.encoders import ImageEncoder
from keras_fashion.models.recommender import squared_norm
from keras_fashion.models.visual_recommender import VisualRecommender, mean_of_rows

MOMENTUM = 0.95
"""Of the moving mean of styles: it forgets what the encoder was some twenty steps ago."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPR(VisualRecommender):
    """x_ui = theta_u . Phi(X_i) (Kang, Fang, Wang, McAuley, ICDM 2017, equation 3).

    Phi is a CNN over the item's picture; its passes over positives and negatives share their
    weights (siamese). The original's objective, divided by the batch size B:
    mean of -ln sigmoid(x_ui - x_uj) + lambda_theta / B * sum over the batch of ½|theta_u|²
    + lambda_Phi / B * ½ sum of |W|² over the CNN's kernels, biases left out.

    The talk's formula has beta_i + gamma_u . gamma_i as well: `bias` and `latent_size`, which
    the paper and its code leave out.

    With `with_history`, embedding all of a user's purchases at each step would cost more than the
    step: the model remembers each item's style as it last saw it and a moving mean of all that it
    sees, and no gradient flows there.

    Args:
        num_users: U.
        num_items: I.
        encoder: Phi: (B, H, W, 3) in [-1, 1] to (B, K).
        latent_size: Length of gamma; 0 leaves the latent term out.
        bias: Whether items have a bias.
        with_history: Whether users are made from what they bought (`VisualRecommender`).
        regularization: lambda_theta, on all rows of users and items; 1 in the original.
        encoder_regularization: lambda_Phi; 1e-3 in the original.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        encoder: ImageEncoder,
        latent_size: int = 0,
        bias: bool = False,
        with_history: bool = False,
        regularization: float = 1.0,
        encoder_regularization: float = 1e-3,
        **kwargs,
    ) -> None:
        super().__init__(
            num_users,
            num_items,
            encoder.embedding_size,
            latent_size,
            bias,
            with_history,
            regularization,
            initializer=keras.initializers.RandomUniform(0.0, 0.01),
            **kwargs,
        )
        self.encoder = encoder
        self.encoder_regularization = encoder_regularization
        if with_history:
            self.item_embeddings = self.add_weight(
                name="styles",
                shape=(num_items, encoder.embedding_size),
                initializer="zeros",
                trainable=False,
            )
            self.embedding_mean = self.add_weight(
                name="embedding_mean",
                shape=(encoder.embedding_size,),
                initializer="zeros",
                trainable=False,
            )
        if not encoder.built:
            encoder.build((None, *encoder.picture_size, 3))
        self.built = True

    def item_embedding(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Phi(X_i); the item's number only says whose style to remember."""
        item_embedding = self.encoder(picture, training=training)
        if self.with_history and training:
            # A replica has a table of its own, which must remember what the others see, too.
            self.item_embeddings.value.scatter_update(
                tf.IndexedSlices(all_rows(item_embedding), all_rows(item))
            )
            seen = mean_of_replicas(tf.reduce_mean(item_embedding, axis=0))
            self.embedding_mean.assign(MOMENTUM * self.embedding_mean + (1 - MOMENTUM) * seen)
        return item_embedding

    def history_mean(self, history: tf.Tensor) -> tf.Tensor:
        """Mean of the styles as last seen, less the moving mean."""
        centered = mean_of_rows(self.item_embeddings.value, history) - self.embedding_mean
        return tf.where(tf.reduce_any(history >= 0, axis=1, keepdims=True), centered, 0.0)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda_theta on the batch's rows and lambda_Phi on the kernels, per positive."""
        kernels = [v for v in self.encoder.trainable_variables if v.name == "kernel"]
        weights = self.encoder_regularization * squared_norm(*kernels)
        rows = super().regularizer(user, positive, negative)
        return rows + weights / tf.cast(replicas() * tf.size(user), tf.float32)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "encoder_regularization": self.encoder_regularization,
        }

    @classmethod
    def from_config(cls, config: dict) -> "DVBPR":
        """A model of the same shape, untrained."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**(config | {"encoder": encoder}))
