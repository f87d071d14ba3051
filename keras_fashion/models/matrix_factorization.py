"""Matrix factorization: BPR-MF, biased MF and WARP."""

from typing import Annotated, Any

import keras
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.fit_settings import FitSettings, Minimum, SearchRange
from keras_fashion.models.recommender import Recommender, squared_norm


@keras.saving.register_keras_serializable(package="keras_fashion")
class BPRMF(Recommender):
    """Matrix factorization trained by BPR: x_ui = β_i + γ_u · γ_i (Rendle et al., UAI 2009).

    The global bias and the user's bias of biased MF cancel in x_ui - x_uj, so BPR cannot learn them
    and they are left out. The regularizer is
    λ / B · Σ over the batch of ½(|γ_u|² + |γ_i|² + |γ_j|² + β_i² + β_j²).

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        latent_size: Length of γ.
        regularization: λ.
        seed: Seed of the initial weights; by default a random one.

    Example:
        >>> from keras_fashion.models import BPRMF
        >>> model = BPRMF(num_users=3, num_items=5, latent_size=2, seed=0)
        >>> model.scoring_vectors().items.shape
        (5, 2)
    """

    fit_settings = FitSettings()

    def __init__(
        self,
        num_users: int,
        num_items: int,
        latent_size: int = 32,
        regularization: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.latent_size = latent_size
        self.regularization = regularization
        normal = keras.initializers.RandomNormal(0.0, 0.1, keras.random.SeedGenerator(seed))
        self.gamma_user = self.add_weight(
            name="gamma_user", shape=(num_users, latent_size), initializer=normal
        )
        self.gamma_item = self.add_weight(
            name="gamma_item", shape=(num_items, latent_size), initializer=normal
        )
        self.beta_item = self.add_weight(name="beta_item", shape=(num_items,), initializer="zeros")
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
        """Creates the model for a catalogue and a split.

        Args:
            catalogue: Not used; the model knows interactions only.
            split: Split with the numbers of users and items.
            latent_size: Length of the vectors of users and items.
            regularization: λ, weight of the squared norms of the rows in a batch.
            seed: Seed of the initial weights.
        """
        return cls(split.num_users, split.num_items, latent_size, regularization, seed)

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns γ_u."""
        return tf.gather(self.gamma_user.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns γ_i."""
        return tf.gather(self.gamma_item.value, item)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns β_i."""
        return tf.gather(self.beta_item.value, item)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """Returns λ times half the squared norm of the rows in the batch, per positive."""
        items = tf.concat([positive, negative], axis=0)
        rows = squared_norm(
            self.user_vector(user),
            tf.gather(self.gamma_item.value, items),
            tf.gather(self.beta_item.value, items),
        )
        return self.regularization * rows / tf.cast(tf.size(user), tf.float32)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "latent_size": self.latent_size,
            "regularization": self.regularization,
        }


@keras.saving.register_keras_serializable(package="keras_fashion")
class BiasedMF(BPRMF):
    """Matrix factorization with all biases: x_ui = α + β_u + β_i + γ_u · γ_i.

    Koren et al., "Matrix Factorization Techniques for Recommender Systems", Computer 2009,
    equation 4, and the formula of the DVBPR authors' talk. α and β_u cancel in x_ui - x_uj, so BPR
    cannot learn them; here σ(x_ui) is the probability that u bought i, learned from positives and
    sampled negatives by the logistic loss. They do not change the order of a user's items.

    It is linear in the user: p_u = [γ_u, β_u], q_i = [γ_i, 1], b_i = α + β_i. The regularizer is
    that of BPR-MF with β_u² added; α is not regularized.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        latent_size: Length of γ.
        regularization: λ.
        seed: Seed of the initial weights; by default a random one.

    Example:
        >>> from keras_fashion.models import BiasedMF
        >>> BiasedMF(num_users=3, num_items=5, latent_size=2).scoring_vectors().users.shape
        (3, 3)
    """

    fit_settings = FitSettings(loss="logistic")

    def __init__(
        self,
        num_users: int,
        num_items: int,
        latent_size: int = 32,
        regularization: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_users, num_items, latent_size, regularization, seed, **kwargs)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="zeros")
        self.beta_user = self.add_weight(name="beta_user", shape=(num_users,), initializer="zeros")

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns [γ_u, β_u]."""
        bias = tf.gather(self.beta_user.value, user)
        return tf.concat([super().user_vector(user), bias[:, None]], axis=1)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns [γ_i, 1]."""
        return tf.pad(super().item_vector(item), [[0, 0], [0, 1]], constant_values=1.0)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns α + β_i."""
        return self.alpha + super().item_bias(item)


@keras.saving.register_keras_serializable(package="keras_fashion")
class WARP(BPRMF):
    """Matrix factorization that improves the top of the list: BPR-MF under the WARP loss.

    x_ui = β_i + γ_u · γ_i (Weston et al., "WSABIE", IJCAI 2011). An interaction whose positive item
    ranks low weighs more, and only negatives that violate the margin contribute.

    The paper draws negatives for one positive until one violates. Here the negatives that a batch
    shares are the draws of all its positives, in their order: for each user they are drawn
    uniformly from the items that the user did not buy, but two users of a batch have the same
    draws. Give `triplets` shared negatives; one negative for each positive is a single draw.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        latent_size: Length of γ.
        regularization: λ.
        seed: Seed of the initial weights; by default a random one.

    Example:
        >>> from keras_fashion.models import WARP
        >>> WARP(num_users=3, num_items=5).default_loss().num_items
        5
    """

    fit_settings = FitSettings(learning_rate=0.02, patience=15, negatives=64, loss="warp")

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        latent_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 64,
        regularization: Annotated[float, SearchRange(1e-2, 10.0)] = 0.5,
        seed: int = 0,
    ) -> Self:
        """Creates the model for a catalogue and a split.

        Args:
            catalogue: Not used; the model knows interactions only.
            split: Split with the numbers of users and items.
            latent_size: Length of the vectors of users and items.
            regularization: λ, weight of the squared norms of the rows in a batch; larger than for
                BPR, because the loss weighs many ranks.
            seed: Seed of the initial weights.
        """
        return cls(split.num_users, split.num_items, latent_size, regularization, seed)
