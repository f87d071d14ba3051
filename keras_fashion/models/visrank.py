"""VisRank: recommend what looks like what the user bought."""

from typing import Annotated, Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split, expand_ranges
from keras_fashion.errors import InputError
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.fit_settings import FitSettings, Minimum, SearchRange
from keras_fashion.models.principal_components import principal_components
from keras_fashion.models.recommender import Recommender

BLOCK = 2**24
"""Number of similarities that are held at a time, 64 MiB in float32."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class VisRank(Recommender):
    """x_ui is the cosine of f_i and the mean of f over the items that u bought.

    A baseline of Kang et al., ICDM 2017. The mean of the catalogue is subtracted from the features
    before they are normalized: without that, all cosines are near 1 and the ranking is much worse.
    Call `adapt`; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        feature_size: F, length of a frozen feature.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import VisRank
        >>> model = VisRank(num_users=1, num_items=3, feature_size=2)
        >>> model.adapt(np.array([[2.0, 0], [-1, 2], [-1, -2]]), train=np.array([[0, 1]]))
        >>> model.scoring_vectors().scores(np.array([0])).round(2)
        array([[-0.45,  1.  , -0.6 ]], dtype=float32)
    """

    def __init__(self, num_users: int, num_items: int, feature_size: int, **kwargs: Any) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.feature_size = feature_size
        self.user_features = self.add_weight(
            name="user_features",
            shape=(num_users, feature_size),
            initializer="zeros",
            trainable=False,
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
        whitening: Annotated[float, SearchRange(0.0, 0.5, log=False)] = 0.0,
        components: Annotated[int, Minimum(1), SearchRange(16, 512)] = 256,
        seed: int = 0,
    ) -> Self:
        """Creates the model with frozen features of a catalogue.

        Args:
            catalogue: Catalogue whose pictures have the features.
            split: Split whose training part says what users bought.
            features: Frozen features: classifier, attributes, or the name of a pretrained network
                whose features were made; several are concatenated.
            whitening: Power of the eigenvalues by which the principal components are divided: 0 for
                no whitening, 0.5 for full whitening.
            components: Number of principal components that whitening keeps.
            seed: Not used.

        Raises:
            InputError: If the features cannot be loaded or made, or `whitening` is above 0.5.
        """
        values = _whitened_features(catalogue, features, whitening, components)
        model = cls(split.num_users, split.num_items, values.shape[1])
        model.adapt(values, split.train)
        return model

    def adapt(self, features: np.ndarray, train: np.ndarray) -> None:
        """Sets the features of the items and of the users who bought them.

        Args:
            features: (I, F) float, frozen features.
            train: (n, 2) int, training pairs (user, item).
        """
        centered = tf.math.l2_normalize(features - features.mean(axis=0), axis=1)
        bought = tf.gather(centered, train[:, 1])
        sums = tf.math.unsorted_segment_sum(bought, train[:, 0], self.num_users)
        self.features.assign(centered)
        self.user_features.assign(tf.math.l2_normalize(sums, axis=1))

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns the direction of the user's mean feature; 0 for a user without items."""
        return tf.gather(self.user_features.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns the item's centered, normalized feature."""
        return tf.gather(self.features.value, item)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"feature_size": self.feature_size}


