"""Millions of reviews in columns, and their k-core."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ReviewTable:
    """Reviews, with users and items as numbers, in 16 bytes each.

    Args:
        users: Ids of the users.
        items: Number of each item by its id, in the order of the numbers.
        user: (n,) int32 array of the number of the user of each review.
        item: (n,) int32 array of the number of the item.
        day: (n,) int32 array of the day, counted from 1970; -1 if it is not known.
        line: (n,) uint32 array of the line in the file.

    Example:
        >>> reviews = ReviewTable(
        ...     ["ann", "bob"], {"B1": 0, "B2": 1}, *np.array([[0, 1], [0, 0], [0, -1], [1, 2]])
        ... )
        >>> reviews.summary()
        '2 reviews of 1 items by 2 users'
        >>> reviews.to_frame().to_numpy().tolist()
        [['ann', 'B1', '1970-01-01'], ['bob', 'B1', '']]
    """

    users: list[str]
    items: dict[str, int]
    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    line: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    def summary(self) -> str:
        """Describes how many reviews, items and users there are."""
        num_users, num_items = len(np.unique(self.user)), len(np.unique(self.item))
        return f"{len(self):,} reviews of {num_items:,} items by {num_users:,} users"

    def reviewed_items(self) -> list[str]:
        """Returns the ids of the items that have a review."""
        is_reviewed = np.bincount(self.item, minlength=len(self.items)) > 0
        return [item for item, wanted in zip(self.items, is_reviewed, strict=True) if wanted]

    def of_items(self, items: Iterable[str]) -> "ReviewTable":
        """Returns the reviews of some items."""
        is_wanted = np.zeros(len(self.items), bool)
        is_wanted[[self.items[item] for item in items]] = True
        return self._select(is_wanted[self.item])

    def core(self, k: int) -> "ReviewTable":
        """Returns the reviews in the k-core; see `k_core`."""
        return self._select(k_core(self.user, self.item, k))

    def to_frame(self) -> pd.DataFrame:
        """Returns the reviews with text columns `user`, `item` and `time`, indexed by line."""
        days, day = np.unique(self.day, return_inverse=True)
        dates = np.where(days < 0, "", days.astype("datetime64[D]").astype(str))
        columns = {
            "user": (self.users, self.user),
            "item": (list(self.items), self.item),
            "time": (list(dates), day),
        }
        return pd.DataFrame(
            {
                name: pd.Series(texts, dtype="str").take(codes).array
                for name, (texts, codes) in columns.items()
            },
            index=self.line,
        )

    def _select(self, is_kept: np.ndarray) -> "ReviewTable":
        columns = (column[is_kept] for column in (self.user, self.item, self.day, self.line))
        return ReviewTable(self.users, self.items, *columns)


def k_core(user: np.ndarray, item: np.ndarray, k: int) -> np.ndarray:
    """Marks the interactions of the largest set of users and items that have k of each other.

    A user or item with fewer than k distinct partners is left out. This may leave others with too
    few, which are left out as well, and so on until all that remain have k.

    Args:
        user: (n,) array of integers from 0.
        item: (n,) array of integers from 0. A pair may occur several times, and counts once.
        k: Number of partners that each user and each item needs.

    Returns:
        (n,) bool array that tells whether both user and item remain. All repetitions of a pair
        remain, or none.

    Example:
        >>> k_core(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1]), k=2)
        array([ True,  True,  True,  True, False])
    """
    if not len(user):
        return np.zeros(0, bool)
    num_items = np.int64(item.max()) + 1
    pairs = np.unique(user.astype(np.int64) * num_items + item)
    pair_user, pair_item = np.divmod(pairs, num_items)
    num_users = int(user.max()) + 1
    while True:
        is_user_kept = np.bincount(pair_user, minlength=num_users) >= k
        is_item_kept = np.bincount(pair_item, minlength=num_items) >= k
        is_kept = is_user_kept[pair_user] & is_item_kept[pair_item]
        if is_kept.all():
            return is_user_kept[user] & is_item_kept[item]
        pair_user, pair_item = pair_user[is_kept], pair_item[is_kept]
