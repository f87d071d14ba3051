"""VBPR: matrix factorization with frozen visual features."""

from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.models.fit_settings import (
    FitSettings,
    Minimum,
    SearchChoices,
    SearchRange,
)
from keras_fashion.models.principal_components import principal_components
from keras_fashion.models.purchase_histories import checked_recency, mean_of_rows
from keras_fashion.models.recent_popularity import log_recent_popularity
from keras_fashion.models.recommender import squared_norm
from keras_fashion.models.time_terms import TimeTerm, TimeTerms
from keras_fashion.models.visual_recommender import TIME_REGULARIZATION, VisualRecommender

FEATURE_NORM = 10.0
"""Mean squared norm of a feature, with which the scores of an untrained model neither vanish nor
saturate the BPR loss."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class VBPR(VisualRecommender):
    """x_ui = β_i + γ_u · γ_i + θ_u · (E f_i) + β' · f_i.

    He and McAuley, "VBPR: Visual Bayesian Personalized Ranking from Implicit Feedback", AAAI 2016.
    f are the principal components of frozen features. E starts as the first K of them, so that with
    `with_history` training starts from VisRank without its normalization. Call `adapt` before
    training.

    The regularizer of the rows is increased by λ_E / 2 times the squared norms of β' and of the
    change of E since its start.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        feature_size: F, number of principal components kept of a frozen feature.
        embedding_size: K, length of θ, at most F.
        latent_size: Length of γ; 0 leaves the latent term out.
        bias: Whether there are β_i and β'.
        with_history: Whether users are made from what they bought (`VisualRecommender`).
        regularization: λ, on the rows of users and items.
        embedding_regularization: λ_E.
        seed: Seed of the initial weights; by default a random one.
        recency: τ, see `VisualRecommender`.
        time_terms: What all users like at a time, see `VisualRecommender`.
        time_regularization: λ_t.
        popularity: Weight of the popularity of late, see `VisualRecommender`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import VBPR
        >>> model = VBPR(num_users=2, num_items=3, feature_size=2, latent_size=4, seed=0)
        >>> model.adapt(np.array([[2.0, 0], [-1, 1], [-1, -1]]))
        >>> model.scoring_vectors().users.shape  # [γ_u, θ_u]
        (2, 6)
    """

    fit_settings = FitSettings()

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
        seed: int | None = None,
        recency: int = 0,
        time_terms: TimeTerms | None = None,
        time_regularization: float = TIME_REGULARIZATION,
        popularity: float = 0.0,
        **kwargs: Any,
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
            initializer=keras.initializers.RandomNormal(
                0.0, 0.01, keras.random.SeedGenerator(seed)
            ),
            # Another stream than that of θ.
            seed=None if seed is None else seed + 1,
            recency=recency,
            time_terms=time_terms,
            time_regularization=time_regularization,
            popularity=popularity,
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

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        features: tuple[str, ...] = ("classifier",),
        feature_size: Annotated[int, Minimum(1)] = 512,
        embedding_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 32,
        latent_size: Annotated[int, Minimum(0), SearchChoices((0, 8, 16, 32, 64))] = 16,
        bias: Annotated[bool, SearchChoices((False, True))] = True,
        history: Annotated[int, Minimum(0), SearchChoices((0, 16, 64))] = 0,
        recency: Annotated[int, Minimum(0)] = 0,
        time_terms: tuple[TimeTerm, ...] = (),
        time_regularization: float = TIME_REGULARIZATION,
        popularity: float = 0.0,
        regularization: Annotated[float, SearchRange(1e-4, 1.0)] = 0.01,
        seed: int = 0,
    ) -> Self:
        """Creates the model with frozen features of a catalogue.

        Args:
            catalogue: Catalogue whose pictures have the features.
            split: Split with the numbers of users and items.
            features: Frozen features: classifier, attributes, or the name of a pretrained network
                whose features were made; several are concatenated.
            feature_size: Maximum number of principal components of the features.
            embedding_size: Length of θ.
            latent_size: Length of γ; 0 leaves the latent term out.
            bias: Whether items have a bias, and pictures one.
            history: Maximum number of items that a user bought from which their vector is made in a
                step; with 0 users have only a vector of their own.
            recency: Number of days after which an item of the history counts 1 / e; with 0 all
                count the same. It needs a split in time.
            time_terms: What all users like at a time: trend, season and category (a bias of each
                category by month). They need a split in time.
            time_regularization: λ of the time terms.
            popularity: Weight of the logarithm of how often an item was bought of late, which is
                added to the scores after training. It needs a split in time.
            regularization: λ, weight of the squared norms of the rows in a batch.
            seed: Seed of the initial weights.

        Raises:
            InputError: If the features cannot be loaded or made, or an option needs times that the
                split does not have.
        """
        model = cls._from_features(
            catalogue,
            split,
            features,
            feature_size,
            embedding_size,
            time_terms,
            latent_size=latent_size,
            bias=bias,
            with_history=history > 0,
            recency=checked_recency(recency, history, split),
            time_regularization=time_regularization,
            popularity=popularity,
            regularization=regularization,
            seed=seed,
        )
        if popularity:
            model.log_popularity.assign(log_recent_popularity(split))
        return model

    @classmethod
    def _from_features(
        cls,
        catalogue: Catalogue,
        split: Split,
        features: tuple[str, ...],
        feature_size: int,
        embedding_size: int,
        time_terms: tuple[TimeTerm, ...] = (),
        **settings: Any,
    ) -> Self:
        """Creates the model for frozen features, which may be shorter than asked, and adapts it."""
        # Imported here, because the frozen features are made with models.
        from keras_fashion.features.frozen import frozen_features

        values = frozen_features(catalogue, features)
        feature_size = min(feature_size, values.shape[1])
        embedding_size = min(embedding_size, feature_size)
        model = cls(
            split.num_users,
            split.num_items,
            feature_size=feature_size,
            embedding_size=embedding_size,
            time_terms=TimeTerms.from_catalogue(embedding_size, time_terms, catalogue, split),
            **settings,
        )
        model.adapt(values)
        return model

    def adapt(self, features: np.ndarray) -> None:
        """Sets the principal components of (I, at least F) frozen features."""
        components = principal_components(features, self.feature_size)
        self.features.assign(FEATURE_NORM**0.5 * components)

    def item_embedding(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns E f_i."""
        return tf.gather(self.features.value, item) @ self.embedding.value

    def history_mean(self, history: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Returns E times the mean feature; that of the catalogue is 0."""
        return mean_of_rows(self.features.value, history, weights) @ self.embedding.value

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns β_i + β' · f_i, or 0 if items have no bias."""
        if not self.bias:
            return super().item_bias(item)
        visual = tf.linalg.matvec(tf.gather(self.features.value, item), self.beta_visual.value)
        return super().item_bias(item) + visual

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """Returns λ on the batch's rows, per positive, and λ_E on β' and the change of E."""
        moved = self.embedding.value - tf.eye(self.feature_size, self.embedding_size)
        shared = squared_norm(moved, *([self.beta_visual.value] if self.bias else []))
        rows = super().regularizer(user, positive, negative)
        return rows + self.embedding_regularization * shared

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "feature_size": self.feature_size,
            "embedding_size": self.embedding_size,
            "embedding_regularization": self.embedding_regularization,
        }
