"""Exact retrieval of the items with the highest scores.

`ItemRetriever` serves many users, and `top_items` one. They return what
`keras_rs.layers.BruteForceRetrieval` does, which makes the scores of all users and items at once
(for 256 users and a million items, 1 GB) and has neither biases nor a filter of items that a user
has bought.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.models.visrank import NearestItemScores

CHUNK = 64
"""Number of scores of which `best_columns` first takes the maximum."""

BLOCK = 2**24
"""Largest number of scores, or of components of filtered item vectors, that are held at a time: 64
MiB in float32."""

USERS = 256
"""Number of users that are served at a time. Each block of items is read once for all of them."""


class ItemRetriever:
    """Finds the k items with the highest scores for each of many users, among all items.

    The score is x_ui = p_u · q_i + b_i. Scores are computed in blocks, of which only the k best so
    far are kept. Beside a copy of the item vectors, the memory is that of a few blocks, for a
    million items and any number of users.

    Args:
        vectors: Scoring vectors of a trained recommender. Their users are not used.

    Raises:
        InputError: If a vector or a bias is NaN.

    Example:
        >>> items = np.array([[3.0], [1.0], [2.0]], np.float32)
        >>> users = np.array([[1.0], [-1.0]], np.float32)
        >>> retriever = ItemRetriever(ScoringVectors(users, items, np.zeros(3, np.float32)))
        >>> found, scores = retriever.best(users, k=2)
        >>> found.tolist(), scores.tolist()
        ([[0, 2], [1, 2]], [[3.0, 2.0], [-1.0, -2.0]])
        >>> retriever.best(users, k=2, seen=[np.array([0]), np.array([])])[0].tolist()
        [[2, 1], [1, 2]]
    """

    def __init__(self, vectors: ScoringVectors) -> None:
        items, biases = vectors.items, vectors.biases
        if np.isnan(items).any() or np.isnan(biases).any():
            raise InputError(
                "some item vectors are NaN; the model has diverged, train it with a lower "
                "`learning_rate`."
            )
        self.num_items, size = items.shape
        # The bias is one more dimension, in which every user is 1. The rows that fill up the last
        # chunk score -inf. There is at least one, which fills up filtered items, too.
        table = np.zeros((_round_up(self.num_items + 1), size + 1), np.float32)
        table[: self.num_items, :-1] = items
        table[: self.num_items, -1] = biases
        table[self.num_items :, -1] = -np.inf
        # TensorFlow takes a slice of the first axis without a copy if the size of the other axes is
        # a multiple of 64 bytes, which it is for whole chunks.
        self._table = tf.constant(table.reshape(-1, CHUNK, size + 1))

    def best(
        self,
        users: np.ndarray,
        k: int,
        seen: Sequence[np.ndarray] | None = None,
        allowed: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Finds the k items with the highest scores for each user.

        Of items with equal scores, the first in the catalogue comes first. Items that the filter
        excludes are not scored: a category with a twentieth of the items takes about a twentieth of
        the time.

        Args:
            users: (N, K) float32, vectors of users, newcomers or groups.
            k: Number of items.
            seen: For each of the N users, the items that are not to be returned, (n,) int.
            allowed: (I,) bool, which items may be returned, such as `Catalogue.items_where`
                returns; by default all.

        Returns:
            - (N, k) int32, items in order of falling score, -1 where no item is left.
            - (N, k) float32, their scores, -inf where no item is left. An item that scores -inf is
              never returned.

        Raises:
            InputError: If `allowed` does not have I elements, `seen` does not have N, or a user's
                vector is NaN.
        """
        if seen is None:
            seen = [np.empty(0, np.int32)] * len(users)
        if len(seen) != len(users):
            raise InputError(
                f"`seen` has the items of {len(seen)} users, and there are vectors of {len(users)}."
            )
        if np.isnan(users).any():
            raise InputError("some user vectors are NaN; the model has diverged.")
        rows = None
        if allowed is not None:
            if len(allowed) != self.num_items:
                raise InputError(
                    f"`allowed` is of {len(allowed)} items; there are {self.num_items}."
                )
            rows = np.flatnonzero(allowed)
            filling = _round_up(len(rows)) - len(rows)
            rows = np.concatenate([rows, np.full(filling, self.num_items)])
        items = np.empty((len(users), k), np.int32)
        scores = np.empty((len(users), k), np.float32)
        with exact_products():
            for first in range(0, len(users), USERS):
                part = slice(first, first + USERS)
                items[part], scores[part] = self._best(users[part], k, seen[part], rows)
        return items, scores

    def _best(
        self, users: np.ndarray, k: int, seen: Sequence[np.ndarray], rows: np.ndarray | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Finds the best items of some users among some rows of the table, ascending, or all."""
        owners = np.repeat(np.arange(len(users)), [len(each) for each in seen])
        columns = np.concatenate(seen).astype(np.int64)
        count = len(self._table) * CHUNK
        if rows is not None:
            count = len(rows)
            places = np.searchsorted(rows, columns)
            exists = np.append(rows, -1)[places] == columns
            owners, columns = owners[exists], places[exists]
        by_column = np.argsort(columns, kind="stable")
        hidden = np.stack([owners, columns], axis=1)[by_column]

        queries = tf.constant(np.pad(users, ((0, 0), (0, 1)), constant_values=1), tf.float32)
        items = tf.fill([len(users), k], -1)
        scores = tf.fill([len(users), k], -np.inf)
        # Neither the scores nor the vectors that a filter selects exceed a block.
        widest = len(users) if rows is None else max(queries.shape)
        step = max(CHUNK, BLOCK // widest // CHUNK * CHUNK)
        for first in range(0, count, step):
            last = min(first + step, count)
            if rows is None:
                block = self._table[first // CHUNK : last // CHUNK]
                ids = tf.range(first, last)
            else:
                ids = tf.constant(rows[first:last], tf.int32)
                block = tf.gather(tf.reshape(self._table, [-1, queries.shape[1]]), ids)
            part = slice(*np.searchsorted(hidden[:, 1], [first, last]))
            items, scores = _merge_block(
                items, scores, queries, block, ids, hidden[part] - np.array([0, first])
            )
        return items, scores


def top_items(
    vectors: ScoringVectors | NearestItemScores,
    user: int,
    k: int,
    seen: np.ndarray,
    allowed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the k items with the highest scores for one user.

    Of items with equal scores, the first in the catalogue comes first. For many users at once, see
    `ItemRetriever`.

    Args:
        vectors: Scoring vectors of any recommender.
        user: Index of the user.
        k: Number of items; fewer are returned if fewer are left.
        seen: (n,) int, items that are not to be returned, such as those the user has bought.
        allowed: (I,) bool, which items may be returned; by default all.

    Returns:
        - (k,) int, items in order of falling score.
        - (k,) float32, their scores.

    Example:
        >>> items = np.array([[3.0], [1.0], [2.0]])
        >>> vectors = ScoringVectors(np.ones((1, 1)), items, np.zeros(3))
        >>> top_items(vectors, user=0, k=2, seen=np.array([0]))
        (array([2, 1]), array([2., 1.]))
    """
    scores = vectors.scores(np.array([user]))[0]
    candidates = np.ones(len(scores), bool) if allowed is None else allowed.copy()
    candidates[seen] = False
    items = np.flatnonzero(candidates)
    best, places = tf.math.top_k(scores[items], min(k, len(items)))
    return items[places.numpy()], best.numpy()


def best_columns(scores: tf.Tensor, k: tf.Tensor | int) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the k greatest scores of each row, as `tf.math.top_k` does, in less time.

    The k best scores of a row are in the k chunks with the greatest maxima, of equal ones the
    first. All other scores are read once, for their maximum, while `tf.math.top_k` would compare
    each of them. Of equal scores, the first column comes first.

    Args:
        scores: (B, J) float, J a multiple of `CHUNK`.
        k: Number of scores, at most J.

    Returns:
        - (B, k) float, the scores in falling order.
        - (B, k) int32, their columns.

    Example:
        >>> scores, columns = best_columns(tf.range(64.0)[None], 2)
        >>> scores.numpy().tolist(), columns.numpy().tolist()
        ([[63.0, 62.0]], [[63, 62]])
    """
    rows = tf.shape(scores)[0]
    chunks = tf.reshape(scores, [rows, -1, CHUNK])
    chosen = tf.minimum(k, tf.shape(chunks)[1])
    # The chunks stay in the order of the columns, so that this order decides between equal scores.
    chosen = tf.sort(tf.math.top_k(tf.reduce_max(chunks, axis=2), chosen).indices, axis=1)
    candidates = tf.reshape(tf.gather(chunks, chosen, batch_dims=1), [rows, -1])
    best, at = tf.math.top_k(candidates, tf.minimum(k, tf.shape(candidates)[1]))
    return best, CHUNK * tf.gather(chosen, at // CHUNK, batch_dims=1) + at % CHUNK


@contextmanager
def exact_products() -> Iterator[None]:
    """Computes float32 products without TensorFloat-32 within the context.

    TensorFloat-32 keeps ten bits of the factors on a GPU, which makes different scores equal.

    Example:
        >>> with exact_products():
        ...     tf.config.experimental.tensor_float_32_execution_enabled()
        False
    """
    config = tf.config.experimental
    enabled = config.tensor_float_32_execution_enabled()
    config.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        config.enable_tensor_float_32_execution(enabled)


@tf.function(reduce_retracing=True, autograph=False)
def _merge_block(
    items: tf.Tensor,
    scores: tf.Tensor,
    queries: tf.Tensor,
    block: tf.Tensor,
    ids: tf.Tensor,
    hidden: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Merges the best items so far, (B, k), with those of a block.

    Args:
        items: (B, k) int32, -1 where none has been found. Those of earlier blocks come first if
            scores are equal.
        scores: (B, k) float32, -inf where none has been found.
        queries: (B, K + 1) float32.
        block: J rows of K + 1 float32, in any shape.
        ids: (J,) int32, the item of each row of the block.
        hidden: (n, 2) int, rows and columns of scores that do not count.
    """
    k = tf.shape(items)[1]
    # In one graph, the block of scores is overwritten in place and never copied.
    rows = tf.reshape(block, [-1, tf.shape(queries)[1]])
    products = tf.matmul(queries, rows, transpose_b=True)
    products = tf.tensor_scatter_nd_update(products, hidden, tf.fill(tf.shape(hidden)[:1], -np.inf))
    found, columns = best_columns(products, k)
    merged, at = tf.math.top_k(tf.concat([scores, found], axis=1), k)
    candidates = tf.concat([items, tf.gather(ids, columns)], axis=1)
    return tf.gather(candidates, at, batch_dims=1), merged


def _round_up(count: int) -> int:
    """Rounds up to whole chunks."""
    return -(-count // CHUNK) * CHUNK
