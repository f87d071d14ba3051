"""What is in the lists of recommendations: their novelty, popularity and diversity in style."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import normalize

from keras_fashion.data.split import Split
from keras_fashion.errors import InputError
from keras_fashion.evaluation.score_blocks import BlockLayout, ListedColumns
from keras_fashion.metrics.popularity import self_information
from keras_fashion.metrics.tied_lists import Features, TiedLists


class ListContents(NamedTuple):
    """Properties of n lists of the k best items, as expected values over ties.

    Attributes:
        novelty: Mean self-information of the items (`self_information`), in bits, of shape (n,),
            float64; NaN for a list without items.
        popularity: Mean popularity of the items, which is the share of the users with a training
            interaction who have one with the item, of shape (n,), float64; NaN the same.
        bought_popularity: Mean popularity of the items that the list's user bought in training, of
            shape (n,), float64; NaN for a user without any.
        diversity: Mean distance in style of two items (`TiedLists.diversity`), of shape (n,),
            float64; NaN for a list of fewer than two. None if no style is known.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import ListContents
        >>> blocks = [ListContents(*np.full((3, 2), value), None) for value in (0.5, 0.25)]
        >>> ListContents.concatenate(blocks).novelty.tolist()
        [0.5, 0.5, 0.25, 0.25]
    """

    novelty: np.ndarray
    popularity: np.ndarray
    bought_popularity: np.ndarray
    diversity: np.ndarray | None

    @classmethod
    def concatenate(cls, blocks: Sequence["ListContents"]) -> "ListContents":
        """Joins the contents of at least one block of lists."""
        diversity = [each.diversity for each in blocks if each.diversity is not None]
        return cls(
            np.concatenate([each.novelty for each in blocks]),
            np.concatenate([each.popularity for each in blocks]),
            np.concatenate([each.bought_popularity for each in blocks]),
            np.concatenate(diversity) if diversity else None,
        )


class ListReader:
    """Measures lists of recommendations by what is known of the items.

    Args:
        split: Split whose training part says how popular an item is.
        style: Features of the items, which must not depend on the model, of shape (I, F), float,
            dense or sparse. None if the diversity is not to be measured.

    Raises:
        InputError: If the features are not of the split's items.
    """

    def __init__(self, split: Split, style: Features | None) -> None:
        if style is not None and style.shape[0] != split.num_items:
            raise InputError(
                f"`style` has the features of {style.shape[0]} items; the split has "
                f"{split.num_items}."
            )
        buyers, items = split.train[:, 0], split.train[:, 1]
        counts, num_buyers = split.training_counts, len(np.unique(buyers))
        self._novelty = self_information(counts, num_buyers)
        self._popularity = counts / max(1, num_buyers)
        self._style = None if style is None else normalize(style)
        bought = np.bincount(buyers, self._popularity[items], minlength=split.num_users)
        sizes = np.bincount(buyers, minlength=split.num_users)
        self._bought_popularity = np.divide(
            bought, sizes, out=np.full(split.num_users, np.nan), where=sizes > 0
        )

    def read(self, users: np.ndarray, listed: ListedColumns, layout: BlockLayout) -> ListContents:
        """Measures the lists of a block.

        Args:
            users: Users of the lists, of shape (B,), int.
            listed: The lists.
            layout: Layout of the block.
        """
        certain, rows, tied, places = (each.numpy() for each in listed)
        candidates = np.flatnonzero(tied.any(axis=0))  # Most models have few ties.
        lists = TiedLists(
            np.where(certain >= 0, layout.items[certain], -1),
            len(layout.column),
            rows,
            layout.items[candidates],
            tied[:, candidates],
            places,
        )
        return ListContents(
            lists.mean(self._novelty),
            lists.mean(self._popularity),
            self._bought_popularity[users],
            None if self._style is None else lists.diversity(self._style),
        )
