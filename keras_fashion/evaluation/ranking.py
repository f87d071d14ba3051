"""Exact ranking metrics of held-out interactions, over the whole catalogue, in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from keras_fashion.data.split import Split
from keras_fashion.errors import InputError, ScoresDiverged
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.retrieval import CHUNK, best_columns, exact_products

COLD = 5
"""Items with fewer training interactions are cold (Kang et al., ICDM 2017)."""

BINS = COLD + 1
"""Items are alike in popularity if they have 0, 1, 2, 3, 4, or 5 and more of them."""

BLOCK = 2**24
"""Scores in a block, 64 MiB in float32: about a thousand users at 17 thousand items."""

Scores = Callable[[np.ndarray], np.ndarray | tf.Tensor]


@dataclass(frozen=True)
class HeldOutRanks:
    """Where each held-out item stands among the items its user does not have.

    Attributes:
        auc: (m,) float64, share of the user's negatives that score below the held-out item, a
            tie counting half. Negatives are all items that the user has in no part of the split.
            NaN where there is none.
        matched: (m,) float64, the same among those negatives only that have as many training
            interactions as the held-out item (0, 1, 2, 3, 4, or 5 and more), so that popularity
            gains only what it can within that last bin. NaN where there is no such item.
        training_count: (m,) int64, training interactions of the held-out item.
        above: (m,) float64, negatives that score above the held-out item. NaN where there is no
            negative.
        tied: (m,) float64, negatives that score the same. NaN where there is no negative.
        coverage: For each k, the expected share of the catalogue that is in at least one user's k
            best items, the user's known items left out, where items that tie at the end of a list
            have equal chances of its last places.
    """

    auc: np.ndarray
    matched: np.ndarray
    training_count: np.ndarray
    above: np.ndarray
    tied: np.ndarray
    coverage: dict[int, float] = field(default_factory=dict)

    def per_user(self) -> dict[str, np.ndarray]:
        """Every metric that is a mean over users, (m,) float64; NaN for users outside its group.

        recall@k is 1 where the held-out item is among the first k (the hit rate: there is one
        relevant item), ndcg@k 1 / log2(1 + rank) there (Järvelin and Kekäläinen, TOIS 2002), mrr
        1 / rank. An item that ties with others gets the expected value over the order of those
        that tie (McSherry and Najork, "Computing Information Retrieval Performance Measures
        Efficiently in the Presence of Tied Scores", ECIR 2008). Cold items have fewer than 5
        training interactions, new ones none, warm ones 5 or more.
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
                metrics[f"recall@{k}"] = self._expected(lambda rank, k=k: rank <= k)
                metrics[f"ndcg@{k}"] = self._expected(
                    lambda rank, k=k: np.where(rank <= k, 1 / np.log2(1 + rank), 0)
                )
            metrics["mrr"] = self._expected(lambda rank: 1 / rank)
        return metrics

    def _expected(self, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Expected gain, (m,) float64, over the ranks that ties leave open; NaN without a rank.

        Args:
            gain: Maps ranks, (n,) float64 from 1, to their gains.
        """
        measured = ~np.isnan(self.above)
        first, places = self.above[measured].astype(int), self.tied[measured].astype(int) + 1
        ranks = np.arange(1.0, 1 + (first + places).max(initial=0))
        until = np.concatenate([[0.0], np.cumsum(gain(ranks))])
        expected = np.full(len(self.above), np.nan)
        expected[measured] = (until[first + places] - until[first]) / places
        return expected

    def means(self) -> dict[str, float | None]:
        """Means over users, coverage@k, and `auc_se`; None for a group without users.

        `auc_se` is the standard error over users of `auc_all`; differences below twice that are
        noise unless tested in pairs.
        """
        measured = {name: values[~np.isnan(values)] for name, values in self.per_user().items()}
        means = {
            name: float(values.mean()) if len(values) else None for name, values in measured.items()
        }
        every = measured["auc_all"]
        means["auc_se"] = float(every.std(ddof=1) / len(every) ** 0.5) if len(every) > 1 else None
        return means | {f"coverage@{k}": share for k, share in self.coverage.items()}


def rank_held_out(
    scores: ScoringVectors | Scores,
    split: Split,
    part: str = "test",
    ks: Sequence[int] = (),
    rows: slice = slice(None),
) -> HeldOutRanks:
    """Ranks every held-out item against all of its user's negatives, none sampled.

    Users are taken in blocks, on the GPU if there is one; memory is two or three blocks, each of
    some million scores or, in a very large catalogue, of 32 users. A block's scores are laid out
    by the items' popularity, in chunks of one bin each. One pass gives for each chunk how many
    more items stand above the held-out one than below, how many tie with it, and the greatest
    score: the former add up to the AUCs and the ranks, the latter say which chunks can hold a
    user's best items.

    Args:
        scores: A linear recommender's vectors, or a function that gives the scores of all items
            for a block of users, (B,) int to (B, I) float. -inf is an item never recommended.
        split: Gives the held-out interactions and the items that are no negatives.
        part: "test" or "validation".
        ks: Lengths of the lists whose recall, NDCG and coverage are measured; without any, the
            lists are not made.
        rows: Which held-out interactions to rank.

    Raises:
        InputError: If a k is not from 1 to the number of items, or the scores are of another
            number of items or users than the split.
        ScoresDiverged: If some scores are NaN.
    """
    for k in ks:
        if not 1 <= k <= split.num_items:
            raise InputError(
                f"k = {k} is not between 1 and the catalogue's {split.num_items} items."
            )
    held_out: np.ndarray = getattr(split, part)[rows]
    users, items = held_out[:, 0], held_out[:, 1]
    counts = split.training_counts
    bins = np.minimum(counts, COLD)
    layout = _Layout.of(bins)
    compared = _comparison(scores, split, layout)
    rows, known = _known_beside(held_out, split)
    known_in_bins = np.bincount(rows * BINS + bins[known], minlength=len(items) * BINS)
    below = known_in_bins.reshape(-1, BINS) + layout.padding  # their scores become -inf

    above, tied = np.empty((len(items), BINS)), np.empty(len(items))
    # The logarithm of the probability that an item is in nobody's list, by column.
    missed = np.zeros((len(ks), len(layout.items)))
    users_at_a_time = max(32, BLOCK // len(layout.items))
    with exact_products():
        for first in range(0, len(items), users_at_a_time):
            block = slice(first, min(first + users_at_a_time, len(items)))
            hidden = slice(*np.searchsorted(rows, [block.start, block.stop]))
            more, same, unlisted = compared(
                users[block],
                layout.column[items[block]],
                np.stack([rows[hidden] - first, layout.column[known[hidden]]], axis=1),
                layout.bin_of_chunk,
                tuple(ks),
            )
            above[block], tied[block] = more.numpy(), same.numpy()
            missed += unlisted.numpy()
    diverged = np.flatnonzero(np.isnan(above).any(axis=1))
    if len(diverged):
        raise ScoresDiverged(
            f"some scores of user {users[diverged[0]]} (dense index) are NaN, or that of the "
            f"held-out item {items[diverged[0]]} is infinite; the model has diverged, train it "
            "with a lower learning rate."
        )

    own = np.arange(len(items)), bins[items]
    negatives = layout.sizes - known_in_bins.reshape(-1, BINS)
    negatives[own] -= 1
    # above is #above - #below, and below the part of #below that are no negatives.
    won = (negatives - above - below) / 2
    total, total_won = negatives.sum(axis=1), won.sum(axis=1)
    return HeldOutRanks(
        auc=_share(total_won, total),
        matched=_share(won[own], negatives[own]),
        training_count=counts[items],
        above=np.where(total > 0, total - total_won - tied / 2, np.nan),
        tied=np.where(total > 0, tied, np.nan),
        coverage={
            k: float(-np.expm1(each[layout.column]).mean())
            for k, each in zip(ks, missed, strict=True)
        },
    )


@dataclass(frozen=True)
class _Layout:
    """Columns of a block: items by bin, the most popular first, each bin in whole chunks.

    Attributes:
        items: (J,) int64, the item of each column; I where a column only fills up its chunk.
        column: (I,) int32, the column of each item.
        bin_of_chunk: (J / CHUNK, BINS) float64, one-hot.
        sizes: (BINS,) int64, items of each bin.
        padding: (BINS,) int64, columns that fill up each bin.
    """

    items: np.ndarray
    column: np.ndarray
    bin_of_chunk: np.ndarray
    sizes: np.ndarray
    padding: np.ndarray

    @classmethod
    def of(cls, bins: np.ndarray) -> "_Layout":
        sizes = np.bincount(bins, minlength=BINS)
        chunks = -(-sizes // CHUNK)
        popular_first = np.argsort(-bins, kind="stable")
        width = CHUNK * chunks
        filling = np.repeat(np.arange(BINS)[::-1], width[::-1])
        # The columns of a bin in turn take its items, and what is left of them stays empty.
        offset = (np.cumsum(width[::-1]) - width[::-1])[::-1]
        before = (np.cumsum(sizes[::-1]) - sizes[::-1])[::-1]
        sorted_bins = bins[popular_first]
        columns = np.arange(len(bins)) - before[sorted_bins] + offset[sorted_bins]
        items = np.full(len(filling), len(bins))
        items[columns] = popular_first
        column = np.empty(len(bins), np.int32)
        column[popular_first] = columns
        return cls(items, column, np.eye(BINS)[filling[::CHUNK]], sizes, width - sizes)


def _comparison(
    scores: ScoringVectors | Scores, split: Split, layout: _Layout
) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """`_compared`, but for users, (B,) int, in the place of their block of scores."""
    if not isinstance(scores, ScoringVectors):

        def of_scores(users: np.ndarray, *rest: np.ndarray | int) -> tuple[tf.Tensor, tf.Tensor]:
            block = tf.convert_to_tensor(scores(users))
            if block.shape != (len(users), split.num_items):
                raise InputError(
                    f"the scores of {len(users)} users are of shape {tuple(block.shape)}; "
                    f"the split has {split.num_items} items."
                )
            if not block.dtype.is_floating:
                block = tf.cast(block, tf.float64)
            return _compared_scores(block, layout.items, *rest)

        return of_scores

    vectors = scores
    if (len(vectors.users), len(vectors.items)) != (split.num_users, split.num_items):
        raise InputError(
            f"the scoring vectors are of {len(vectors.users)} users and {len(vectors.items)} "
            f"items; the split has {split.num_users} and {split.num_items}."
        )
    # The bias is one more dimension, in which every user is 1: it needs no pass of its own.
    items = np.zeros((len(layout.items), vectors.items.shape[1] + 1), vectors.items.dtype)
    items[:, -1] = -np.inf
    items[layout.column, :-1] = vectors.items
    items[layout.column, -1] = vectors.biases
    items = tf.constant(items)

    def of_products(users: np.ndarray, *rest: np.ndarray | int) -> tuple[tf.Tensor, tf.Tensor]:
        rows = np.ones((len(users), items.shape[1]), vectors.users.dtype)
        rows[:, :-1] = vectors.users[users]
        return _compared_products(rows, items, *rest)

    return of_products


def _known_beside(held_out: np.ndarray, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a row of `held_out` and an item of its user in any part, but the row's own item."""
    parts = np.concatenate([split.train, split.validation, split.test]).astype(np.int64)
    users, items = np.divmod(
        np.unique(parts[:, 0] * split.num_items + parts[:, 1]), split.num_items
    )
    first = np.searchsorted(users, held_out[:, 0])
    lengths = np.searchsorted(users, held_out[:, 0], side="right") - first
    rows = np.repeat(np.arange(len(held_out)), lengths)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    known = items[first[rows] + within]
    others = known != held_out[rows, 1]
    return rows[others], known[others]


@tf.function(reduce_retracing=True, autograph=False)
def _compared_products(
    users: tf.Tensor, items: tf.Tensor, *rest: tf.Tensor | int
) -> tuple[tf.Tensor, tf.Tensor]:
    # Multiplied in the same graph, the block is overwritten in place and never copied.
    return _compared(tf.matmul(users, items, transpose_b=True), *rest)


@tf.function(reduce_retracing=True, autograph=False)
def _compared_scores(
    scores: tf.Tensor, items: tf.Tensor, *rest: tf.Tensor | int
) -> tuple[tf.Tensor, tf.Tensor]:
    padded = tf.pad(scores, [[0, 0], [0, 1]], constant_values=-np.inf)
    return _compared(tf.gather(padded, items, axis=1), *rest)


def _compared(
    block: tf.Tensor,
    target: tf.Tensor,
    hidden: tf.Tensor,
    bin_of_chunk: tf.Tensor,
    ks: tuple[int, ...],
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """What one pass over a block of scores finds.

    Args:
        block: (B, J) float in the layout, -inf where no item is.
        target: (B,) int, each user's column of the held-out item.
        hidden: (n, 2) int, rows and columns of items that the users know.
        bin_of_chunk: (J / CHUNK, BINS) float64, one-hot.
        ks: Lengths of the users' lists.

    Returns:
        How many more columns of each bin are above the target than below, (B, BINS) float64,
        NaN where a score is NaN; how many others tie with it, (B,) float64; and the logarithm of
        the probability that a column is in none of the lists, (len(ks), J) float64.
    """
    no_score = tf.fill(tf.shape(hidden)[:1], tf.constant(-np.inf, block.dtype))
    block = tf.tensor_scatter_nd_update(block, hidden, no_score)
    target_score = tf.gather(block, target[:, None], axis=1, batch_dims=1)
    chunks = tf.reshape(block, [tf.shape(block)[0], -1, CHUNK])
    # The sign is 1 above, 0 at a tie, -1 below; NaN stays NaN.
    sign = tf.sign(chunks - target_score[:, :, None])
    more = tf.matmul(tf.cast(tf.reduce_sum(sign, axis=2), tf.float64), bin_of_chunk)
    apart = tf.reduce_sum(tf.cast(tf.reduce_sum(tf.abs(sign), axis=2), tf.float64), axis=1)
    tied = tf.cast(tf.shape(block)[1] - 1, tf.float64) - apart
    if not ks:
        return more, tied, tf.zeros([0, tf.shape(block)[1]], tf.float64)
    scores, columns = best_columns(block, max(ks) + 1)
    return more, tied, tf.stack([_unlisted(block, scores, columns, k) for k in ks])


def _unlisted(block: tf.Tensor, scores: tf.Tensor, columns: tf.Tensor, k: int) -> tf.Tensor:
    """The logarithm of the probability that a column is in no user's list, (J,) float64.

    Args:
        block: (B, J) float, -inf where no item is.
        scores: (B, n) float, the best of each row, n greater than k unless that is J.
        columns: (B, n) int, theirs.
        k: Length of a list.
    """
    last = scores[:, k - 1 : k]
    following = tf.pad(scores, [[0, 0], [0, 1]], constant_values=-np.inf)[:, k : k + 1]
    open_end = (following == last) & (last > -np.inf)
    scores, columns = scores[:, :k], columns[:, :k]
    certain = (scores > -np.inf) & ~(open_end & (scores == last))
    listed = tf.boolean_mask(columns, certain)[:, None]
    unlisted = tf.tensor_scatter_nd_update(
        tf.zeros(tf.shape(block)[1], tf.float64),
        listed,
        tf.fill(tf.shape(listed)[:1], tf.constant(-np.inf, tf.float64)),
    )
    # Items that tie with the last one share the places that those above them leave.
    rows = tf.where(open_end[:, 0])[:, 0]
    last = tf.gather(last, rows)
    sharing = tf.cast(tf.gather(block, rows) == last, tf.float32)
    places = k - tf.math.count_nonzero(tf.gather(scores, rows) > last, axis=1, dtype=tf.float32)
    passed_over = tf.math.log1p(-places / tf.reduce_sum(sharing, axis=1))
    return unlisted + tf.cast(tf.linalg.matvec(sharing, passed_over, transpose_a=True), tf.float64)


def _share(won: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.divide(won, of, out=np.full(len(won), np.nan), where=of > 0)
