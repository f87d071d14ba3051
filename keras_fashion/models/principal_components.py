"""Frozen features, reduced to their principal components and, if wished, whitened."""

import numpy as np


def principal_components(features: np.ndarray, size: int, power: float = 0.0) -> np.ndarray:
    """Projects features on their leading principal components.

    Features are centered; component k is divided by eigenvalue_k ** power, where eigenvalue_k is
    its variance over the items. Power 0 keeps distances as they are (but for what the dropped
    components held), 0.5 is whitening: every component has the same variance. At last all is
    scaled so that the mean squared norm of a row is 1, whatever the features' own unit.

    Args:
        features: (I, F) float.
        size: How many components to keep, at least 1.
        power: Of the eigenvalues, 0 or more.

    Returns:
        (I, min(size, F)) float32, by falling eigenvalue. Components without variance are 0, so
        features that are all alike give zeros.

    Raises:
        ValueError: If features has not two axes, size is less than 1 or power is negative.
    """
    if features.ndim != 2:
        raise ValueError(f"features must be of shape (I, F), received {features.shape}")
    if size < 1:
        raise ValueError(f"size must be at least 1, received {size}")
    if power < 0:
        raise ValueError(f"power must not be negative, received {power}")
    # In float64, as rounding would otherwise pass for a small eigenvalue.
    centered = features - features.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centered.T @ centered / len(centered))
    values, vectors = values[::-1][:size], vectors[:, ::-1][:, :size]
    held = values > max(values[0], 0.0) * 1e-10
    weights = np.where(held, np.where(held, values, 1.0) ** -power, 0.0)
    # An eigenvector's sign is the linear algebra library's whim; fixed, runs can be compared.
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    components = centered @ (vectors * np.sign(largest) * weights)
    spread = np.sqrt(np.square(components).sum(axis=1).mean())
    return (components / spread if spread > 0 else components).astype(np.float32)
