"""Preference on a scale that users, categories and recommenders share."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import scale
from keras_fashion.errors import InputError
from keras_fashion.models.trained import TrainedRecommender

BATCH_SIZE = 256
"""Number of pictures that are embedded at once."""


class StandardizedPreference:
    """Preference θ_u·Φ(X) in standard deviations from the user's mean over a category's items.

    BPR determines neither the origin nor the unit of θ_u·Φ(X). On this scale an item drawn at
    random is 0 on average and few items exceed 2, so that the recommender that an optimizer has
    maximized can be compared with one that the optimizer has never seen.

    Args:
        recommender: Trained DVBPR with its catalogue.
        users: Dense indices of shape (N,).
        categories: Dense index of each user's category, of shape (N,); each category needs at least
            two items.

    Attributes:
        scores: Preference of each user for every item before it is standardized, of shape (N, I),
            float.

    Example:
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> from keras_fashion.evaluation import StandardizedPreference
        >>> from keras_fashion.models.scoring_vectors import ScoringVectors
        >>> recommender = SimpleNamespace(
        ...     vectors=ScoringVectors(np.array([[2.0]]), np.array([[1.0], [3.0]]), np.zeros(2)),
        ...     catalogue=SimpleNamespace(item_categories=np.array([0, 0])),
        ...     model=SimpleNamespace(encoder=None),  # which only pictures need
        ... )
        >>> preference = StandardizedPreference(recommender, np.array([0]), np.array([0]))
        >>> preference.of_items(np.array([[1, 0]])).tolist()
        [[1.0, -1.0]]
    """

    def __init__(
        self, recommender: TrainedRecommender, users: np.ndarray, categories: np.ndarray
    ) -> None:
        vectors = recommender.vectors
        self.encoder = recommender.model.encoder
        self.user_embeddings = vectors.users[users]
        self.scores = vectors.scores(users)
        in_category = [
            scores[recommender.catalogue.item_categories == category]
            for scores, category in zip(self.scores, categories, strict=True)
        ]
        self._mean = np.array([each.mean() for each in in_category])[:, None]
        # If all items of a category are the same, no picture is far above the others.
        self._deviation = np.maximum([each.std() for each in in_category], 1e-6)[:, None]

    def of_items(self, items: np.ndarray) -> np.ndarray:
        """Returns the preference for existing items, of shape (N, n), float.

        Args:
            items: Dense indices of n items for each user, of shape (N, n).
        """
        return self.standardize(np.take_along_axis(self.scores, items, axis=1))

    def of_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """Returns the preference for pictures, of shape (N, n), float.

        Args:
            pictures: n pictures for each user, of shape (N, n, H, W, 3), uint8, of any size.
        """
        num_users, count = pictures.shape[:2]
        flat = pictures.reshape(num_users * count, *pictures.shape[2:])
        size = self.encoder.picture_size
        batches = [
            self.encoder(tf.image.resize(scale(batch), size, antialias=True))
            for batch in np.array_split(flat, -(-len(flat) // BATCH_SIZE))
        ]
        embeddings = np.concatenate(batches).reshape(num_users, count, -1)
        return self.standardize(np.einsum("nck,nk->nc", embeddings, self.user_embeddings))

    def standardize(self, preference: np.ndarray) -> np.ndarray:
        """Returns preferences θ_u·Φ(X) of shape (N, n) on the scale."""
        return (preference - self._mean) / self._deviation


class CategoryPreference(NamedTuple):
    """Preference of M users for n pictures, relative to the items of a category.

    Attributes:
        standardized: Preference in standard deviations above the mean of the category's items
            (`StandardizedPreference`), of shape (M, n), float.
        percentile_rank: Share of the category's items with a lower preference, in [0, 1], of shape
            (M, n), float.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import CategoryPreference
        >>> CategoryPreference(np.array([[1.5]]), np.array([[0.9]])).percentile_rank.mean(axis=0)
        array([0.9])
    """

    standardized: np.ndarray
    percentile_rank: np.ndarray


def preference_within_category(
    recommender: TrainedRecommender, users: np.ndarray, category: int, pictures: np.ndarray
) -> CategoryPreference:
    """Compares the preference of users for pictures with that for the items of a category.

    Args:
        recommender: Trained DVBPR with its catalogue.
        users: Dense indices of shape (M,).
        category: Dense index of the category.
        pictures: Array of shape (n, H, W, 3), uint8.

    Returns:
        A `CategoryPreference`.

    Raises:
        InputError: If the category has fewer than two items.

    Example:
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> from keras_fashion.evaluation import preference_within_category
        >>> from keras_fashion.models.scoring_vectors import ScoringVectors
        >>> def brightness(pictures):
        ...     return np.reshape(pictures, (len(pictures), -1))[:, :1]
        >>> brightness.picture_size = (1, 1)
        >>> recommender = SimpleNamespace(
        ...     vectors=ScoringVectors(np.array([[1.0]]), np.array([[-1.0], [1.0]]), np.zeros(2)),
        ...     catalogue=SimpleNamespace(item_categories=np.array([0, 0])),
        ...     model=SimpleNamespace(encoder=brightness),
        ... )
        >>> white = np.full((1, 4, 4, 3), 255, np.uint8)
        >>> preference_within_category(recommender, np.array([0]), 0, white).percentile_rank
        array([[0.5]])
    """
    items = np.flatnonzero(recommender.catalogue.item_categories == category)
    if len(items) < 2:
        raise InputError(
            f"{recommender.catalogue.categories[category]} has {len(items)} item(s); preference is "
            "measured against the items of a category, which takes two or more."
        )
    preference = StandardizedPreference(recommender, users, np.full(len(users), category))
    standardized = preference.of_pictures(np.broadcast_to(pictures, (len(users), *pictures.shape)))
    of_items = preference.of_items(np.broadcast_to(items, (len(users), len(items))))
    percentile_rank = (of_items[:, None] < standardized[..., None]).mean(axis=-1)
    return CategoryPreference(standardized, percentile_rank)
