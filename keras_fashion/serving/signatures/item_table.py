"""The items as they are served: all that ranks them, laid out to be read once a request."""

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue, Split
from keras_fashion.errors import InputError
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.retrieval import CHUNK, best_columns
from keras_fashion.serving.signatures.batched import batched

NO_SCORE = tf.float32.min
"""Stands where there is no score. It ranks last and, other than NaN, is valid JSON."""

MOST_K = 1000
"""Items of one list."""

MOST_HIDDEN = 256
"""Items that a request itself may keep out of one list."""


class ItemTable(tf.Module):
    """Vectors, popularity and categories of items, and who bought them.

    An item is a column [q, b, popularity]. A user whom the model knows is a row [p, 1, 0] and a
    stranger [0, 0, 1], so that one product scores both. Columns, because TensorFlow's product of
    two to seven rows with a transposed table takes 7 to 9 times as long as with one that lies
    like this (`tests/benchmarks/product_layout.py`).

    Args:
        vectors: Of the items; those of users play no part.
        split: Says what is popular: the number of training interactions.
        catalogue: Says what was bought by whom, and the categories.

    Attributes:
        num_items: I, which also stands for an item that is none.
        nobody: A buyer who has bought nothing.

    Raises:
        InputError: If a number of the vectors is not finite.
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
        # What fills up the last chunk has no score, whoever asks; there is always some, which
        # stands for items that are none.
        filling = CHUNK - self.num_items % CHUNK
        table = np.pad(table, ((0, 0), (0, filling)))
        table[-2:, self.num_items :] = NO_SCORE
        self.columns = tf.Variable(table, trainable=False, name="items")
        categories = np.pad(
            catalogue.item_categories.astype(np.int32), (0, filling), constant_values=-1
        )
        self.categories = tf.Variable(categories, trainable=False, name="item_categories")

        # What a user bought stands in `bought` from `bought_starts[u]` to `bought_starts[u + 1]`.
        bought_by, bought = catalogue.interactions.astype(np.int32).T
        self.bought = tf.Variable(bought, trainable=False, name="bought")
        starts = np.searchsorted(bought_by, np.arange(split.num_users + 2)).astype(np.int64)
        self.bought_starts = tf.Variable(starts, trainable=False, name="bought_starts")
        self._best = batched(self._best_not_bought)
        self._best_but = batched(self._best_not_hidden)

    def score(self, rows: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        """Scores of pairs: (B, K + 2) rows and (B,) int64 items to (B,) float32.

        NO_SCORE for an item of `num_items`, which is none.
        """
        columns = tf.gather(self.columns, item, axis=1)
        return tf.reduce_sum(rows * tf.transpose(columns), axis=1)

    def mean_of(self, item: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
        """Mean vectors of (B, H) int64 items, those (B, H) bool that count: (B, K); 0 of none."""
        vectors = tf.gather(self.columns, item, axis=1)[:-2]
        weights = tf.cast(counted, tf.float32)
        sums = tf.einsum("kbh,bh->bk", vectors, weights)
        return tf.math.divide_no_nan(sums, tf.reduce_sum(weights, axis=1, keepdims=True))

    def best(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, buyer: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best items of each row, the best first; of equal ones the first in the catalogue.

        Args:
            rows: (B, K + 2) float32.
            k: (B,) int32, at most MOST_K.
            category: (B,) int32, the only one to look into; -1 for all.
            buyer: (B,) int64, whose purchases are left out; `nobody` for none.

        Returns:
            Items, (B, n) int64, and scores, (B, n) float32, n the greatest k or the number of
            items if that is smaller; -1 and NO_SCORE behind a row's own k and where no item is
            left.
        """
        return self.cut_to(k, *self._best(rows, k, category, buyer))

    def best_but(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, hidden: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`best` without (B, H) int64 hidden items of each row, H at most MOST_HIDDEN."""
        filling = MOST_HIDDEN - tf.shape(hidden)[1]
        hidden = tf.pad(hidden, [[0, 0], [0, filling]], constant_values=self.num_items)
        hidden = tf.ensure_shape(hidden, [None, MOST_HIDDEN])
        return self.cut_to(k, *self._best_but(rows, k, category, hidden))

    def cut_to(
        self, k: tf.Tensor, item: tf.Tensor, score: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Of lists of MOST_K, made for many requests together, what this one asked for.

        Args:
            k: (B,) int32, of this request's rows.
            item: (B, MOST_K) int32.
            score: (B, MOST_K) float32.

        Returns:
            As `best`.
        """
        longest = tf.minimum(tf.reduce_max(k), self.num_items)
        item, score = item[:, :longest], score[:, :longest]
        score = tf.where(tf.range(longest) < k[:, None], score, NO_SCORE)
        return tf.where(score > NO_SCORE, tf.cast(item, tf.int64), -1), score

    def _best_not_bought(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, buyer: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        bought = tf.gather(
            tf.RaggedTensor.from_row_splits(self.bought, self.bought_starts, validate=False), buyer
        )
        places = tf.stack([tf.cast(bought.value_rowids(), tf.int32), bought.values], axis=1)
        return self._best_without(places, rows, k, category)

    def _best_not_hidden(
        self, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor, hidden: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        which = tf.repeat(tf.range(tf.shape(hidden)[0]), MOST_HIDDEN)
        places = tf.stack([which, tf.reshape(tf.cast(hidden, tf.int32), [-1])], axis=1)
        return self._best_without(places, rows, k, category)

    def _best_without(
        self, places: tf.Tensor, rows: tf.Tensor, k: tf.Tensor, category: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best but for (n, 2) int32 rows and columns."""
        scores = tf.matmul(rows, self.columns)
        none = tf.fill([tf.shape(places)[0]], NO_SCORE)
        scores = tf.tensor_scatter_nd_update(scores, places, none)

        def in_category() -> tf.Tensor:
            wanted = (category < 0)[:, None] | (self.categories == category[:, None])
            return tf.where(wanted, scores, NO_SCORE)

        # Most requests name no category: then the scores are not gone through for it.
        scores = tf.cond(tf.reduce_any(category >= 0), in_category, lambda: scores)
        return longest_list(scores, k)


def longest_list(scores: tf.Tensor, k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The best columns of (B, J) scores, as many as the greatest of k, (B,), filled up to MOST_K.

    Returns:
        Columns (B, MOST_K) int32 and scores (B, MOST_K) float32, 0 and NO_SCORE behind the last.
    """
    score, item = best_columns(scores, tf.reduce_max(k))
    filling = [[0, 0], [0, MOST_K - tf.shape(score)[1]]]
    score = tf.pad(score, filling, constant_values=NO_SCORE)
    item = tf.pad(item, filling)
    return tf.ensure_shape(item, [None, MOST_K]), tf.ensure_shape(score, [None, MOST_K])
