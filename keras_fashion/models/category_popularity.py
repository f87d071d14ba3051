"""Category popularity: everybody gets the categories that sell."""

import keras
import numpy as np

from keras_fashion.models.poprank import PopRank


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryPopularity(PopRank):
    """x_ui = number of training interactions with items of i's category; the same for every user.

    Call `adapt`; there is nothing to train.

    Args:
        user_count: U.
        item_count: I.
    """

    def adapt(self, counts: np.ndarray, categories: np.ndarray) -> None:
        """Adds up what items of a category sold.

        Args:
            counts: (I,) training interactions of each item.
            categories: (I,) int, the category of each item.
        """
        super().adapt(np.bincount(categories, weights=counts)[categories])
