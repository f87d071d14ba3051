"""How pictures stand among the items that exist, in the eyes of users."""

from typing import NamedTuple

import numpy as np

from keras_fashion.errors import InputError
from keras_fashion.evaluation.standard_preference import StandardPreference
from keras_fashion.run import Run


class Standing(NamedTuple):
    """What M users think of n pictures, beside a category's items.

    Attributes:
        standard: (M, n) float, theta . Phi in standard deviations above the items' mean
            (`StandardPreference`).
        liked_less: (M, n) float, the share of the category's items with a lower preference.
    """

    standard: np.ndarray
    liked_less: np.ndarray


def standing(run: Run, users: np.ndarray, category: int, pictures: np.ndarray) -> Standing:
    """What users think of pictures.

    Args:
        run: Of a DVBPR.
        users: (M,) dense indices.
        category: Dense index, of the items that pictures are held against.
        pictures: (n, H, W, 3) uint8.

    Raises:
        InputError: If the category has fewer than two items.
    """
    items = np.flatnonzero(run.catalogue.item_categories == category)
    if len(items) < 2:
        raise InputError(
            f"{run.catalogue.categories[category]} has {len(items)} item(s); preference is "
            "measured against the items of a category, which takes two or more."
        )
    preference = StandardPreference(run, users, np.full(len(users), category))
    standard = preference.of_pictures(np.broadcast_to(pictures, (len(users), *pictures.shape)))
    among = preference.of_items(np.broadcast_to(items, (len(users), len(items))))
    liked_less = (among[:, None] < standard[..., None]).mean(axis=-1)
    return Standing(standard, liked_less)
