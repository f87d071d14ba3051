"""The abstract base of visual recommenders: latent factors, biases and time beside an embedding."""

from abc import abstractmethod
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.purchase_times import months_of_days
from keras_fashion.data.split import Split
from keras_fashion.data.temporal import TemporalSplit
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.purchase_histories import history_weights, mean_of_purchases
from keras_fashion.models.recommender import Recommender, squared_norm
from keras_fashion.models.scoring_vectors import HeldOutVectors, ScoringVectors
from keras_fashion.models.time_terms import TimeTerms

TIME_REGULARIZATION = 0.01
"""λ_t, by default."""


class VisualRecommender(Recommender):
    """x_ui(t) = β_i + γ_u · γ_i + θ_u(t) · Φ_i, the formula of the DVBPR authors' talk.

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

    In a temporal split the first mean is over what the user bought before the purchase, in which
    with a `recency` of τ days an item counts exp(-age / τ). `time_terms` add to θ_u what all users
    like at the time, and to β_i a bias of the category in the month.

    The regularizer is λ / B · Σ over the batch of ½|own_u|² and of half the squares of the other
    rows, and λ_t times the penalty of `TimeTerms`; a subclass adds its own.

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
        recency: τ, number of days after which an item of the history counts 1 / e; 0 if all count
            the same.
        time_terms: Trend, season and categories by month; None if users do not change with time.
        time_regularization: λ_t.
        popularity: Weight of `log_popularity`, the popularity of items at the end of training,
            which is added to the scores after training.

    Example:
        >>> from keras_fashion.models import VisualRecommender
        >>> class ColorRecommender(VisualRecommender):
        ...     colors = tf.constant([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])  # Φ of three items
        ...     def item_embedding(self, item, picture=None, training=False):
        ...         return tf.gather(self.colors, item)
        ...     def history_mean(self, history, weights=None):
        ...         centered = self.colors - tf.reduce_mean(self.colors, axis=0)
        ...         return mean_of_rows(centered, history, weights)
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
        recency: int = 0,
        time_terms: TimeTerms | None = None,
        time_regularization: float = TIME_REGULARIZATION,
        popularity: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.recency = recency
        self.time_terms = time_terms
        self.time_regularization = time_regularization
        self.popularity = popularity
        if popularity:
            self.log_popularity = self.add_weight(
                name="log_popularity", shape=(num_items,), initializer="zeros", trainable=False
            )
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
    def history_mean(self, history: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Computes the mean of Φ over histories minus that over the catalogue, in training.

        Args:
            history: (B, H) int, items, padded with -1.
            weights: (B, H) float32, how much each counts; None if all count the same.

        Returns:
            (B, K) float32, 0 for an empty history.
        """

    def user_embedding(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Computes θ_u(t).

        Args:
            user: (B,) int, users.
            context: What the users bought before, and when. Without a history, it is what
                `adapt_users` has stored; without a month, the last one of training.

        Returns:
            (B, K) float32.

        Raises:
            ValueError: If the model makes users from their history, and there is neither a history
                nor a stored one.
        """
        embedding = tf.gather(self.theta.value, user) + self._style(context.month)
        if not self.with_history:
            return embedding
        if context.history is None:
            if not self._has_histories():
                raise ValueError(
                    "with_history=True makes users from what they bought, which this model has "
                    "not been told; call adapt_users(items, train) after training."
                )
            bought = tf.gather(self.history_embedding.value, user)
        else:
            weights = history_weights(context.history, context.history_age, self.recency)
            bought = self.history_mean(context.history, weights)
        return embedding + bought

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns [γ_u, θ_u(t)]."""
        embedding = self.user_embedding(user, context)
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
        """Returns λ times half the squared norm of the rows, per positive, and λ_t's penalty."""
        items = tf.concat([positive, negative], axis=0)
        rows = [tf.gather(self.theta.value, user)]
        if self.latent_size:
            rows += [tf.gather(self.gamma_user.value, user)]
            rows += [tf.gather(self.gamma_item.value, items)]
        if self.bias:
            rows += [tf.gather(self.beta_item.value, items)]
        penalty = self.regularization * squared_norm(*rows) / tf.cast(tf.size(user), tf.float32)
        if self.time_terms is None:
            return penalty
        return penalty + self.time_regularization * self.time_terms.penalty()

    def seasonal_bias(self, item: tf.Tensor, month: tf.Tensor | None) -> tf.Tensor | float:
        """Returns b_{c(i),m}, or 0 without `time_terms`."""
        if self.time_terms is None:
            return 0.0
        return self.time_terms.bias(item, month)

    def scoring_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns b_i with the popularity of the items."""
        bias = super().scoring_bias(item)
        if not self.popularity:
            return bias
        return bias + self.popularity * tf.gather(self.log_popularity.value, item)

    def user_vectors(
        self,
        items: np.ndarray,
        train: np.ndarray | None = None,
        train_days: np.ndarray | None = None,
        month: int | None = None,
    ) -> np.ndarray:
        """Computes [γ_u, θ_u(t)] of all users, from what they bought if `with_history` is set.

        Args:
            items: (I, K) float32, [γ_i, Φ_i] of all items.
            train: (n, 2) int, training pairs (user, item).
            train_days: (n,) int, their days, if `recency` is set.
            month: Month, counted from January 1970; by default the last one of training.

        Returns:
            (U, K) float32.

        Raises:
            ValueError: If the model makes users from their history and `train` is missing, or
                weighs it by recency and `train_days` is.
        """
        when = None if month is None else tf.constant([month])
        theta = self.theta.value + self._style(when)
        if self.with_history:
            if train is None:
                raise ValueError("with_history=True needs train, the pairs of user and item")
            ages = None if train_days is None else train_days.max() - train_days
            users, bought = train.T
            theta += self._history_embeddings(items, users, bought, ages, self.num_users)
        if self.latent_size:
            theta = tf.concat([self.gamma_user.value, theta], axis=1)
        return theta.numpy()

    def held_out_vectors(
        self, items: np.ndarray, split: Split, part: str
    ) -> ScoringVectors | HeldOutVectors:
        """Computes the vectors of users at the times of held-out interactions of a `TemporalSplit`.

        A user's history is what they bought on the days before.

        Args:
            items: (I, K) float32, [γ_i, Φ_i] of all items.
            split: Split that the model was trained on.
            part: "validation" or "test".

        Returns:
            Vectors with a dimension more for each month, in which an item has its bias of the
            month; the scoring vectors, if the split has no times or users do not change with them.
        """
        changes = self.with_history or self.time_terms is not None
        if not (isinstance(split, TemporalSplit) and changes):
            return super().held_out_vectors(items, split, part)
        users = getattr(split, part)[:, 0]
        months, which = np.unique(months_of_days(split.days_of(part)), return_inverse=True)
        theta = tf.gather(self.theta.value, users) + self._style(tf.constant(months[which]))
        if self.with_history:
            rows, bought, ages = split.bought_before(part)
            theta += self._history_embeddings(items, rows, bought, ages, len(users))
        latent = tf.gather(self.gamma_user.value, users) if self.latent_size else theta[:, :0]
        every = tf.range(self.num_items)
        seasonal = np.zeros((self.num_items, len(months)), np.float32)
        seasonal += self.seasonal_bias(every[:, None], tf.constant(months)[None])
        return HeldOutVectors(
            np.concatenate([latent, theta, np.eye(len(months), dtype=np.float32)[which]], axis=1),
            np.concatenate([items, seasonal], axis=1),
            self.scoring_bias(every).numpy(),
        )

    def adapt_users(
        self, items: np.ndarray, train: np.ndarray, train_days: np.ndarray | None = None
    ) -> None:
        """Stores what users bought, for `user_embedding` without a history; saved with the weights.

        Args:
            items: (I, K) float32, [γ_i, Φ_i] of all items.
            train: (n, 2) int, training pairs (user, item).
            train_days: (n,) int, their days, if `recency` is set.
        """
        if self.with_history:
            ages = None if train_days is None else train_days.max() - train_days
            users, bought = train.T
            means = self._history_embeddings(items, users, bought, ages, self.num_users)
            self.history_embedding.assign(means)

    def newcomer_vector(
        self, history: np.ndarray, vectors: ScoringVectors, month: int | None = None
    ) -> np.ndarray:
        """Computes p of a user who was not trained on, from what they bought.

        Args:
            history: (H,) int, items, at least one.
            vectors: Scoring vectors of this model.
            month: Month, counted from January 1970; by default the last one of training.

        Returns:
            (K,) float32, to be multiplied with `vectors.items`.

        Raises:
            ValueError: If the model does not make users from their history.
        """
        if not self.with_history:
            raise ValueError("only with_history=True knows users who were never trained on")
        embedding = self._centered_embeddings(vectors.items)[history].mean(axis=0)
        if self.time_terms is not None:
            when = None if month is None else tf.constant([month])
            embedding += self.time_terms.style(when)[0]
        return np.concatenate([np.zeros(self.latent_size, np.float32), embedding])

    def _has_histories(self) -> bool:
        # The table is searched until histories are found in it.
        if not self._has_found_histories:
            with tf.init_scope():
                self._has_found_histories = bool(tf.reduce_any(self.history_embedding.value != 0))
        return self._has_found_histories

    def _style(self, month: tf.Tensor | None = None) -> tf.Tensor | float:
        """Returns μ_e + σ_m, (B, K) or, without a month, (1, K); 0 without `time_terms`."""
        return 0.0 if self.time_terms is None else self.time_terms.style(month)

    def _history_embeddings(
        self,
        items: np.ndarray,
        rows: np.ndarray,
        bought: np.ndarray,
        ages: np.ndarray | None,
        num_rows: int,
    ) -> tf.Tensor:
        """Computes the mean of Φ over what was bought minus that over the catalogue, (R, K)."""
        if self.recency and ages is None:
            raise ValueError("a model with recency needs train_days, the days of the pairs")
        centered = self._centered_embeddings(items)
        return mean_of_purchases(centered, rows, bought, num_rows, ages, self.recency)

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
            "recency": self.recency,
            "time_terms": keras.saving.serialize_keras_object(self.time_terms),
            "time_regularization": self.time_regularization,
            "popularity": self.popularity,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Creates a model of the same shape, untrained."""
        terms = keras.saving.deserialize_keras_object(config.get("time_terms"))
        return cls(**(config | {"time_terms": terms}))
