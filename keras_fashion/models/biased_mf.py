"""Biased matrix factorisation, trained pair by pair."""

import keras
import tensorflow as tf

from keras_fashion.models.bprmf import BPRMF
from keras_fashion.models.ranking_losses import logistic_loss


@keras.saving.register_keras_serializable(package="keras_fashion")
class BiasedMF(BPRMF):
    """x_ui = alpha + beta_u + beta_i + gamma_u . gamma_i (Koren et al., Computer 2009, eq. 4).

    The formula of the DVBPR authors' talk. alpha and beta_u cancel in x_ui - x_uj, so BPR cannot
    learn them; here sigmoid(x_ui) is the chance that u bought i, learnt from positives and
    sampled negatives by the logistic loss. They move no item past another of the same user.

    Linear in the user: p_u = [gamma_u, beta_u], q_i = [gamma_i, 1], b_i = alpha + beta_i.

    The regulariser is BPR-MF's with beta_u² added; alpha is left free.

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
        super().__init__(user_count, item_count, latent_size, regularisation, **kwargs)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="zeros")
        self.beta_user = self.add_weight(name="beta_user", shape=(user_count,), initializer="zeros")

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """[gamma_u, beta_u]."""
        bias = tf.gather(self.beta_user.value, user)
        return tf.concat([super().user_vector(user), bias[:, None]], axis=1)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """[gamma_i, 1]."""
        return tf.pad(super().item_vector(item), [[0, 0], [0, 1]], constant_values=1.0)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """alpha + beta_i."""
        return self.alpha + super().item_bias(item)

    def ranking_loss(
        self, positive: tf.Tensor, negative: tf.Tensor, counted: tf.Tensor
    ) -> tf.Tensor:
        """The logistic loss of both kinds of pairs."""
        return logistic_loss(positive, negative, counted)
