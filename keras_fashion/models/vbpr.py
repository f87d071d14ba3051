"""VBPR: matrix factorisation that also sees, through frozen features."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class VBPR(Recommender):
    """x_ui = beta_i + gamma_u . gamma_i + theta_u . (E f_i) + beta' . f_i.

    He & McAuley, "VBPR: Visual Bayesian Personalized Ranking from Implicit Feedback", AAAI 2016.

    The regulariser is lambda / B times half the squared norms of the batch's rows of gamma, theta
    and beta, plus half of lambda_E times the squared norms of E and beta'. Call `adapt` with the
    features before training.

    Args:
        user_count: U.
        item_count: I.
        feature_size: F, length of a frozen feature.
        latent_size: Length of gamma.
        visual_size: Length of theta.
        regularisation: lambda, on the rows of users and items.
        embedding_regularisation: lambda_E, on E and beta'.
    """

    def __init__(
        self,
        user_count: int,
        item_count: int,
        feature_size: int,
        latent_size: int = 16,
        visual_size: int = 32,
        regularisation: float = 0.01,
        embedding_regularisation: float = 1e-4,
        **kwargs,
    ) -> None:
        super().__init__(user_count, item_count, **kwargs)
        self.feature_size = feature_size
        self.latent_size = latent_size
        self.visual_size = visual_size
        self.regularisation = regularisation
        self.embedding_regularisation = embedding_regularisation
        normal = keras.initializers.RandomNormal(stddev=0.1)
        self.gamma_user = self.add_weight(
            name="gamma_user", shape=(user_count, latent_size), initializer=normal
        )
        self.gamma_item = self.add_weight(
            name="gamma_item", shape=(item_count, latent_size), initializer=normal
        )
        self.theta = self.add_weight(
            name="theta", shape=(user_count, visual_size), initializer=normal
        )
        self.embedding = self.add_weight(
            name="embedding", shape=(feature_size, visual_size), initializer="glorot_uniform"
        )
        self.beta_item = self.add_weight(name="beta_item", shape=(item_count,), initializer="zeros")
        self.beta_visual = self.add_weight(
            name="beta_visual", shape=(feature_size,), initializer="zeros"
        )
        self.features = self.add_weight(
            name="features", shape=(item_count, feature_size), initializer="zeros", trainable=False
        )
        self.built = True

    def adapt(self, features: np.ndarray) -> None:
        """Takes frozen features, (I, F) float, and brings each to mean 0 and variance 1."""
        spread = np.maximum(features.std(axis=0), 1e-6)
        self.features.assign((features - features.mean(axis=0)) / spread)

    def user_vector(self, user: tf.Tensor) -> tf.Tensor:
        """[gamma_u, theta_u]."""
        return tf.concat(
            [tf.gather(self.gamma_user.value, user), tf.gather(self.theta.value, user)], axis=1
        )

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """[gamma_i, E f_i]."""
        visual = tf.gather(self.features.value, item) @ self.embedding.value
        return tf.concat([tf.gather(self.gamma_item.value, item), visual], axis=1)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """beta_i + beta' . f_i."""
        visual = tf.linalg.matvec(tf.gather(self.features.value, item), self.beta_visual.value)
        return tf.gather(self.beta_item.value, item) + visual

    def regulariser(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda on the batch's rows, per triplet, and lambda_E on E and beta'."""
        items = tf.concat([positive, negative], axis=0)
        rows = squared_norm(
            self.user_vector(user),
            tf.gather(self.gamma_item.value, items),
            tf.gather(self.beta_item.value, items),
        )
        shared = squared_norm(self.embedding.value, self.beta_visual.value)
        per_triplet = self.regularisation * rows / tf.cast(tf.size(user), tf.float32)
        return per_triplet + self.embedding_regularisation * shared

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "feature_size": self.feature_size,
            "latent_size": self.latent_size,
            "visual_size": self.visual_size,
            "regularisation": self.regularisation,
            "embedding_regularisation": self.embedding_regularisation,
        }
