"""The table of items that the exported signatures rank: vectors, popularity and categories."""

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue, Split
from keras_fashion.errors import InputError
from keras_fashion.models.retrieval import CHUNK, best_columns
from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.serving.signatures.batching import batched

NO_SCORE = tf.float32.min
"""The value where there is no score. It ranks last and, unlike NaN, is valid JSON."""

MAX_K = 1000
"""Largest number of items in one list."""

MAX_HIDDEN = 256
"""Largest number of items that a request can exclude from one list."""


class ItemTable(tf.Module):
    """Vectors, popularity and categories of the items, and the purchases of each user.

    An item is a column [q, b, popularity]. A known user is a row [p, 1, 0] and an unknown user
    [0, 0, 1], so that one product scores both. The table is stored by columns, because
    TensorFlow's product of two to seven rows with a transposed table takes 7 to 9 times as long
    (`tests/benchmarks/product_layout.py`).

    Args:
        vectors: Scoring vectors, of which those of the items are used.
        split: Split whose training interactions give the popularity of the items.
        catalogue: Catalogue with the interactions and the categories.

    Attributes:
        num_items: I, which is also the index of an unknown item.
        nobody: Index of a user without purchases.

    Raises:
        InputError: If a vector is not finite.

    Example:
        >>> from types import SimpleNamespace
        >>> items = np.float32([[1, 0], [0, 1], [1, 1]])
        >>> vectors = ScoringVectors(users=np.zeros((1, 2)), items=items, biases=np.zeros(3))
        >>> bought = np.array([[0, 2]], np.int32)  # (user, item)
        >>> catalogue = SimpleNamespace(interactions=bought, item_categories=np.zeros(3, int))
        >>> table = ItemTable(vectors, Split(1, 3, bought, bought[:0], bought[:0]), catalogue)
        >>> rows = tf.constant([[2.0, 1.0, 1.0, 0.0]])  # p of one user, who bought the last item
        >>> items, scores = table.best(rows, tf.constant([2]), tf.constant([-1]), tf.constant([0]))
        >>> items.numpy().tolist(), scores.numpy().tolist()
        ([[0, 1]], [[2.0, 1.0]])
    """

    def __init__(self, vectors: ScoringVectors, split: Split, catalogue: Catalogue) -> None:
        super().__init__()
        self.num_items = len(vectors.items)
        self.nobody = split.num_users
        popularity = split.training_counts.astype(np.float32)
        table = np.concatenate(
            [vectors.items, vectors.biases[:, None], popularity[:, None]],
            axis=1,
            dtype=np.float32,
        ).T
        if not np.isfinite(table).all():
            raise InputError(
                "some item vectors are not finite; the model has diverged, train it with a lower "
                "learning rate."
            )
        # The last chunk is padded with columns that have no score for any user. There is always
        # one at least, which stands for unknown items.
        padding = CHUNK - self.num_items % CHUNK
        table = np.pad(table, ((0, 0), (0, padding)))
        table[-2:, self.num_items :] = NO_SCORE
        self.columns = tf.Variable(table, trainable=False, name="items")
        categories = np.pad(
            catalogue.item_categories.astype(np.int32), (0, padding), constant_values=-1
        )
        self.categories = tf.Variable(categories, trainable=False, name="item_categories")

        # The purchases of user u are `bought[bought_starts[u] : bought_starts[u + 1]]`.
        buyers, bought = catalogue.interactions.astype(np.int32).T
        self.bought = tf.Variable(bought, trainable=False, name="bought")
        starts = np.searchsorted(buyers, np.arange(split.num_users + 2)).astype(np.int64)
        self.bought_starts = tf.Variable(starts, trainable=False, name="bought_starts")
        self._best_not_bought = batched(self._longest_list_not_bought)
        self._best_not_hidden = batched(self._longest_list_not_hidden)

    def score(self, rows: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        """Returns the scores of pairs of a user and an item.

        Args:
            rows: (B, K + 2) float32.
            item: (B,) int64; `num_items` for an unknown item.

        Returns:
            (B,) float32, NO_SCORE for an unknown item.
        """
        columns = tf.gather(self.columns, item, axis=1)
        return tf.reduce_sum(rows * tf.transpose(columns), axis=1)

    def mean_of(self, item: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
        """Returns the mean vectors of lists of items.

        Args:
            item: (B, H) int64.
            counted: (B, H) bool, whether the item is part of the mean.

        Returns:
            (B, K) float32, 0 for a list without counted items.
        """
        vectors = tf.gather(self.columns, item, axis=1)[:-2]
        weights = tf.cast(counted, tf.float32)
        sums = tf.einsum("kbh,bh->bk", vectors, weights)
        return tf.math.divide_no_nan(sums, tf.reduce_sum(weights, axis=1, keepdims=True))

    def best(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, buyer: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the items with the highest scores for each row, without those bought.

        Of items with equal scores, the first in the catalogue comes first.

        Args:
            rows: (B, K + 2) float32.
            k: (B,) int32, number of items, at most MAX_K.
            category: (B,) int32, the only category of the items; -1 for all.
            buyer: (B,) int64, user whose purchases are left out; `nobody` for no one.

        Returns:
            Items, (B, n) int64, and scores, (B, n) float32, where n is the largest k or the number
            of items if that is smaller. After the k of a row, and where no item is left, they are
            -1 and NO_SCORE.
        """
        return self.cut_to(k, *self._best_not_bought(rows, k, category, buyer))

    def best_except(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, hidden: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the items with the highest scores for each row, without given items.

        Args:
            rows: (B, K + 2) float32.
            k: (B,) int32, number of items, at most MAX_K.
            category: (B,) int32, the only category of the items; -1 for all.
            hidden: (B, H) int64, items that are left out, H at most MAX_HIDDEN.

        Returns:
            Items and scores as in `best`.
        """
        padding = MAX_HIDDEN - tf.shape(hidden)[1]
        hidden = tf.pad(hidden, [[0, 0], [0, padding]], constant_values=self.num_items)
        hidden = tf.ensure_shape(hidden, [None, MAX_HIDDEN])
        return self.cut_to(k, *self._best_not_hidden(rows, k, category, hidden))

    def cut_to(
        self, k: tf.Tensor, item: tf.Tensor, score: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Cuts lists of MAX_K, which were computed for several requests, to those of one request.

        Args:
            k: (B,) int32, for the rows of this request.
            item: (B, MAX_K) int32.
            score: (B, MAX_K) float32.

        Returns:
            Items and scores as in `best`.
        """
        longest = tf.minimum(tf.reduce_max(k), self.num_items)
        item, score = item[:, :longest], score[:, :longest]
        score = tf.where(tf.range(longest) < k[:, None], score, NO_SCORE)
        return tf.where(score > NO_SCORE, tf.cast(item, tf.int64), -1), score

    def _longest_list_not_bought(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, buyer: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        purchases = tf.RaggedTensor.from_row_splits(self.bought, self.bought_starts, validate=False)
        bought = tf.gather(purchases, buyer)
        excluded = tf.stack([tf.cast(bought.value_rowids(), tf.int32), bought.values], axis=1)
        return self._longest_list_without(excluded, rows, k, category)

    def _longest_list_not_hidden(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, hidden: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        row = tf.repeat(tf.range(tf.shape(hidden)[0]), MAX_HIDDEN)
        excluded = tf.stack([row, tf.reshape(tf.cast(hidden, tf.int32), [-1])], axis=1)
        return self._longest_list_without(excluded, rows, k, category)

    def _longest_list_without(
        self, excluded: tf.Tensor, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the `longest_list` without (n, 2) int32 pairs of a row and an item."""
        scores = tf.matmul(rows, self.columns)
        no_score = tf.fill([tf.shape(excluded)[0]], NO_SCORE)
        scores = tf.tensor_scatter_nd_update(scores, excluded, no_score)

        def in_category() -> tf.Tensor:
            wanted = (category < 0)[:, None] | (self.categories == category[:, None])
            return tf.where(wanted, scores, NO_SCORE)

        # Most requests name no category and then need no second pass over the scores.
        scores = tf.cond(tf.reduce_any(category >= 0), in_category, lambda: scores)
        return longest_list(scores, k)


def longest_list(scores: tf.Tensor, k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the best columns of each row for the largest k, padded to MAX_K.

    Args:
        scores: (B, J) float32.
        k: (B,) int32.

    Returns:
        Columns, (B, MAX_K) int32, and scores, (B, MAX_K) float32, padded with 0 and NO_SCORE.
    """
    score, item = best_columns(scores, tf.reduce_max(k))
    padding = [[0, 0], [0, MAX_K - tf.shape(score)[1]]]
    score = tf.pad(score, padding, constant_values=NO_SCORE)
    item = tf.pad(item, padding)
    return tf.ensure_shape(item, [None, MAX_K]), tf.ensure_shape(score, [None, MAX_K])
