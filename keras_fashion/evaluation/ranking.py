"""Exact ranking metrics of held-out interactions, over the whole catalogue, in one pass.

scikit-learn and keras-rs need the scores of all users and items at once and sort them. Here they
are computed in blocks and compared, not sorted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from keras_fashion.data.split import Split
from keras_fashion.errors import InputError, ScoresDiverged
from keras_fashion.evaluation.list_contents import ListContents, ListReader
from keras_fashion.evaluation.score_blocks import (
    BINS,
    COLD,
    BlockLayout,
    Scores,
    block_comparison,
)
from keras_fashion.metrics.popularity import popularity_lift
from keras_fashion.metrics.ranking import (
    expected_gain,
    ndcg_gain,
    ranking_auc,
    recall_gain,
    reciprocal_rank,
)
from keras_fashion.metrics.tied_lists import Features
from keras_fashion.models.retrieval import exact_products
from keras_fashion.models.scoring_vectors import HeldOutVectors, ScoringVectors

BLOCK = 2**24
"""Number of scores in a block, 64 MiB in float32: a thousand users at 17 thousand items."""


@dataclass(frozen=True)
class HeldOutRanks:
    """Ranks of m held-out items among the items that their users do not have.

    Attributes:
        auc: Share of the user's negatives that score below the held-out item, a tie counting half,
            of shape (m,), float64. Negatives are all items that the user has in no part of the
            split. NaN if there is none.
        matched: The same over those negatives only that have as many training interactions as the
            held-out item (0, 1, 2, 3, 4, or 5 and more), so that popularity gains only what it can
            within that last bin. NaN if there is none.
        training_count: Number of training interactions of the held-out item, of shape (m,), int64.
        above: Number of negatives that score above the held-out item, of shape (m,), float64. NaN
            if there is no negative.
        tied: Number of negatives that score the same, of shape (m,), float64. NaN if there is no
            negative.
        coverage: For each k, the expected share of the catalogue that is in at least one user's k
            best items. The user's known items are left out, and items that tie at the end of a
            list have equal chances of its last places.
        users: Users of the held-out items, of shape (m,), int; None if each has one.
        lists: For each k, what is in the list of the k best items of each row.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import HeldOutRanks
        >>> ranks = HeldOutRanks(
        ...     auc=np.array([1.0, 0.75]),
        ...     matched=np.array([1.0, np.nan]),
        ...     training_count=np.array([7, 0]),
        ...     above=np.array([0.0, 1.0]),
        ...     tied=np.array([0.0, 0.0]),
        ...     coverage={1: 0.4},
        ... )
        >>> means = ranks.means()
        >>> means["auc_all"], means["auc_cold"], means["recall@1"], means["mrr"]
        (0.875, 0.75, 0.5, 0.75)
    """

    auc: np.ndarray
    matched: np.ndarray
    training_count: np.ndarray
    above: np.ndarray
    tied: np.ndarray
    coverage: dict[int, float] = field(default_factory=dict)
    users: np.ndarray | None = None
    lists: dict[int, ListContents] = field(default_factory=dict)

    def per_user(self) -> dict[str, np.ndarray]:
        """Returns every metric that is a mean over users, before the mean is taken.

        The formulas of recall@k (the hit rate, since there is one relevant item), ndcg@k and mrr
        are those of `keras_fashion.metrics.ranking`, and take the expected value over ties. Cold
        items have fewer than 5 training interactions, new ones none, warm ones 5 or more.
        Diversity@k, novelty@k and popularity_lift@k describe the list, whatever the held-out item;
        the lift is that of all users together, see `keras_fashion.metrics.popularity_lift`.

        The metrics of a user with several held-out items are the means over these.

        Returns:
            Arrays of shape (U,), float64, for the U users of the held-out items, in the order of
            their items if each has one and sorted otherwise, by the name of the metric; NaN for
            users outside its group.
        """
        cold, new = self.training_count < COLD, self.training_count == 0
        metrics = {
            "auc_all": self.auc,
            "auc_matched": self.matched,
            "auc_warm": np.where(cold, np.nan, self.auc),
            "auc_cold": np.where(cold, self.auc, np.nan),
            "auc_new": np.where(new, self.auc, np.nan),
            "auc_matched_cold": np.where(cold, self.matched, np.nan),
        }
        if self.coverage:
            for k in self.coverage:
                metrics[f"recall@{k}"] = self._expected(partial(recall_gain, k=k))
                metrics[f"ndcg@{k}"] = self._expected(partial(ndcg_gain, k=k))
            metrics["mrr"] = self._expected(reciprocal_rank)
        for k, each in self.lists.items():
            if each.diversity is not None:
                metrics[f"diversity@{k}"] = each.diversity
            metrics[f"novelty@{k}"] = each.novelty
        by_user = {name: self._mean_by_user(values) for name, values in metrics.items()}
        for k, each in self.lists.items():
            by_user[f"popularity_lift@{k}"] = popularity_lift(
                self._mean_by_user(each.popularity), self._mean_by_user(each.bought_popularity)
            )
        return by_user

    def _mean_by_user(self, values: np.ndarray) -> np.ndarray:
        """Returns the mean of (m,) values over the rows of each user that have one."""
        if self.users is None:
            return values
        distinct, user = np.unique(self.users, return_inverse=True)
        if len(distinct) == len(values):
            return values
        measured = ~np.isnan(values)
        counts = np.bincount(user[measured], minlength=len(distinct))
        sums = np.bincount(user[measured], weights=values[measured], minlength=len(distinct))
        return np.divide(sums, counts, out=np.full(len(distinct), np.nan), where=counts > 0)

    def _expected(self, gain: Callable[[Any], Any]) -> np.ndarray:
        """Returns the expected gain over ties, of shape (m,), float64; NaN without a rank."""
        measured = ~np.isnan(self.above)
        expected = np.full(len(self.above), np.nan)
        expected[measured] = expected_gain(gain, self.above[measured], self.tied[measured])
        return expected

    def means(self) -> dict[str, float | None]:
        """Returns the means over users, coverage@k, and `auc_se`; None for a group without users.

        `auc_se` is the standard error over users of `auc_all`. Differences below twice that are
        noise unless they are tested in pairs (`paired_test`).
        """
        measured = {name: values[~np.isnan(values)] for name, values in self.per_user().items()}
        means = {
            name: float(values.mean()) if len(values) else None for name, values in measured.items()
        }
        every = measured["auc_all"]
        means["auc_se"] = float(every.std(ddof=1) / len(every) ** 0.5) if len(every) > 1 else None
        return means | {f"coverage@{k}": share for k, share in self.coverage.items()}


def rank_held_out(
    scores: ScoringVectors | HeldOutVectors | Scores,
    split: Split,
    part: str = "test",
    ks: Sequence[int] = (),
    rows: slice = slice(None),
    style: Features | None = None,
) -> HeldOutRanks:
    """Ranks every held-out item against all of its user's negatives, without sampling.

    Negatives are all items but those that the split excludes (`Split.excluded`).

    Users are processed in blocks, on the GPU if there is one; the memory is that of two or three
    blocks, each of some million scores or, in a very large catalogue, of 32 users. The scores of a
    block are laid out by the items' popularity, in chunks of one bin each. One pass computes for
    each chunk how many more items score above the held-out one than below, how many tie with it,
    and the greatest score. The former add up to the AUCs and the ranks, the latter determines
    which chunks can hold a user's best items.

    Args:
        scores: Scoring vectors of a linear recommender, vectors of the held-out interactions of
            this part (`Recommender.held_out_vectors`), or a function that returns the scores of
            all items for a block of users, from shape (B,), int, to shape (B, I), float. -inf marks
            an item that is never recommended.
        split: Split with the held-out interactions, and the items that are no negatives.
        part: `"test"` or `"validation"`.
        ks: Lengths of the lists whose recall, NDCG, coverage, novelty and popularity are measured;
            without any, no lists are made.
        rows: Held-out interactions to rank, as a slice of the part.
        style: Features of the items by which the diversity of the lists is measured, of shape
            (I, F), float, dense or sparse. They must be the same for all models that are compared,
            see `item_style`; `frozen_features` are another choice.

    Returns:
        The ranks, in the order of the held-out interactions.

    Raises:
        InputError: If a k is not from 1 to the number of items, or the scores or features
            are of another number of items or users than the split.
        ScoresDiverged: If some scores are NaN.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.data import Split
        >>> from keras_fashion.evaluation import rank_held_out
        >>> nobody = np.empty((0, 2), int)
        >>> split = Split(1, 4, np.array([[0, 0]]), nobody, test=np.array([[0, 1]]))
        >>> scores = np.array([[9.0, 2.0, 1.0, 3.0]])
        >>> rank_held_out(lambda users: scores[users], split).auc
        array([0.5])
    """
    ks = tuple(dict.fromkeys(ks))
    for k in ks:
        if not 1 <= k <= split.num_items:
            raise InputError(
                f"{k} in `ks` is not between 1 and the catalogue's {split.num_items} items."
            )
    held_out: np.ndarray = getattr(split, part)[rows]
    users, items = held_out[:, 0], held_out[:, 1]
    counts = split.training_counts
    bins = np.minimum(counts, COLD)
    layout = BlockLayout.of(bins)
    compare = block_comparison(scores, split, layout)
    reader = ListReader(split, style) if ks else None
    contents: dict[int, list[ListContents]] = {k: [] for k in ks}
    first_row = rows.indices(len(getattr(split, part)))[0]
    people = users
    if isinstance(scores, HeldOutVectors):
        people = np.arange(first_row, first_row + len(users))

    excluded_in_bins = np.empty((len(items), BINS), np.int64)
    excess, tied = np.empty((len(items), BINS)), np.empty(len(items))
    # Logarithm of the probability that an item is in no list, by column.
    unlisted = np.zeros((len(ks), len(layout.items)))
    users_per_block = max(32, BLOCK // len(layout.items))
    with exact_products():
        for first in range(0, len(items), users_per_block):
            block = slice(first, min(first + users_per_block, len(items)))
            size = block.stop - first
            row, excluded = split.excluded(part, slice(first_row + first, first_row + block.stop))
            excluded_in_bins[block] = np.bincount(
                row * BINS + bins[excluded], minlength=size * BINS
            ).reshape(size, BINS)
            found = compare(
                people[block],
                layout.column[items[block]],
                np.stack([row, layout.column[excluded]], axis=1),
                layout.bin_of_chunk,
                ks,
            )
            excess[block], tied[block] = found.excess.numpy(), found.tied.numpy()
            unlisted += found.unlisted.numpy()
            if reader is not None:
                for k, listed in zip(ks, found.lists, strict=True):
                    contents[k].append(reader.read(users[block], listed, layout))
    diverged = np.flatnonzero(np.isnan(excess).any(axis=1))
    if len(diverged):
        raise ScoresDiverged(
            f"some scores of user {users[diverged[0]]} (dense index) are NaN, or that of the "
            f"held-out item {items[diverged[0]]} is infinite; the model has diverged, train it "
            "with a lower learning rate."
        )

    own = np.arange(len(items)), bins[items]
    negatives = layout.sizes - excluded_in_bins
    negatives[own] -= 1
    # `excess` is #above - #below, where excluded items and padding, whose score is -inf, are below.
    won = (negatives - excess - excluded_in_bins - layout.padding) / 2
    total = negatives.sum(axis=1)
    num_negatives = np.where(total > 0, total, np.nan)
    tied = np.where(np.isnan(num_negatives), np.nan, tied)
    above = num_negatives - won.sum(axis=1) - tied / 2
    return HeldOutRanks(
        auc=ranking_auc(above, tied, num_negatives),
        matched=np.divide(
            won[own], negatives[own], out=np.full(len(items), np.nan), where=negatives[own] > 0
        ),
        training_count=counts[items],
        above=above,
        tied=tied,
        coverage={
            k: float(-np.expm1(each[layout.column]).mean())
            for k, each in zip(ks, unlisted, strict=True)
        },
        users=users,
        lists={k: ListContents.concatenate(each) for k, each in contents.items() if each},
    )
