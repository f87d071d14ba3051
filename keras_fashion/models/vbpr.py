"""VBPR: matrix factorization that also sees, through frozen features."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.principal_components import principal_components
from keras_fashion.models.recommender import squared_norm
from keras_fashion.models.visual_recommender import VisualRecommender, mean_of_rows

FEATURE_NORM = 10.0
"""Mean squared norm of a feature: scores of an untrained model neither vanish nor saturate BPR."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class VBPR(VisualRecommender):
    """x_ui = beta_i + gamma_u . gamma_i + theta_u . (E f_i) + beta' . f_i.

    He & McAuley, "VBPR: Visual Bayesian Personalized Ranking from Implicit Feedback", AAAI 2016.
    f are the principal components of frozen features; E starts as the first K of them, so that
    with `with_history` training starts from VisRank without its normalization. Call `adapt`
    before training.

    To the regularizer of the rows come half of lambda_E times the squared norms of beta' and of
    what E has moved from its start.

    Args:
        num_users: U.
        num_items: I.
        feature_size: F, principal components kept of a frozen feature.
        embedding_size: K, length of theta, at most F.
        latent_size: Length of gamma; 0 leaves the latent term out.
        bias: Whether there are beta_i and beta'.
        with_history: Whether users are made from what they bought (`VisualRecommender`).
        regularization: lambda, on the rows of users and items.
        embedding_regularization: lambda_E.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        feature_size: int,
        embedding_size: int = 32,
        latent_size: int = 16,
        bias: bool = True,
        with_history: bool = False,
        regularization: float = 0.01,
        embedding_regularization: float = 1e-4,
        **kwargs,
    ) -> None:
        embedding_size = min(embedding_size, feature_size)
        super().__init__(
            num_users,
            num_items,
            embedding_size,
            latent_size,
            bias,
            with_history,
            regularization,
            initializer=keras.initializers.RandomNormal(stddev=0.01),
            **kwargs,
        )
        self.feature_size = feature_size
        self.embedding_size = embedding_size
        self.embedding_regularization = embedding_regularization
        self.embedding = self.add_weight(
            name="embedding", shape=(feature_size, embedding_size), initializer="identity"
        )
        if bias:
            self.beta_visual = self.add_weight(
                name="beta_visual", shape=(feature_size,), initializer="zeros"
            )
        self.features = self.add_weight(
            name="features", shape=(num_items, feature_size), initializer="zeros", trainable=False
        )
        self.built = True

    def adapt(self, features: np.ndarray) -> None:
        """Takes frozen features, (I, at least F) float, and keeps F principal components."""
        components = principal_components(features, self.feature_size)
        self.features.assign(FEATURE_NORM**0.5 * components)

    def item_embedding(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """E f_i."""
        return tf.gather(self.features.value, item) @ self.embedding.value

    def history_mean(self, history: tf.Tensor) -> tf.Tensor:
        """E times the mean feature; that of the catalogue is 0."""
        return mean_of_rows(self.features.value, history) @ self.embedding.value

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """beta_i + beta' . f_i, if items have a bias."""
        if not self.bias:
            return super().item_bias(item)
        visual = tf.linalg.matvec(tf.gather(self.features.value, item), self.beta_visual.value)
        return super().item_bias(item) + visual

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda on the batch's rows, per positive, and lambda_E on beta' and E's change."""
        moved = self.embedding.value - tf.eye(self.feature_size, self.embedding_size)
        shared = squared_norm(moved, *([self.beta_visual.value] if self.bias else []))
        rows = super().regularizer(user, positive, negative)
        return rows + self.embedding_regularization * shared

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "feature_size": self.feature_size,
            "embedding_size": self.embedding_size,
            "embedding_regularization": self.embedding_regularization,
        }
