"""Exact ranking metrics of held-out interactions, over the whole catalogue, in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.split import Split
from keras_fashion.errors import InputError
from keras_fashion.models.best_columns import CHUNK, best_columns
from keras_fashion.models.exact_products import exact_products
from keras_fashion.models.recommender import ScoringVectors

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
        rank: (m,) float64, 1 for the best: 1 + negatives above + half the negatives that tie.
            A scorer that gives every item the same score thus ranks in the middle of the
            catalogue and not first. NaN where there is no negative.
        coverage: For each k, the share of the catalogue that is in at least one user's k best
            items, the user's known items left out. Of items that tie at the end of a list, those
            of the more popular bin come first, and among these those first in the catalogue.
    """

    auc: np.ndarray
    matched: np.ndarray
    training_count: np.ndarray
    rank: np.ndarray
    coverage: dict[int, float] = field(default_factory=dict)

    def per_user(self) -> dict[str, np.ndarray]:
        """Every metric that is a mean over users, (m,) float64; NaN for users outside its group.

        recall@k is 1 where the held-out item is among the first k (the hit rate: there is one
        relevant item), ndcg@k 1 / log2(1 + rank) there (Järvelin and Kekäläinen, TOIS 2002), mrr
        1 / rank. Cold items have fewer than 5 training interactions, new ones none, warm ones 5
        or more.
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
            unmeasured = np.isnan(self.rank)
            for k in self.coverage:
                hit = self.rank <= k
                metrics[f"recall@{k}"] = np.where(unmeasured, np.nan, hit)
                gain = np.where(hit, 1 / np.log2(1 + self.rank), 0)
                metrics[f"ndcg@{k}"] = np.where(unmeasured, np.nan, gain)
            metrics["mrr"] = 1 / self.rank
        return metrics

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
    more items stand above the held-out one than below, and the greatest score: the former add up
    to the AUCs and the rank, the latter say which chunks can hold a user's best items.

    Args:
        scores: A linear recommender's vectors, or a function that gives the scores of all items
            for a block of users, (B,) int to (B, I) float. -inf is an item never recommended.
        split: Gives the held-out interactions and the items that are no negatives.
        part: "test" or "validation".
        ks: Lengths of the lists whose recall, NDCG and coverage are measured; without any, the
            lists are not made.
        rows: Which held-out interactions to rank.

    Raises:
        InputError: If a k is not from 1 to the number of items, the scores are of another number
            of items or users than the split, or some are NaN.
    """
    for k in ks:
        if not 1 <= k <= split.item_count:
            raise InputError(
                f"k = {k} is not between 1 and the catalogue's {split.item_count} items."
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

    above = np.empty((len(items), BINS))
    covered = {k: np.zeros(split.item_count, bool) for k in ks}
    users_at_a_time = max(32, BLOCK // len(layout.items))
    with exact_products():
        for first in range(0, len(items), users_at_a_time):
            block = slice(first, min(first + users_at_a_time, len(items)))
            hidden = slice(*np.searchsorted(rows, [block.start, block.stop]))
            more, best = compared(
                users[block],
                layout.column[items[block]],
                np.stack([rows[hidden] - first, layout.column[known[hidden]]], axis=1),
                layout.bin_of_chunk,
                max(ks, default=0),
            )
            above[block] = more.numpy()
            best = best.numpy()
            for k in ks:
                listed = best[:, :k]
                covered[k][layout.items[listed[listed >= 0]]] = True
    diverged = np.flatnonzero(np.isnan(above).any(axis=1))
    if len(diverged):
        raise InputError(
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
        rank=np.where(total > 0, 1 + total - total_won, np.nan),
        coverage={k: float(each.mean()) for k, each in covered.items()},
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
            if block.shape != (len(users), split.item_count):
                raise InputError(
                    f"the scores of {len(users)} users are of shape {tuple(block.shape)}; "
                    f"the split has {split.item_count} items."
                )
            if not block.dtype.is_floating:
                block = tf.cast(block, tf.float64)
            return _compared_scores(block, layout.items, *rest)

        return of_scores

    vectors = scores
    if (len(vectors.users), len(vectors.items)) != (split.user_count, split.item_count):
        raise InputError(
            f"the scoring vectors are of {len(vectors.users)} users and {len(vectors.items)} "
            f"items; the split has {split.user_count} and {split.item_count}."
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
        np.unique(parts[:, 0] * split.item_count + parts[:, 1]), split.item_count
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
    block: tf.Tensor, target: tf.Tensor, hidden: tf.Tensor, bin_of_chunk: tf.Tensor, k: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """What one pass over a block of scores finds.

    Args:
        block: (B, J) float in the layout, -inf where no item is.
        target: (B,) int, each user's column of the held-out item.
        hidden: (n, 2) int, rows and columns of items that the users know.
        bin_of_chunk: (J / CHUNK, BINS) float64, one-hot.
        k: How many best columns to find.

    Returns:
        How many more columns of each bin are above the target than below, (B, BINS) float64,
        NaN where a score is NaN; and the best columns, best first, (B, at most k) int, -1
        where none is left.
    """
    no_score = tf.fill(tf.shape(hidden)[:1], tf.constant(-np.inf, block.dtype))
    block = tf.tensor_scatter_nd_update(block, hidden, no_score)
    target_score = tf.gather(block, target[:, None], axis=1, batch_dims=1)
    chunks = tf.reshape(block, [tf.shape(block)[0], -1, CHUNK])
    # The sign is 1 above, 0 at a tie, -1 below; NaN stays NaN.
    more = tf.reduce_sum(tf.sign(chunks - target_score[:, :, None]), axis=2)
    more = tf.matmul(tf.cast(more, tf.float64), bin_of_chunk)
    if not k:
        return more, tf.zeros([tf.shape(block)[0], 0], tf.int32)
    scores, columns = best_columns(block, k)
    return more, tf.where(scores > -np.inf, columns, -1)


def _share(won: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.divide(won, of, out=np.full(len(won), np.nan), where=of > 0)