class NearestItemScores(NamedTuple):
    """x_ui = max over the items j that u bought of items[i] · items[j].

    The score is 0 for a user who bought nothing. It is not linear in the user, so that there is no
    vector of a user: what needs `ScoringVectors` (export, design) cannot use these scores.

    Attributes:
        items: (I, F) float32, features of the items.
        bought: (n,) int32, what users bought, one user after the other.
        starts: (U + 1,) int64; user u bought `bought[starts[u] : starts[u + 1]]`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import NearestItemScores
        >>> scorer = NearestItemScores(np.eye(3), np.array([0, 2]), np.array([0, 2, 2]))
        >>> scorer.scores(np.array([0, 1]))
        array([[1., 0., 1.],
               [0., 0., 0.]], dtype=float32)
    """

    items: np.ndarray
    bought: np.ndarray
    starts: np.ndarray

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Computes the scores of all items for some users: (B,) int to (B, I) float32.

        Besides the scores it needs memory for one block of similarities, whatever users bought.
        """
        lengths = self.starts[users + 1] - self.starts[users]
        rows, places = expand_ranges(self.starts[users], lengths)
        bought = self.bought[places]
        scores = np.full((len(users), len(self.items)), -np.inf, np.float32)
        scores[lengths == 0] = 0.0
        step = max(1, BLOCK // len(self.items))
        for first in range(0, len(rows), step):
            similarity = self.items[bought[first : first + step]] @ self.items.T
            owners, starts = np.unique(rows[first : first + step], return_index=True)
            # The items of a user may continue in the next block.
            scores[owners] = np.maximum(scores[owners], np.maximum.reduceat(similarity, starts))
        return scores

    def __call__(self, users: np.ndarray) -> np.ndarray:
        """Returns `scores(users)`, so that `rank_held_out` can use it as a function."""
        return self.scores(users)


@keras.saving.register_keras_serializable(package="keras_fashion")
class VisRankMax(keras.Model):
    """x_ui is the largest cosine of f_i and f_j over the items j that u bought.

    `VisRank` with the nearest item in the place of the mean: it keeps apart the preferences of a
    user who buys several kinds of things. Features are centered and normalized as in `VisRank`.
    Call `adapt`; there is nothing to train. It is not a `Recommender`, because no vector of a user
    gives a maximum as a product.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        feature_size: F, length of a frozen feature.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import VisRankMax
        >>> model = VisRankMax(num_users=1, num_items=3, feature_size=2)
        >>> model.adapt(np.array([[2.0, 0], [-1, 2], [-1, -2]]))
        >>> model.scoring_vectors(train=np.array([[0, 0], [0, 1]])).scores(np.array([0])).round(2)
        array([[ 1.  ,  1.  , -0.45]], dtype=float32)
    """

    fit_settings: ClassVar[FitSettings | None] = None
    scorer: ClassVar[type] = NearestItemScores

    def __init__(self, num_users: int, num_items: int, feature_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.feature_size = feature_size
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
        whitening: Annotated[float, SearchRange(0.0, 0.5, log=False)] = 0.0,
        components: Annotated[int, Minimum(1), SearchRange(16, 512)] = 256,
        seed: int = 0,
    ) -> Self:
        """Creates the model with frozen features of a catalogue.

        Args:
            catalogue: Catalogue whose pictures have the features.
            split: Split with the numbers of users and items.
            features: Frozen features: classifier, attributes, or the name of a pretrained network
                whose features were made; several are concatenated.
            whitening: Power of the eigenvalues by which the principal components are divided: 0 for
                no whitening, 0.5 for full whitening.
            components: Number of principal components that whitening keeps.
            seed: Not used.

        Raises:
            InputError: If the features cannot be loaded or made, or `whitening` is above 0.5.
        """
        values = _whitened_features(catalogue, features, whitening, components)
        model = cls(split.num_users, split.num_items, values.shape[1])
        model.adapt(values)
        return model

    def adapt(self, features: np.ndarray) -> None:
        """Sets the (I, F) frozen features of the items."""
        self.features.assign(tf.math.l2_normalize(features - features.mean(axis=0), axis=1))

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Scores pairs of an item and a history.

        Args:
            inputs: "item", (B,) int, and "history", (B, H) int, items bought, padded with -1.
            training: Not used.

        Returns:
            (B,) float32, 0 where the history is empty.
        """
        history = inputs["history"]
        item = tf.gather(self.features.value, inputs["item"])
        bought = tf.gather(self.features.value, tf.maximum(history, 0))
        similarity = tf.linalg.matvec(bought, item)
        nearest = tf.reduce_max(tf.where(history >= 0, similarity, -np.inf), axis=1)
        return tf.where(tf.reduce_any(history >= 0, axis=1), nearest, 0.0)

    def scoring_vectors(
        self, pictures: tf.data.Dataset | None = None, train: np.ndarray | None = None
    ) -> NearestItemScores:
        """Returns what scores the catalogue for every user.

        Args:
            pictures: Not used; the features are frozen.
            train: (n, 2) int, training pairs (user, item).

        Raises:
            ValueError: If `train` is missing.
        """
        if train is None:
            raise ValueError("users are made from what they bought: give train, (user, item) pairs")
        by_user = train[np.argsort(train[:, 0], kind="stable")]
        starts = np.searchsorted(by_user[:, 0], np.arange(self.num_users + 1))
        return NearestItemScores(self.features.numpy(), by_user[:, 1], starts)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "num_users": self.num_users,
            "num_items": self.num_items,
            "feature_size": self.feature_size,
        }


def _whitened_features(
    catalogue: Catalogue, names: tuple[str, ...], whitening: float, components: int
) -> np.ndarray:
    # Imported here, because the frozen features are made with models.
    from keras_fashion.features.frozen import frozen_features

    if whitening > 0.5:
        raise InputError(f"`whitening` is {whitening:g}: 0.5 is full whitening; give less.")
    features = frozen_features(catalogue, names)
    return principal_components(features, components, whitening) if whitening else features
