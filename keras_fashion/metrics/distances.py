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


def nearest_rows(points: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds the nearest point of each query.

    Args:
        points: Array of shape (N, F), float64.
        queries: Array of shape (M, F), float64.

    Returns:
        The rows of the nearest points, of shape (M,), int64, and their distances, of shape (M,),
        float64.
    """
    index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points - points[0])
    nearest = index.kneighbors(queries - points[0], return_distance=False)[:, 0]
    return nearest, row_norms(queries - points[nearest])


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
    index = NearestNeighbors(n_neighbors=num_neighbors, algorithm="brute").fit(points - points[0])
    farthest = index.kneighbors(return_distance=False)[:, -1]
    return row_norms(points - points[farthest])
