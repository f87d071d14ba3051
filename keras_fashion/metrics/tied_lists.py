"""Means and diversity of lists of recommendations, exact where items tie for the last places."""

from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import csr_array, issparse

VALUES_PER_BLOCK = 2**22
"""Number of components of summed features that are held at a time."""

Features: TypeAlias = np.ndarray | csr_array
"""A row of numbers for each item, dense or sparse."""

_NONE, _NO_TIES = np.empty(0, int), np.empty((0, 0), bool)


class TiedLists:
    """Lists of recommendations whose last places may be shared by items that tie.

    A list holds some items for certain. Its other places, if there are any, go to items that tie,
    all of which have the same chances. The methods return expected values over these, so that a
    model that scores many items alike gets what a random order of them gets, without the noise.

    Args:
        items: Items that are certain, of shape (n, k), int; -1 for a place without one.
        num_items: I, number of items of the catalogue.
        rows: Lists with places for which items tie, of shape (m,), int; by default none.
        candidates: Items that tie in any of these lists, of shape (c,), int.
        tied: Which of these tie in each of these lists, of shape (m, c), bool.
        places: Number of places for which they tie, of shape (m,), int, at least 1 and at most the
            number of items that tie.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.metrics import TiedLists
        >>> # Item 0, and one of the items 1 and 2.
        >>> lists = TiedLists(
        ...     np.array([[0, -1]]), num_items=3, rows=np.array([0]),
        ...     candidates=np.array([1, 2]), tied=np.array([[True, True]]), places=np.array([1]),
        ... )
        >>> lists.mean(np.array([1.0, 2.0, 4.0]))
        array([2.])
        >>> # Item 1 has the style of item 0, item 2 another one.
        >>> lists.diversity(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        array([0.5])
    """

    def __init__(
        self,
        items: np.ndarray,
        num_items: int,
        rows: np.ndarray = _NONE,
        candidates: np.ndarray = _NONE,
        tied: np.ndarray = _NO_TIES,
        places: np.ndarray = _NONE,
    ) -> None:
        row, place = np.nonzero(items >= 0)
        ones = np.ones(len(row), np.float32)
        self._certain = csr_array((ones, (row, items[row, place])), (len(items), num_items))
        self._rows, self._candidates, self._places = rows, candidates, places
        self._tied = tied.astype(np.float32)
        self._num_tied = np.count_nonzero(tied, axis=1)
        self._sizes = np.count_nonzero(items >= 0, axis=1)
        self._sizes[rows] += places

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Computes the expected mean of a value over the items of each list.

        Args:
            values: Array of shape (I,), float.

        Returns:
            Array of shape (n,), float64; NaN for a list without items.
        """
        sums = self._certain @ values.astype(np.float64)
        shares = self._places / self._num_tied
        sums[self._rows] += shares * (self._tied @ values[self._candidates].astype(np.float32))
        return _divide(sums, self._sizes)

    def diversity(self, features: Features) -> np.ndarray:
        """Computes the expected intra-list diversity: the mean distance of two items of a list.

        It is the mean of d(i, j) over the pairs i ≠ j of a list (Ziegler et al., "Improving
        Recommendation Lists Through Topic Diversification", WWW 2005; Vargas and Castells, "Rank
        and Relevance in Novelty and Diversity Metrics for Recommender Systems", RecSys 2011, there
        with discounts), where d is the cosine distance, 1 - f_i·f_j.

        With s the sum of the features of the certain items and s' that of the t items that tie for
        r places, the products of all pairs i ≠ j have the expected sum

            |s|² - Σ|f|² + 2 (r / t) s·s' + r (r - 1) / (t (t - 1)) (|s'|² - Σ'|f|²).

        Args:
            features: Features f of the items, each of length 1 or all zero
                (`sklearn.preprocessing.normalize`), of shape (I, F), float. An item without
                features is at distance 1 from all others.

        Returns:
            Array of shape (n,), float64; NaN for a list of fewer than two items.
        """
        squares = _row_dots(features, features)
        products = -(self._certain @ squares)
        crossed = np.zeros(len(self._rows))
        within = -(self._tied @ squares[self._candidates].astype(np.float32)).astype(np.float64)
        step = max(1, VALUES_PER_BLOCK // max(1, len(self._sizes)))
        for first in range(0, features.shape[1], step):
            block = features[:, first : first + step]
            certain, tied = self._certain @ block, self._tied @ block[self._candidates]
            products += _row_dots(certain, certain)
            crossed += _row_dots(certain[self._rows], tied)
            within += _row_dots(tied, tied)
        r, t = self._places, self._num_tied
        products[self._rows] += 2 * r / t * crossed
        products[self._rows] += r * (r - 1) / np.maximum(t * (t - 1), 1) * within
        return 1 - _divide(products, self._sizes * (self._sizes - 1))


def _row_dots(first: Any, second: Any) -> np.ndarray:
    """Returns the dot products of rows that belong together, of shape (n,), float64."""
    if issparse(first):
        return np.asarray(first.multiply(second).sum(axis=1, dtype=np.float64)).ravel()
    return np.einsum("nf,nf->n", first, second, dtype=np.float64)


def _divide(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
