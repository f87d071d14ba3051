"""The k-core of interactions: users and items that have at least k of each other."""

import numpy as np


def k_core(user: np.ndarray, item: np.ndarray, k: int) -> np.ndarray:
    """Marks the interactions of the largest set of users and items that keep k of each other.

    A user or item with fewer than k distinct partners is left out, which may leave others with too
    few, and so on until all that are left have k.

    Args:
        user: (n,) int, dense.
        item: (n,) int, dense. A pair may occur several times, and counts once.
        k: How many each needs.

    Returns:
        (n,) bool: whether both user and item are left; all repetitions of a pair or none.
    """
    if not len(user):
        return np.zeros(0, bool)
    items = np.int64(item.max()) + 1
    pairs = np.unique(user.astype(np.int64) * items + item)
    pair_user, pair_item = np.divmod(pairs, items)
    users = int(user.max()) + 1
    while True:
        enough_of_user = np.bincount(pair_user, minlength=users) >= k
        enough_of_item = np.bincount(pair_item, minlength=items) >= k
        kept = enough_of_user[pair_user] & enough_of_item[pair_item]
        if kept.all():
            return enough_of_user[user] & enough_of_item[item]
        pair_user, pair_item = pair_user[kept], pair_item[kept]
