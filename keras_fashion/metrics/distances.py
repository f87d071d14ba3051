"""Distances between feature vectors, in blocks that bound the memory."""

from collections.abc import Iterator

import numpy as np


def checked_features(
    features: np.ndarray, name: str, at_least: int, width: int | None = None
) -> np.ndarray:
    """The features in double precision, or what is wrong with them.

    Args:
        features: (N, F) of any float dtype (bfloat16 too), one row a picture.
        name: What to call them in a message.
        at_least: The fewest rows with which the metric has a meaning.
        width: The F that they must have; None for any.

    Returns:
        (N, F) float64.

    Raises:
        ValueError: on another shape, too few rows, or values that are not finite.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"{name} features must be (N, F), received shape {features.shape}")
    if width is not None and features.shape[1] != width:
        raise ValueError(
            f"{name} features have {features.shape[1]} numbers a picture and the real ones "
            f"{width}: take both from one network"
        )
    if len(features) < at_least:
        raise ValueError(f"needs at least {at_least} {name} pictures, received {len(features)}")
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise ValueError(f"{name} features must be finite, and row {row} is not")
    return features


TILE = 2048
"""Rows and columns of a tile: 32 MB, and large enough for BLAS to run at its full speed."""


def distance_tiles(
    first: np.ndarray, second: np.ndarray
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Every distance between a row of `first` and one of `second`, in tiles.

    |x - y|² = |x|² + |y|² - 2 x·y leaves the work to one matrix product, six times as fast as
    SciPy's `cdist` on one core, and it takes all cores. The subtraction cancels, so all is in
    double precision and measured from one of the points, which takes away an offset that all
    share; a distance below rounding error (about a millionth of the points' lengths) is 0, so
    that a copy is at distance 0.

    Args:
        first: (N, F) float64.
        second: (M, F) float64.

    Yields:
        The tile's rows, as a slice of `first`; its columns, as a slice of `second`; and the
        distances, (rows, columns) float64, each at most `TILE` long.
    """
    origin = first[0]
    for rows in _slices(len(first)):
        shifted = first[rows] - origin
        for columns in _slices(len(second)):
            yield rows, columns, _distances(shifted, second[columns] - origin)


def neighbor_distances(points: np.ndarray, neighbors: int) -> np.ndarray:
    """Each point's distance to its k-th nearest other point.

    A distance serves both of its points, so only half of the matrix is computed.

    Args:
        points: (N, F) float64, N > neighbors. A copy of a point is another point.
        neighbors: The k.

    Returns:
        (N,) float64.
    """
    nearest = np.full((len(points), neighbors), np.inf)

    def meet(owners: slice, distances: np.ndarray) -> None:
        together = np.hstack([nearest[owners], distances])
        nearest[owners] = np.partition(together, neighbors - 1, axis=1)[:, :neighbors]

    origin = points[0]
    for rows in _slices(len(points)):
        shifted = points[rows] - origin
        own = _distances(shifted, shifted)
        np.fill_diagonal(own, np.inf)
        meet(rows, own)
        for later in _slices(len(points), rows.stop):
            distances = _distances(shifted, points[later] - origin)
            meet(rows, distances)
            meet(later, distances.T)
    return nearest.max(axis=1)


def _slices(length: int, start: int = 0) -> Iterator[slice]:
    for begin in range(start, length, TILE):
        yield slice(begin, min(begin + TILE, length))


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    scale = np.einsum("nf,nf->n", first, first)[:, None] + np.einsum("nf,nf->n", second, second)
    squared = first @ second.T
    squared *= -2
    squared += scale
    scale *= first.shape[1] * np.finfo(np.float64).eps
    squared[squared <= scale] = 0.0
    return np.sqrt(squared, out=squared)
