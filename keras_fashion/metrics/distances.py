"""Euclidean distances between feature vectors, computed by scikit-learn in bounded memory.

What is added to scikit-learn is that a copy is at distance 0. Its formula,
|x - y|² = |x|² + |y|² - 2 x·y, leaves a rounding error of some 1e-7 of the points' lengths, with
which a ball of radius 0 would not hold the copies of its own center.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.extmath import row_norms

WORKING_MEMORY = 64.0
"""Size of a block of distances in MiB."""


def distance_chunks(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields all distances between the rows of two arrays, in blocks of rows of the first.

    All is measured from one of the points, so that an offset that all of them share costs no
    precision. A distance below the rounding error, about a millionth of the points' lengths, is 0.

    Args:
        first: Array of shape (N, F), float64.
        second: Array of shape (M, F), float64.

    Yields:
        The rows of a block as a slice of `first`, and their distances to all rows of `second`, of
        shape (rows, M), float64.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.metrics.distances import distance_chunks
        >>> first, second = np.array([[0.0], [3.0]]), np.array([[0.0], [1.0]])
        >>> [(rows, distances.tolist()) for rows, distances in distance_chunks(first, second)]
        [(slice(0, 2, None), [[0.0, 1.0], [3.0, 2.0]])]
    """
    first, second = first - first[0], second - first[0]
    first_norms, second_norms = (row_norms(each, squared=True) for each in (first, second))
    relative_error = first.shape[1] * np.finfo(np.float64).eps
    start = 0
    for distances in pairwise_distances_chunked(first, second, working_memory=WORKING_MEMORY):
        rows = slice(start, start + len(distances))
        rounding = np.add.outer(first_norms[rows], second_norms)
        rounding *= relative_error
        distances[distances <= np.sqrt(rounding, out=rounding)] = 0.0
        yield rows, distances
        start = rows.stop


def nearest_neighbors(
    points: np.ndarray, num_neighbors: int, queries: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the k nearest points of each query, or the k nearest other points of each point.

    Args:
        points: Array of shape (N, F), float64, N >= k, or N > k without queries. A copy of a point
            is another point.
        num_neighbors: The k.
        queries: Array of shape (M, F), float64; by default the points, each without itself.

    Returns:
        The rows of the nearest points, the nearest first, of shape (M, k), int64, and their
        distances, of shape (M, k), float64.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.metrics.distances import nearest_neighbors
        >>> rows, distances = nearest_neighbors(np.array([[0.0], [1.0], [3.0]]), num_neighbors=2)
        >>> rows.tolist(), distances.tolist()
        ([[1, 2], [0, 2], [1, 0]], [[1.0, 3.0], [1.0, 2.0], [2.0, 3.0]])
    """
    index = NearestNeighbors(n_neighbors=num_neighbors, algorithm="brute").fit(points - points[0])
    moved = None if queries is None else queries - points[0]
    rows = index.kneighbors(moved, return_distance=False)
    centers = points if queries is None else queries
    # Column by column: the differences to all k at once would take k times the memory.
    return rows, np.stack([row_norms(centers - points[column]) for column in rows.T], axis=1)


def nearest_rows(points: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds the nearest point of each query.

    Args:
        points: Array of shape (N, F), float64.
        queries: Array of shape (M, F), float64.

    Returns:
        The rows of the nearest points, of shape (M,), int64, and their distances, of shape (M,),
        float64.
    """
    rows, distances = nearest_neighbors(points, 1, queries)
    return rows[:, 0], distances[:, 0]


def neighbor_distances(points: np.ndarray, num_neighbors: int) -> np.ndarray:
    """Computes the distance of each point to its k-th nearest other point.

    Args:
        points: Array of shape (N, F), float64, N > k. A copy of a point is another point.
        num_neighbors: The k.

    Returns:
        Array of shape (N,), float64.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.metrics.distances import neighbor_distances
        >>> neighbor_distances(np.array([[0.0], [1.0], [3.0]]), num_neighbors=1).tolist()
        [1.0, 1.0, 2.0]
    """
    return nearest_neighbors(points, num_neighbors)[1][:, -1]
