"""Matrix factorization: BPR-MF, biased MF and WARP."""

import keras
import tensorflow as tf

from keras_fashion.losses.ranking import logistic_loss, warp_loss
from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class BPRMF(Recommender):
    """x_ui = beta_i + gamma_u . gamma_i (Rendle et al., UAI 2009).

    The global and the user's bias of biased MF cancel in x_ui - x_uj, so BPR cannot learn them
    and they are left out. The regularizer is
    lambda / B * sum over the batch of ½(|gamma_u|² + |gamma_i|² + |gamma_j|² + beta_i² + beta_j²).

    Args:
        num_users: U.
        num_items: I.
        latent_size: Length of gamma.
        regularization: lambda.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        latent_size: int = 32,
        regularization: float = 0.01,
        **kwargs,
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.latent_size = latent_size
        self.regularization = regularization
        normal = keras.initializers.RandomNormal(stddev=0.1)
        self.gamma_user = self.add_weight(
            name="gamma_user", shape=(num_users, latent_size), initializer=normal
        )
        self.gamma_item = self.add_weight(
            name="gamma_item", shape=(num_items, latent_size), initializer=normal
        )
        self.beta_item = self.add_weight(name="beta_item", shape=(num_items,), initializer="zeros")
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

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda times half the squared norm of the rows in the batch, per positive."""
        items = tf.concat([positive, negative], axis=0)
        rows = squared_norm(
            self.user_vector(user),
            tf.gather(self.gamma_item.value, items),
            tf.gather(self.beta_item.value, items),
        )
        return self.regularization * rows / tf.cast(tf.size(user), tf.float32)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "latent_size": self.latent_size,
            "regularization": self.regularization,
        }


@keras.saving.register_keras_serializable(package="keras_fashion")
class BiasedMF(BPRMF):
    """x_ui = alpha + beta_u + beta_i + gamma_u . gamma_i (Koren et al., Computer 2009, eq. 4).

    The formula of the DVBPR authors' talk. alpha and beta_u cancel in x_ui - x_uj, so BPR cannot
    learn them; here sigmoid(x_ui) is the chance that u bought i, learned from positives and
    sampled negatives by the logistic loss. They move no item past another of the same user.

    Linear in the user: p_u = [gamma_u, beta_u], q_i = [gamma_i, 1], b_i = alpha + beta_i.

    The regularizer is BPR-MF's with beta_u² added; alpha is left free.

    Args:
        num_users: U.
        num_items: I.
        latent_size: Length of gamma.
        regularization: lambda.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        latent_size: int = 32,
        regularization: float = 0.01,
        **kwargs,
    ) -> None:
        super().__init__(num_users, num_items, latent_size, regularization, **kwargs)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="zeros")
        self.beta_user = self.add_weight(name="beta_user", shape=(num_users,), initializer="zeros")

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

    def ranking_loss(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The logistic loss of both kinds of pairs."""
        return logistic_loss(positive, negative, mask)


@keras.saving.register_keras_serializable(package="keras_fashion")
class WARP(BPRMF):
    """BPR-MF's formula x_ui = beta_i + gamma_u . gamma_i under the WARP loss (`warp_loss`).

    Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011. An
    interaction of a user whose positive stands low weighs more, and only negatives that violate
    the margin teach anything.

    The paper draws negatives for one positive until one violates. Here the negatives that a batch
    shares are the draws of all its positives, in their order: each user still sees items drawn
    uniformly from those he did not buy, and what a batch lacks is only that two users' draws
    differ. Give `triplets` shared negatives; one negative a positive is one draw.

    Args:
        num_users: U.
        num_items: I.
        latent_size: Length of gamma.
        regularization: lambda.
    """

    def ranking_loss(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The WARP loss, ranks being estimated among all items."""
        return warp_loss(positive, negative, mask, self.num_items)
