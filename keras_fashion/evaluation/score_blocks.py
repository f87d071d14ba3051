"""Blocks of scores, laid out by popularity and compared with the held-out items of their users."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_fashion.data.split import Split
from keras_fashion.errors import InputError
from keras_fashion.models.retrieval import CHUNK, best_columns
from keras_fashion.models.scoring_vectors import HeldOutVectors, ScoringVectors

COLD = 5
"""Items with fewer training interactions are cold (Kang et al., ICDM 2017)."""

BINS = COLD + 1
"""Number of popularity bins: items with 0, 1, 2, 3, 4, and 5 or more training interactions."""

Scores = Callable[[np.ndarray], np.ndarray | tf.Tensor]
"""Function from users, of shape (B,), int, to their scores of all items, of shape (B, I)."""


@dataclass(frozen=True)
class BlockLayout:
    """Columns of a block: items by bin, the most popular first, each bin in whole chunks.

    Attributes:
        items: Item of each column, of shape (J,), int64; I for a column that only pads its chunk.
        column: Column of each item, of shape (I,), int32.
        bin_of_chunk: One-hot bins of shape (J / CHUNK, BINS), float64.
        sizes: Number of items in each bin, of shape (BINS,), int64.
        padding: Number of columns that pad each bin, of shape (BINS,), int64.
    """

    items: np.ndarray
    column: np.ndarray
    bin_of_chunk: np.ndarray
    sizes: np.ndarray
    padding: np.ndarray

    @classmethod
    def of(cls, bins: np.ndarray) -> "BlockLayout":
        """Lays out items by their bins, of shape (I,), int."""
        sizes = np.bincount(bins, minlength=BINS)
        chunks = -(-sizes // CHUNK)
        popular_first = np.argsort(-bins, kind="stable")
        width = CHUNK * chunks
        bin_of_column = np.repeat(np.arange(BINS)[::-1], width[::-1])
        # The first columns of a bin hold its items, and the rest of them stays empty.
        offset = (np.cumsum(width[::-1]) - width[::-1])[::-1]
        before = (np.cumsum(sizes[::-1]) - sizes[::-1])[::-1]
        sorted_bins = bins[popular_first]
        columns = np.arange(len(bins)) - before[sorted_bins] + offset[sorted_bins]
        items = np.full(len(bin_of_column), len(bins))
        items[columns] = popular_first
        column = np.empty(len(bins), np.int32)
        column[popular_first] = columns
        return cls(items, column, np.eye(BINS)[bin_of_column[::CHUNK]], sizes, width - sizes)


class ListedColumns(NamedTuple):
    """Lists of the k best columns of each row.

    Attributes:
        certain: Columns that are in the list, whatever the order of columns that tie, of shape
            (B, k), int32; -1 for a place that is not certain or has no item.
        rows: Rows whose last places are shared by columns that tie, of shape (m,), int64.
        tied: Which columns tie for them, of shape (m, J), bool.
        places: Number of these places, of shape (m,), int64; fewer than the columns that tie.
    """

    certain: tf.Tensor
    rows: tf.Tensor
    tied: tf.Tensor
    places: tf.Tensor


class ComparedBlock(NamedTuple):
    """Result of the pass over a block of scores.

    Attributes:
        excess: How many more columns of each bin score above the target than below, of shape
            (B, BINS), float64; NaN if a score is NaN.
        tied: Number of other columns that tie with the target, of shape (B,), float64.
        unlisted: Logarithm of the probability that a column is in none of the lists, of shape
            (len(ks), J), float64.
        lists: The lists of each k.
    """

    excess: tf.Tensor
    tied: tf.Tensor
    unlisted: tf.Tensor
    lists: list[ListedColumns]


def block_comparison(
    scores: ScoringVectors | HeldOutVectors | Scores, split: Split, layout: BlockLayout
) -> Callable[..., ComparedBlock]:
    """Returns a function that computes a block of scores and compares each with its row's target.

    Args:
        scores: Vectors, or a function of users, see `rank_held_out`.
        split: The split, whose size the scores must have.
        layout: Layout of a block.

    Returns:
        A function of the block's users (for `HeldOutVectors` of its interactions), of shape (B,),
        int, and of what `_compared` takes beside the block.

    Raises:
        InputError: If the scores are of another number of items or users than the split.
    """
    if not isinstance(scores, (ScoringVectors, HeldOutVectors)):

        def of_scores(users: np.ndarray, *args: Any) -> ComparedBlock:
            block = tf.convert_to_tensor(scores(users))
            if block.shape != (len(users), split.num_items):
                raise InputError(
                    f"the scores of {len(users)} users are of shape {tuple(block.shape)}; "
                    f"the split has {split.num_items} items."
                )
            if not block.dtype.is_floating:
                block = tf.cast(block, tf.float64)
            return _compared_scores(block, layout.items, *args)

        return of_scores

    vectors = scores
    people = vectors.users if isinstance(vectors, ScoringVectors) else vectors.interactions
    if (isinstance(vectors, ScoringVectors) and len(people) != split.num_users) or (
        len(vectors.items) != split.num_items
    ):
        raise InputError(
            f"the scoring vectors are of {len(people)} users and {len(vectors.items)} "
            f"items; the split has {split.num_users} and {split.num_items}."
        )
    # The bias is one more dimension, in which every user is 1, so that it needs no second pass.
    items = np.zeros((len(layout.items), vectors.items.shape[1] + 1), vectors.items.dtype)
    items[:, -1] = -np.inf
    items[layout.column, :-1] = vectors.items
    items[layout.column, -1] = vectors.biases
    items = tf.constant(items)

    def of_products(users: np.ndarray, *args: Any) -> ComparedBlock:
        rows = np.ones((len(users), items.shape[1]), people.dtype)
        rows[:, :-1] = people[users]
        return _compared_products(rows, items, *args)

    return of_products


@tf.function(reduce_retracing=True, autograph=False)
def _compared_products(users: tf.Tensor, items: tf.Tensor, *args: Any) -> ComparedBlock:
    # Multiplied in the same graph, the block is overwritten in place and never copied.
    return _compared(tf.matmul(users, items, transpose_b=True), *args)


@tf.function(reduce_retracing=True, autograph=False)
def _compared_scores(scores: tf.Tensor, items: tf.Tensor, *args: Any) -> ComparedBlock:
    padded = tf.pad(scores, [[0, 0], [0, 1]], constant_values=-np.inf)
    return _compared(tf.gather(padded, items, axis=1), *args)


def _compared(
    block: tf.Tensor,
    target: tf.Tensor,
    hidden: tf.Tensor,
    bin_of_chunk: tf.Tensor,
    ks: tuple[int, ...],
) -> ComparedBlock:
    """Compares a block of scores with the targets of its rows.

    Args:
        block: Scores in the layout, of shape (B, J), float; -inf for padding.
        target: Column of each user's held-out item, of shape (B,), int.
        hidden: Rows and columns of items that the users know, of shape (n, 2), int.
        bin_of_chunk: One-hot bins of shape (J / CHUNK, BINS), float64.
        ks: Lengths of the users' lists.
    """
    no_score = tf.fill(tf.shape(hidden)[:1], tf.constant(-np.inf, block.dtype))
    block = tf.tensor_scatter_nd_update(block, hidden, no_score)
    target_score = tf.gather(block, target[:, None], axis=1, batch_dims=1)
    chunks = tf.reshape(block, [tf.shape(block)[0], -1, CHUNK])
    # The sign is 1 above, 0 at a tie, -1 below; NaN stays NaN.
    sign = tf.sign(chunks - target_score[:, :, None])
    excess = tf.matmul(tf.cast(tf.reduce_sum(sign, axis=2), tf.float64), bin_of_chunk)
    apart = tf.reduce_sum(tf.cast(tf.reduce_sum(tf.abs(sign), axis=2), tf.float64), axis=1)
    tied = tf.cast(tf.shape(block)[1] - 1, tf.float64) - apart
    if not ks:
        return ComparedBlock(excess, tied, tf.zeros([0, tf.shape(block)[1]], tf.float64), [])
    scores, columns = best_columns(block, max(ks) + 1)
    lists = [_listed(block, scores, columns, k) for k in ks]
    unlisted = tf.stack([_unlisted(each, tf.shape(block)[1]) for each in lists])
    return ComparedBlock(excess, tied, unlisted, lists)


def _listed(block: tf.Tensor, scores: tf.Tensor, columns: tf.Tensor, k: int) -> ListedColumns:
    """Finds which columns are in the lists of the k best, and which tie for their last places.

    Args:
        block: Scores of shape (B, J), float; -inf where there is no item to recommend.
        scores: The n best scores of each row, of shape (B, n), n > k unless k = J.
        columns: Their columns, of shape (B, n), int.
        k: Length of a list.
    """
    last = scores[:, k - 1 : k]
    following = tf.pad(scores, [[0, 0], [0, 1]], constant_values=-np.inf)[:, k : k + 1]
    open_end = (following == last) & (last > -np.inf)
    scores, columns = scores[:, :k], columns[:, :k]
    certain = (scores > -np.inf) & ~(open_end & (scores == last))
    rows = tf.where(open_end[:, 0])[:, 0]
    last = tf.gather(last, rows)
    return ListedColumns(
        tf.where(certain, columns, -1),
        rows,
        tf.gather(block, rows) == last,
        k - tf.math.count_nonzero(tf.gather(scores, rows) > last, axis=1),
    )


def _unlisted(lists: ListedColumns, num_columns: tf.Tensor) -> tf.Tensor:
    """Computes the logarithm of the probability that a column is in no list, (J,) float64."""
    listed = tf.boolean_mask(lists.certain, lists.certain >= 0)[:, None]
    unlisted = tf.tensor_scatter_nd_update(
        tf.zeros(num_columns, tf.float64),
        listed,
        tf.fill(tf.shape(listed)[:1], tf.constant(-np.inf, tf.float64)),
    )
    # Items that tie with the last one have equal chances of the places left by those above.
    sharing = tf.cast(lists.tied, tf.float32)
    places = tf.cast(lists.places, tf.float32)
    passed_over = tf.math.log1p(-places / tf.reduce_sum(sharing, axis=1))
    return unlisted + tf.cast(tf.linalg.matvec(sharing, passed_over, transpose_a=True), tf.float64)
