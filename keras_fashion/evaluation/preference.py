"""Preference on a scale that users, categories and recommenders share."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import scale
from keras_fashion.errors import InputError
from keras_fashion.models.trained import TrainedRecommender

PICTURES_AT_A_TIME = 256


class StandardizedPreference:
    """theta . Phi in standard deviations above what a user thinks of the category's items.

    BPR fixes neither the origin nor the unit of theta . Phi. Against the items that exist, 0 is
    an item drawn at random and 2 is rarely met; so a recommender that an optimizer has climbed
    can be held against one that it has never seen, and what only the first believes in is found.

    Args:
        recommender: A trained DVBPR with its catalogue.
        users: (N,) dense indices.
        categories: (N,) dense indices, each of a category with two items or more.
    """

    def __init__(
        self, recommender: TrainedRecommender, users: np.ndarray, categories: np.ndarray
    ) -> None:
        vectors = recommender.vectors
        self.encoder = recommender.model.encoder
        self.user_embeddings = vectors.users[users]
        self.scores = vectors.scores(users)
        among = [
            scores[recommender.catalogue.item_categories == category]
            for scores, category in zip(self.scores, categories, strict=True)
        ]
        self.level = np.array([each.mean() for each in among])[:, None]
        # Of garments that are all alike, nothing is much above the others.
        self.spread = np.maximum([each.std() for each in among], 1e-6)[:, None]

    def of_items(self, items: np.ndarray) -> np.ndarray:
        """Of existing items, (N, n) dense indices, to (N, n) float."""
        return self.standard(np.take_along_axis(self.scores, items, axis=1))

    def of_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """Of any pictures, (N, n, H, W, 3) uint8, to (N, n) float."""
        number, count = pictures.shape[:2]
        flat = pictures.reshape(number * count, *pictures.shape[2:])
        size = self.encoder.picture_size
        embeddings = [
            self.encoder(tf.image.resize(scale(some), size, antialias=True))
            for some in np.array_split(flat, -(-len(flat) // PICTURES_AT_A_TIME))
        ]
        embeddings = np.concatenate(embeddings).reshape(number, count, -1)
        return self.standard(np.einsum("nck,nk->nc", embeddings, self.user_embeddings))

    def standard(self, preference: np.ndarray) -> np.ndarray:
        """theta . Phi, (N, n) float, on the scale."""
        return (preference - self.level) / self.spread


class CategoryPreference(NamedTuple):
    """What M users think of n pictures, beside a category's items.

    Attributes:
        standard: (M, n) float, theta . Phi in standard deviations above the items' mean
            (`StandardizedPreference`).
        liked_less: (M, n) float, the share of the category's items with a lower preference.
    """

    standard: np.ndarray
    liked_less: np.ndarray


def standing(
    recommender: TrainedRecommender, users: np.ndarray, category: int, pictures: np.ndarray
) -> CategoryPreference:
    """What users think of pictures.

    Args:
        recommender: A trained DVBPR with its catalogue.
        users: (M,) dense indices.
        category: Dense index, of the items that pictures are held against.
        pictures: (n, H, W, 3) uint8.

    Raises:
        InputError: If the category has fewer than two items.
    """
    items = np.flatnonzero(recommender.catalogue.item_categories == category)
    if len(items) < 2:
        raise InputError(
            f"{recommender.catalogue.categories[category]} has {len(items)} item(s); preference is "
            "measured against the items of a category, which takes two or more."
        )
    preference = StandardizedPreference(recommender, users, np.full(len(users), category))
    standard = preference.of_pictures(np.broadcast_to(pictures, (len(users), *pictures.shape)))
    among = preference.of_items(np.broadcast_to(items, (len(users), len(items))))
    liked_less = (among[:, None] < standard[..., None]).mean(axis=-1)
    return CategoryPreference(standard, liked_less)
