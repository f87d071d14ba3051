"""The abstract base of visual recommenders: latent factors and biases beside an embedding."""

from abc import abstractmethod
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender, squared_norm
from keras_fashion.models.scoring_vectors import ScoringVectors


class VisualRecommender(Recommender):
    """x_ui = β_i + γ_u · γ_i + θ_u · Φ_i, the formula of the DVBPR authors' talk.

    A subclass says what Φ, the embedding of an item, is. The global bias and the user's bias of the
    talk's formula cancel in x_ui - x_uj, so BPR cannot learn them and they are left out.

    With `with_history` a user is made of their own vector and of what they bought:
    θ_u = own_u + mean of Φ_j over their training items j - mean of Φ over the catalogue. The
    positive item itself is left out of the first mean in training. That is the idea of FISM (Kabbur
    et al., KDD 2013) and SVD++ (Koren, KDD 2008) with embeddings in the place of item factors; it
    helps users with few purchases and serves users who were not trained on (`newcomer_vector`). The
    second mean is common to all users and says nothing about this one. Neither mean has a learned
    weight: with a negative weight, own_u, which knows the positive, would reveal it by the
    difference.

    The regularizer is λ / B · Σ over the batch of ½|own_u|² and of half the squares of the other
    rows; a subclass adds its own.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        embedding_size: K, length of Φ and θ.
        latent_size: Length of γ; 0 leaves the latent term out.
        bias: Whether items have a bias.
        with_history: Whether users are made from what they bought.
        regularization: λ, on the rows of users and items.
        initializer: Initializer of θ.
        seed: Seed of the initial γ; by default a random one.

    Example:
        >>> from keras_fashion.models import VisualRecommender
        >>> class ColorRecommender(VisualRecommender):
        ...     colors = tf.constant([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])  # Φ of three items
        ...     def item_embedding(self, item, picture=None, training=False):
        ...         return tf.gather(self.colors, item)
        ...     def history_mean(self, history):
        ...         return mean_of_rows(self.colors - tf.reduce_mean(self.colors, axis=0), history)
        >>> model = ColorRecommender(
        ...     num_users=2,
        ...     num_items=3,
        ...     embedding_size=2,
        ...     latent_size=0,
        ...     bias=False,
        ...     with_history=False,
        ...     regularization=0.01,
        ...     initializer="ones",
        ... )
        >>> model({"user": tf.constant([0, 1]), "item": tf.constant([0, 2])}).numpy().tolist()
        [1.0, 1.0]
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        embedding_size: int,
        latent_size: int,
        bias: bool,
        with_history: bool,
        regularization: float,
        initializer: keras.initializers.Initializer,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.latent_size = latent_size
        self.bias = bias
        self.with_history = with_history
        self.regularization = regularization
        self.theta = self.add_weight(
            name="theta", shape=(num_users, embedding_size), initializer=initializer
        )
        if latent_size:
            normal = keras.initializers.RandomNormal(0.0, 0.1, keras.random.SeedGenerator(seed))
            self.gamma_user = self.add_weight(
                name="gamma_user", shape=(num_users, latent_size), initializer=normal
            )
            self.gamma_item = self.add_weight(
                name="gamma_item", shape=(num_items, latent_size), initializer=normal
            )
        if bias:
            self.beta_item = self.add_weight(
                name="beta_item", shape=(num_items,), initializer="zeros"
            )
        if with_history:
            self._has_found_histories = False
            self.history_embedding = self.add_weight(
                name="history_embedding",
                shape=(num_users, embedding_size),
                initializer="zeros",
                trainable=False,
            )

    @abstractmethod
    def item_embedding(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Computes Φ_i.

        Args:
            item: (B,) int, items.
            picture: (B, H, W, 3) float32 in [-1, 1], for models that embed the picture.
            training: Whether the model is being trained.

        Returns:
            (B, K) float32.
        """

    @abstractmethod
    def history_mean(self, history: tf.Tensor) -> tf.Tensor:
        """Computes the mean of Φ over histories minus that over the catalogue, in training.

        Args:
            history: (B, H) int, items, padded with -1.

        Returns:
            (B, K) float32, 0 for an empty history.
        """

    def user_embedding(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """Computes θ_u.

        Args:
            user: (B,) int, users.
            history: (B, H) int, items that the users bought, padded with -1; without it, what
                `adapt_users` has stored.

        Returns:
            (B, K) float32.

        Raises:
            ValueError: If the model makes users from their history, and there is neither a history
                nor a stored one.
        """
        own = tf.gather(self.theta.value, user)
        if not self.with_history:
            return own
        if history is None:
            if not self._has_histories():
                raise ValueError(
                    "with_history=True makes users from what they bought, which this model has "
                    "not been told; call adapt_users(items, train) after training."
                )
            bought = tf.gather(self.history_embedding.value, user)
        else:
            bought = self.history_mean(history)
        return own + bought

    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """Returns [γ_u, θ_u]."""
        embedding = self.user_embedding(user, history)
        if not self.latent_size:
            return embedding
        return tf.concat([tf.gather(self.gamma_user.value, user), embedding], axis=1)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns [γ_i, Φ_i]."""
        embedding = self.item_embedding(item, picture, training)
        if not self.latent_size:
            return embedding
        return tf.concat([tf.gather(self.gamma_item.value, item), embedding], axis=1)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns β_i, or 0 if items have no bias."""
        return tf.gather(self.beta_item.value, item) if self.bias else super().item_bias(item)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """Returns λ times half the squared norm of the batch's rows, per positive."""
        items = tf.concat([positive, negative], axis=0)
        rows = [tf.gather(self.theta.value, user)]
        if self.latent_size:
            rows += [tf.gather(self.gamma_user.value, user)]
            rows += [tf.gather(self.gamma_item.value, items)]
        if self.bias:
            rows += [tf.gather(self.beta_item.value, items)]
        return self.regularization * squared_norm(*rows) / tf.cast(tf.size(user), tf.float32)

    def user_vectors(self, items: np.ndarray, train: np.ndarray | None = None) -> np.ndarray:
        """Computes [γ_u, θ_u] of all users, from what they bought if `with_history` is set.

        Args:
            items: (I, K) float32, [γ_i, Φ_i] of all items.
            train: (n, 2) int, training pairs (user, item).

        Returns:
            (U, K) float32.

        Raises:
            ValueError: If the model makes users from their history and `train` is missing.
        """
        if not self.with_history:
            return super().user_vectors(items, train)
        if train is None:
            raise ValueError("with_history=True needs train, the pairs of user and item")
        theta = self.theta.value + self._history_embeddings(items, train)
        if self.latent_size:
            theta = tf.concat([self.gamma_user.value, theta], axis=1)
        return theta.numpy()

    def adapt_users(self, items: np.ndarray, train: np.ndarray) -> None:
        """Stores what users bought, for `user_embedding` without a history; saved with the weights.

        Args:
            items: (I, K) float32, [γ_i, Φ_i] of all items.
            train: (n, 2) int, training pairs (user, item).
        """
        if self.with_history:
            self.history_embedding.assign(self._history_embeddings(items, train))

    def newcomer_vector(self, history: np.ndarray, vectors: ScoringVectors) -> np.ndarray:
        """Computes p of a user who was not trained on, from what they bought.

        Args:
            history: (H,) int, items, at least one.
            vectors: Scoring vectors of this model.

        Returns:
            (K,) float32, to be multiplied with `vectors.items`.

        Raises:
            ValueError: If the model does not make users from their history.
        """
        if not self.with_history:
            raise ValueError("only with_history=True knows users who were never trained on")
        embedding = self._centered_embeddings(vectors.items)[history].mean(axis=0)
        return np.concatenate([np.zeros(self.latent_size, np.float32), embedding])

    def _has_histories(self) -> bool:
        # The table is searched until histories are found in it.
        if not self._has_found_histories:
            with tf.init_scope():
                self._has_found_histories = bool(tf.reduce_any(self.history_embedding.value != 0))
        return self._has_found_histories

    def _history_embeddings(self, items: np.ndarray, train: np.ndarray) -> tf.Tensor:
        """Computes the mean of Φ over each user's items minus that over the catalogue, (U, K)."""
        bought = tf.gather(self._centered_embeddings(items), train[:, 1])
        users = tf.constant(train[:, 0])
        sums = tf.math.unsorted_segment_sum(bought, users, self.num_users)
        counts = tf.math.unsorted_segment_sum(tf.ones(len(train)), users, self.num_users)
        return tf.math.divide_no_nan(sums, counts[:, None])

    def _centered_embeddings(self, items: np.ndarray) -> np.ndarray:
        embeddings = items[:, self.latent_size :]
        return embeddings - embeddings.mean(axis=0)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "latent_size": self.latent_size,
            "bias": self.bias,
            "with_history": self.with_history,
            "regularization": self.regularization,
        }


def mean_of_rows(table: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
    """Computes the mean row of a table over histories.

    Args:
        table: (I, F) float32.
        history: (B, H) int, rows of the table, padded with -1.

    Returns:
        (B, F) float32, 0 for an empty history.
    """
    known = tf.cast(history >= 0, tf.float32)[:, :, None]
    rows = tf.gather(table, tf.maximum(history, 0)) * known
    return tf.math.divide_no_nan(tf.reduce_sum(rows, axis=1), tf.reduce_sum(known, axis=1))
