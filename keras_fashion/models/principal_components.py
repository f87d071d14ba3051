"""Principal components of features, optionally whitened.

The eigenvectors are computed by NumPy and not by `sklearn.decomposition.PCA`, which offers no
whitening in part, refuses more components than items or features, and divides by the variance of a
component even where it is rounding error. Where PCA is defined, the results are the same.
"""

import numpy as np


def principal_components(features: np.ndarray, size: int, power: float = 0.0) -> np.ndarray:
    """Projects features onto their leading principal components.

    Features are centered, and component k is divided by eigenvalue_k ** power, where eigenvalue_k
    is its variance over the items. A power of 0 preserves distances (except for the part in the
    components that are dropped), and 0.5 is whitening: every component has the same variance. The
    result is scaled so that the mean squared norm of a row is 1, whatever the unit of the features.

    Args:
        features: (I, F) float.
        size: Number of components to keep, at least 1.
        power: Power of the eigenvalues, at least 0.

    Returns:
        (I, min(size, F)) float32, in order of decreasing variance. Components without variance are
        0, so features that are all equal give zeros.

    Raises:
        ValueError: If `features` does not have two axes, `size` is less than 1 or `power` is
            negative.

    Example:
        >>> principal_components(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), size=1).round(2)
        array([[-1.22],
               [ 0.  ],
               [ 1.22]], dtype=float32)
    """
    center, projection = principal_projection(features, size, power)
    return ((features - center) @ projection).astype(np.float32)


def principal_projection(
    features: np.ndarray, size: int, power: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Computes what projects features, also others, onto principal components.

    Args:
        features: (I, F) float.
        size: Number of components to keep, at least 1.
        power: Power of the eigenvalues, at least 0; see `principal_components`.

    Returns:
        The center, (F,) float64, which is subtracted first, and the projection,
        (F, min(size, F)) float64, whose columns of components without variance are 0.

    Raises:
        ValueError: If `features` does not have two axes, `size` is less than 1 or `power` is
            negative.

    Example:
        >>> center, projection = principal_projection(np.array([[1.0, 1.0], [3.0, 3.0]]), size=1)
        >>> center.tolist(), projection.shape
        ([2.0, 2.0], (2, 1))
    """
    if features.ndim != 2:
        raise ValueError(f"features must be of shape (I, F), received {features.shape}")
    if size < 1:
        raise ValueError(f"size must be at least 1, received {size}")
    if power < 0:
        raise ValueError(f"power must not be negative, received {power}")
    # In float32, a rounding error would look like a small eigenvalue.
    center = features.mean(axis=0, dtype=np.float64)
    centered = features - center
    values, vectors = np.linalg.eigh(centered.T @ centered / len(centered))
    values, vectors = values[::-1][:size], vectors[:, ::-1][:, :size]
    varies = values > max(values[0], 0.0) * 1e-10
    weights = np.where(varies, np.where(varies, values, 1.0) ** -power, 0.0)
    # The sign of an eigenvector depends on the linear algebra library. Fixing it makes runs
    # comparable.
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    projection = vectors * np.sign(largest) * weights
    norm = np.sqrt(np.square(centered @ projection).sum(axis=1).mean())
    return center, (projection / norm if norm > 0 else projection)
