"""The abstract base of recommenders that see: latent factors and biases beside a style."""

from abc import abstractmethod

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import Recommender, ScoringVectors, squared_norm


class VisualRecommender(Recommender):
    """x_ui = beta_i + gamma_u . gamma_i + theta_u . Phi_i, the formula of the DVBPR authors' talk.

    A subclass says what Phi, the style of an item, is. The global and the user's bias of the
    talk's formula cancel in x_ui - x_uj, so BPR cannot learn them and they are left out.

    With `with_history` a user is his own vector and what he bought,
    theta_u = own_u + mean of Phi_j over his training items j - mean of Phi over the catalogue; the
    positive itself is left out of the first mean while training. That is the idea of FISM (Kabbur
    et al., KDD 2013) and SVD++ (Koren, KDD 2008) with styles in place of item factors; it helps
    users with few purchases and serves those who were never trained on (`newcomer_vector`). The
    second mean is common to all users and says nothing of this one. Neither has a weight that is
    learned: a negative one would let own_u, which knows the positive, tell it by the difference.

    The regularizer is lambda / B * sum over the batch of ½|own_u|² and of half the squares of
    the other rows; a subclass adds its own.

    Args:
        num_users: U.
        num_items: I.
        embedding_size: K, length of Phi and theta.
        latent_size: Length of gamma; 0 leaves the latent term out.
        bias: Whether items have a bias.
        with_history: Whether users are made from what they bought.
        regularization: lambda, on the rows of users and items.
        initializer: Of theta.
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
        **kwargs,
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
            normal = keras.initializers.RandomNormal(stddev=0.1)
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
            self._histories_found = False
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
        """Phi_i: (B,) int and, for models that see pixels, (B, H, W, 3), to (B, K) float32."""

    @abstractmethod
    def history_mean(self, history: tf.Tensor) -> tf.Tensor:
        """Mean of Phi over histories less that over the catalogue, while training.

        Args:
            history: (B, H) int, -1 where there are fewer items.

        Returns:
            (B, K) float32, 0 for an empty history.
        """

    def user_embedding(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """theta_u: (B,) int to (B, K).

        Args:
            user: (B,) int.
            history: (B, H) int, items that the user bought, -1 where there are fewer; without it,
                what `adapt_users` has stored.

        Raises:
            ValueError: If the model makes users from their history, and there is neither a history
                nor anything stored.
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
        """[gamma_u, theta_u]."""
        user_embedding = self.user_embedding(user, history)
        if not self.latent_size:
            return user_embedding
        return tf.concat([tf.gather(self.gamma_user.value, user), user_embedding], axis=1)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """[gamma_i, Phi_i]."""
        item_embedding = self.item_embedding(item, picture, training)
        if not self.latent_size:
            return item_embedding
        return tf.concat([tf.gather(self.gamma_item.value, item), item_embedding], axis=1)

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """beta_i, if items have a bias."""
        return tf.gather(self.beta_item.value, item) if self.bias else super().item_bias(item)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """lambda times half the squared norm of the batch's rows, per positive."""
        items = tf.concat([positive, negative], axis=0)
        rows = [tf.gather(self.theta.value, user)]
        if self.latent_size:
            rows += [tf.gather(self.gamma_user.value, user)]
            rows += [tf.gather(self.gamma_item.value, items)]
        if self.bias:
            rows += [tf.gather(self.beta_item.value, items)]
        return self.regularization * squared_norm(*rows) / tf.cast(tf.size(user), tf.float32)

    def user_vectors(self, items: np.ndarray, train: np.ndarray | None = None) -> np.ndarray:
        """[gamma_u, theta_u] of all users, from what they bought where `with_history` is set.

        Args:
            items: (I, K) float32, [gamma_i, Phi_i] of all items.
            train: (n, 2) int, training pairs (user, item).

        Raises:
            ValueError: If the model makes users from their history and `train` is missing.
        """
        if not self.with_history:
            return super().user_vectors(items, train)
        if train is None:
            raise ValueError("with_history=True needs train, the pairs of user and item")
        theta = self.theta.value + self._history_styles(items, train)
        if self.latent_size:
            theta = tf.concat([self.gamma_user.value, theta], axis=1)
        return theta.numpy()

    def adapt_users(self, items: np.ndarray, train: np.ndarray) -> None:
        """Stores what users bought, for `user_embedding` without a history; saved with the weights.

        Args:
            items: (I, K) float32, [gamma_i, Phi_i] of all items.
            train: (n, 2) int, training pairs (user, item).
        """
        if self.with_history:
            self.history_embedding.assign(self._history_styles(items, train))

    def _has_histories(self) -> bool:
        """Whether histories are stored; the table is looked through until they are."""
        if not self._histories_found:
            with tf.init_scope():
                self._histories_found = bool(tf.reduce_any(self.history_embedding.value != 0))
        return self._histories_found

    def _history_styles(self, items: np.ndarray, train: np.ndarray) -> tf.Tensor:
        """Mean of Phi over each user's training items less that over the catalogue, (U, K)."""
        bought = tf.gather(self._centered_styles(items), train[:, 1])
        users = tf.constant(train[:, 0])
        sums = tf.math.unsorted_segment_sum(bought, users, self.num_users)
        counts = tf.math.unsorted_segment_sum(tf.ones(len(train)), users, self.num_users)
        return tf.math.divide_no_nan(sums, counts[:, None])

    def newcomer_vector(self, history: np.ndarray, vectors: ScoringVectors) -> np.ndarray:
        """p of a user who was never trained on, from what they bought.

        Args:
            history: (H,) int, items, at least one.
            vectors: Of this model.

        Returns:
            (K,) float32, to be multiplied with `vectors.items`.

        Raises:
            ValueError: If the model does not make users from their history.
        """
        if not self.with_history:
            raise ValueError("only with_history=True knows users who were never trained on")
        item_embedding = self._centered_styles(vectors.items)[history].mean(axis=0)
        return np.concatenate([np.zeros(self.latent_size, np.float32), item_embedding])

    def _centered_styles(self, items: np.ndarray) -> np.ndarray:
        item_embeddings = items[:, self.latent_size :]
        return item_embeddings - item_embeddings.mean(axis=0)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "latent_size": self.latent_size,
            "bias": self.bias,
            "with_history": self.with_history,
            "regularization": self.regularization,
        }


def mean_of_rows(table: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
    """Mean of (I, F) rows over histories: (B, H) int, -1 for no item, to (B, F); 0 for none."""
    known = tf.cast(history >= 0, tf.float32)[:, :, None]
    rows = tf.gather(table, tf.maximum(history, 0)) * known
    return tf.math.divide_no_nan(tf.reduce_sum(rows, axis=1), tf.reduce_sum(known, axis=1))
