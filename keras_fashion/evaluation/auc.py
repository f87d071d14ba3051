"""Exact AUC of personalised ranking, over the whole catalogue."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_fashion.catalogue.split import Split

COLD = 5
"""Items with fewer training interactions are cold (Kang et al., ICDM 2017)."""

USERS_AT_A_TIME = 256


@dataclass(frozen=True)
class UserAUC:
    """The AUC of each held-out interaction, and how its item was known in training.

    Attributes:
        auc: (m,) float64; negatives are all items that the user has in no part of the split.
            NaN where there is none.
        matched: (m,) float64; negatives are only those of them with as many training
            interactions as the held-out item (0, 1, 2, 3, 4, or 5 and more), so that popularity
            cannot win it. NaN where there is no such item.
        training_count: (m,) int64, training interactions of the held-out item.
    """

    auc: np.ndarray
    matched: np.ndarray
    training_count: np.ndarray

    def means(self) -> dict[str, float | None]:
        """Means over users: all, matched, warm, cold and new items; None for an empty group.

        `auc_se` is the standard error over users of `auc_all`; differences below twice that are
        noise unless tested in pairs.
        """
        groups = {
            "auc_all": self.auc,
            "auc_matched": self.matched,
            "auc_warm": self.auc[self.training_count >= COLD],
            "auc_cold": self.auc[self.training_count < COLD],
            "auc_new": self.auc[self.training_count == 0],
            "auc_matched_cold": self.matched[self.training_count < COLD],
        }
        measured = {name: values[~np.isnan(values)] for name, values in groups.items()}
        means = {
            name: float(values.mean()) if len(values) else None for name, values in measured.items()
        }
        every = measured["auc_all"]
        spread = float(every.std(ddof=1) / len(every) ** 0.5) if len(every) > 1 else None
        return means | {"auc_se": spread}


def exact_auc(
    scores: Callable[[np.ndarray], np.ndarray], split: Split, part: str = "test"
) -> UserAUC:
    """AUC against every negative, none sampled.

    The AUC of a user is the share of negatives that score below the held-out item; a tie counts
    half. Users are taken in blocks, so memory is a block times the catalogue.

    Args:
        scores: Scores of all items for a block of users, (B,) int to (B, I) float; for example
            `ScoringVectors.scores`.
        split: Gives the held-out interactions and the items that are no negatives.
        part: "test" or "validation".
    """
    held_out: np.ndarray = getattr(split, part)
    known = np.concatenate([split.train, split.validation, split.test])
    known = known[np.argsort(known[:, 0], kind="stable")]
    counts = split.training_counts
    bins = np.minimum(counts, COLD)

    auc, matched = np.empty(len(held_out)), np.empty(len(held_out))
    for first in range(0, len(held_out), USERS_AT_A_TIME):
        users, items = held_out[first : first + USERS_AT_A_TIME].T
        rows = np.arange(len(users))
        block = scores(users)
        target = block[rows, items][:, None]
        # 1 where the negative scores below, 1/2 where it ties.
        won = np.float32(0.5) * (block < target) + np.float32(0.5) * (block <= target)
        negative = np.ones(block.shape, bool)
        for row, user in enumerate(users):
            start, end = np.searchsorted(known[:, 0], [user, user + 1])
            negative[row, known[start:end, 1]] = False
        same_bin = negative & (bins == bins[items][:, None])
        where = slice(first, first + len(users))
        auc[where] = _share(won, negative)
        matched[where] = _share(won, same_bin)
    return UserAUC(auc, matched, counts[held_out[:, 1]])


def _share(won: np.ndarray, counted: np.ndarray) -> np.ndarray:
    totals = counted.sum(axis=1)
    sums = np.where(counted, won, 0).sum(axis=1, dtype=np.float64)
    return np.divide(sums, totals, out=np.full(len(sums), np.nan), where=totals > 0)
