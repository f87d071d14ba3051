"""DeepStyle: an item is its picture's embedding without what its category has in common."""

from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.models.fit_settings import Minimum, SearchChoices, SearchRange
from keras_fashion.models.purchase_histories import mean_of_rows
from keras_fashion.models.recommender import squared_norm
from keras_fashion.models.vbpr import VBPR


@keras.saving.register_keras_serializable(package="keras_fashion")
class DeepStyle(VBPR):
    """x_ui = θ_u · (E f_i - l_c(i) + γ_i), where c(i) is the category of item i.

    Liu, Wu and Wang, "DeepStyle: Learning User Preferences for Visual Recommendation", SIGIR 2017.
    l is a learned vector of each category, and E f_i - l_c(i) is the style of an item: what its
    picture shows beside its category. As in the paper, a user has one vector for styles and latent
    factors, and there are no biases, whereas VBPR has θ_u, γ_u and biases. l and γ start at 0; E, f
    and users made from what they bought are those of `VBPR`. With `with_history`, a step also
    computes the mean embedding of all items. Call `adapt` and `adapt_categories` before training.

    The regularizer of the rows includes those of l and γ of the items in the batch.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        feature_size: F, number of principal components kept of a frozen feature.
        num_categories: C, number of categories.
        embedding_size: K, length of θ, l and γ, at most F.
        with_history: Whether users are made from what they bought (`VisualRecommender`).
        regularization: λ, on the rows of users, categories and items.
        embedding_regularization: λ_E, on the change of E.
        seed: Seed of the initial weights; by default a random one.
        **kwargs: Further arguments of `VBPR`, such as `recency`.

    Example:
        >>> from keras_fashion.models import DeepStyle
        >>> model = DeepStyle(num_users=2, num_items=3, feature_size=2, num_categories=2, seed=0)
        >>> model.adapt(np.array([[2.0, 0], [-1, 1], [-1, -1]]))
        >>> model.adapt_categories(np.array([0, 1, 1]))
        >>> model.scoring_vectors().items.shape
        (3, 2)
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        feature_size: int,
        num_categories: int,
        embedding_size: int = 32,
        with_history: bool = False,
        regularization: float = 0.01,
        embedding_regularization: float = 1e-4,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_users,
            num_items,
            feature_size,
            embedding_size,
            latent_size=0,
            bias=False,
            with_history=with_history,
            regularization=regularization,
            embedding_regularization=embedding_regularization,
            seed=seed,
            **kwargs,
        )
        self.num_categories = num_categories
        self.category_embedding = self.add_weight(
            name="category_embedding",
            shape=(num_categories, self.embedding_size),
            initializer="zeros",
        )
        self.gamma_item = self.add_weight(
            name="gamma_item", shape=(num_items, self.embedding_size), initializer="zeros"
        )
        self.categories = self.add_weight(
            name="categories",
            shape=(num_items,),
            initializer="zeros",
            dtype="int32",
            trainable=False,
        )

    @classmethod
    def from_catalogue(  # type: ignore[override] # without some of VBPR's options
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        features: tuple[str, ...] = ("classifier",),
        feature_size: Annotated[int, Minimum(1)] = 512,
        embedding_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 32,
        history: Annotated[int, Minimum(0), SearchChoices((0, 16, 64))] = 0,
        regularization: Annotated[float, SearchRange(1e-4, 1.0)] = 0.01,
        seed: int = 0,
    ) -> Self:
        """Creates the model with frozen features and the categories of a catalogue.

        Args:
            catalogue: Catalogue with the categories, whose pictures have the features.
            split: Split with the numbers of users and items.
            features: Frozen features: classifier, attributes, or the name of a pretrained network
                whose features were made; several are concatenated.
            feature_size: Maximum number of principal components of the features.
            embedding_size: Length of the vectors of users, categories and items.
            history: Maximum number of items that a user bought from which their vector is made in a
                step; with 0 users have only a vector of their own.
            regularization: λ, weight of the squared norms of the rows in a batch.
            seed: Seed of the initial weights.

        Raises:
            InputError: If the features cannot be loaded or made.
        """
        model = cls._from_features(
            catalogue,
            split,
            features,
            feature_size,
            embedding_size,
            num_categories=len(catalogue.categories),
            with_history=history > 0,
            regularization=regularization,
            seed=seed,
        )
        model.adapt_categories(catalogue.item_categories)
        return model

    def adapt_categories(self, categories: np.ndarray) -> None:
        """Sets the (I,) int categories of the items."""
        self.categories.assign(categories)

    def item_embedding(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns E f_i - l_c(i) + γ_i."""
        category, factors = self._rows(item)
        return super().item_embedding(item) - category + factors

    def history_mean(self, history: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the mean embedding minus that of the catalogue, which is taken as a constant."""
        categories = tf.gather(self.categories.value, tf.maximum(history, 0))
        categories = tf.where(history >= 0, categories, -1)
        bought = mean_of_rows(self.gamma_item.value, history, weights)
        bought -= mean_of_rows(self.category_embedding.value, categories, weights)
        category, factors = self._rows(tf.range(self.num_items))
        centered = bought - tf.stop_gradient(tf.reduce_mean(factors - category, axis=0))
        is_known = tf.reduce_any(history >= 0, axis=1, keepdims=True)
        return super().history_mean(history, weights) + tf.where(is_known, centered, 0.0)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """Returns λ on the batch's rows, per positive, and λ_E on the change of E."""
        rows = squared_norm(*self._rows(tf.concat([positive, negative], axis=0)))
        of_vbpr = super().regularizer(user, positive, negative)
        return of_vbpr + self.regularization * rows / tf.cast(tf.size(user), tf.float32)

    def _rows(self, item: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns l_c(i) and γ_i, (B, K) each."""
        category = tf.gather(self.categories.value, item)
        return (
            tf.gather(self.category_embedding.value, category),
            tf.gather(self.gamma_item.value, item),
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        config = super().get_config() | {"num_categories": self.num_categories}
        return {name: config[name] for name in config if name not in ("latent_size", "bias")}
