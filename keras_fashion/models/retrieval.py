"""Exact retrieval of the items with the highest scores."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.visrank import NearestItemScores


@contextmanager
def exact_products() -> Iterator[None]:
    """Without TensorFloat-32, whose ten bits of a product on a GPU would make ties."""
    config = tf.config.experimental
    enabled = config.tensor_float_32_execution_enabled()
    config.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        config.enable_tensor_float_32_execution(enabled)


CHUNK = 64
"""Scores that are reduced together."""


def best_columns(scores: tf.Tensor, k: tf.Tensor | int) -> tuple[tf.Tensor, tf.Tensor]:
    """The k greatest scores of each row, the greatest first; of equal ones the first column.

    A row's best k are in the k chunks with the greatest maxima, of equal ones the first: all other
    scores are read once, for their maximum, where `tf.math.top_k` would compare them in turn.

    Args:
        scores: (B, J) float, J a multiple of CHUNK.
        k: How many; J at most are found.

    Returns:
        The scores, (B, k) float, and their columns, (B, k) int32.
    """
    rows = tf.shape(scores)[0]
    chunks = tf.reshape(scores, [rows, -1, CHUNK])
    chosen = tf.minimum(k, tf.shape(chunks)[1])
    # In the order of the columns, so that this order settles ties.
    chosen = tf.sort(tf.math.top_k(tf.reduce_max(chunks, axis=2), chosen).indices, axis=1)
    candidates = tf.reshape(tf.gather(chunks, chosen, batch_dims=1), [rows, -1])
    best, at = tf.math.top_k(candidates, tf.minimum(k, tf.shape(candidates)[1]))
    return best, CHUNK * tf.gather(chosen, at // CHUNK, batch_dims=1) + at % CHUNK


def top_items(
    vectors: ScoringVectors | NearestItemScores,
    user: int,
    k: int,
    seen: np.ndarray,
    allowed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k best items of one user, best first; fewer where fewer are left.

    Of equal ones, the first in the catalogue. For many users at once, see `ItemRetriever`.

    Args:
        vectors: Of any recommender.
        user: Dense index.
        k: How many.
        seen: Dense items never to return, such as those the user has bought.
        allowed: (I,) bool, which items may be returned; all by default.

    Returns:
        Dense items (k,) int and their scores (k,) float32.
    """
    scores = vectors.scores(np.array([user]))[0]
    candidates = np.ones(len(scores), bool) if allowed is None else allowed.copy()
    candidates[seen] = False
    items = np.flatnonzero(candidates)
    best, places = tf.math.top_k(scores[items], min(k, len(items)))
    return items[places.numpy()], best.numpy()


BLOCK = 2**24
"""Numbers held at a time, scores or picked item vectors; 64 MiB in float32."""

USERS = 256
"""Users served at a time; each block of items is read once for all of them."""


class ItemRetriever:
    """The k best items of each of many users: x_ui = p_u . q_i + b_i, over every item.

    Scores are made in blocks, and only the k best so far outlive one: beside a copy of the item
    vectors, memory is that of a few blocks, for a million items and any number of users.

    Args:
        vectors: Of a trained recommender; its users play no part.

    Raises:
        InputError: If a vector or a bias is NaN.
    """

    def __init__(self, vectors: ScoringVectors) -> None:
        items, biases = vectors.items, vectors.biases
        if np.isnan(items).any() or np.isnan(biases).any():
            raise InputError(
                "some item vectors are NaN; the model has diverged, train it with a lower "
                "learning rate."
            )
        self.num_items, size = items.shape
        # The bias is one more dimension, in which every user is 1. Rows that fill up the last
        # chunk score -inf; there is at least one, which fills up filtered items, too.
        table = np.zeros((_whole_chunks(self.num_items + 1), size + 1), np.float32)
        table[: self.num_items, :-1] = items
        table[: self.num_items, -1] = biases
        table[self.num_items :, -1] = -np.inf
        # In whole chunks, of which TensorFlow takes a slice without a copy: it does so where what
        # stands behind the first axis is a multiple of 64 bytes.
        self._table = tf.constant(table.reshape(-1, CHUNK, size + 1))

    def best(
        self,
        tastes: np.ndarray,
        k: int,
        seen: Sequence[np.ndarray] | None = None,
        allowed: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k best items of each user, best first; of equal ones, the first in the catalogue.

        What a filter leaves out is not scored: a category of a twentieth of the items takes about
        a twentieth of the time.

        Args:
            tastes: (N, K) float32, vectors of users, newcomers or groups.
            k: How many.
            seen: For each of the N, the dense items never to return to them, (n,) int.
            allowed: (I,) bool, which items may be returned, such as
                `Catalogue.items_where` gives; all by default.

        Returns:
            Dense items (N, k) int32 and their scores (N, k) float32; -1 and -inf where no item is
            left. An item that scores -inf is never returned.

        Raises:
            InputError: If `allowed` is not of I items, `seen` not of N users, or a taste is NaN.
        """
        if seen is None:
            seen = [np.empty(0, np.int32)] * len(tastes)
        if len(seen) != len(tastes):
            raise InputError(
                f"seen items are given for {len(seen)} users, tastes of {len(tastes)}."
            )
        if np.isnan(tastes).any():
            raise InputError("some tastes are NaN; the model has diverged.")
        rows = None
        if allowed is not None:
            if len(allowed) != self.num_items:
                raise InputError(
                    f"the filter is of {len(allowed)} items; there are {self.num_items}."
                )
            rows = np.flatnonzero(allowed)
            filling = _whole_chunks(len(rows)) - len(rows)
            rows = np.concatenate([rows, np.full(filling, self.num_items)])
        items = np.empty((len(tastes), k), np.int32)
        scores = np.empty((len(tastes), k), np.float32)
        with exact_products():
            for first in range(0, len(tastes), USERS):
                some = slice(first, first + USERS)
                items[some], scores[some] = self._best(tastes[some], k, seen[some], rows)
        return items, scores

    def _best(
        self, tastes: np.ndarray, k: int, seen: Sequence[np.ndarray], rows: np.ndarray | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`best` of some users among some rows of the table, ascending; None: among all."""
        users = np.repeat(np.arange(len(tastes)), [len(each) for each in seen])
        columns = np.concatenate(seen).astype(np.int64)
        count = len(self._table) * CHUNK
        if rows is not None:
            count = len(rows)
            places = np.searchsorted(rows, columns)
            there = np.append(rows, -1)[places] == columns
            users, columns = users[there], places[there]
        by_column = np.argsort(columns, kind="stable")
        hidden = np.stack([users, columns], axis=1)[by_column]

        tastes = tf.constant(np.pad(tastes, ((0, 0), (0, 1)), constant_values=1), tf.float32)
        items = tf.fill([len(tastes), k], -1)
        scores = tf.fill([len(tastes), k], -np.inf)
        # Neither the scores nor the vectors that a filter picks out are more than a block.
        widest = len(tastes) if rows is None else max(tastes.shape)
        step = max(CHUNK, BLOCK // widest // CHUNK * CHUNK)
        for first in range(0, count, step):
            last = min(first + step, count)
            if rows is None:
                block = self._table[first // CHUNK : last // CHUNK]
                ids = tf.range(first, last)
            else:
                ids = tf.constant(rows[first:last], tf.int32)
                block = tf.gather(tf.reshape(self._table, [-1, tastes.shape[1]]), ids)
            part = slice(*np.searchsorted(hidden[:, 1], [first, last]))
            items, scores = _better(
                items, scores, tastes, block, ids, hidden[part] - np.array([0, first])
            )
        return items, scores


@tf.function(reduce_retracing=True, autograph=False)
def _better(
    items: tf.Tensor,
    scores: tf.Tensor,
    tastes: tf.Tensor,
    block: tf.Tensor,
    ids: tf.Tensor,
    hidden: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The best so far, (B, k), and those of a block, merged.

    Args:
        items: (B, k) int32, -1 where none has been found; those of earlier blocks win ties.
        scores: (B, k) float32, -inf where none has been found.
        tastes: (B, K + 1) float32.
        block: J rows of K + 1, float32, in any shape.
        ids: (J,) int32, the item of each row of the block.
        hidden: (n, 2) int, rows and columns of scores that do not count.
    """
    k = tf.shape(items)[1]
    # In one graph, the block of scores is overwritten in place and never copied.
    rows = tf.reshape(block, [-1, tf.shape(tastes)[1]])
    products = tf.matmul(tastes, rows, transpose_b=True)
    products = tf.tensor_scatter_nd_update(products, hidden, tf.fill(tf.shape(hidden)[:1], -np.inf))
    found, columns = best_columns(products, k)
    merged, at = tf.math.top_k(tf.concat([scores, found], axis=1), k)
    candidates = tf.concat([items, tf.gather(ids, columns)], axis=1)
    return tf.gather(candidates, at, batch_dims=1), merged


def _whole_chunks(count: int) -> int:
    return -(-count // CHUNK) * CHUNK
