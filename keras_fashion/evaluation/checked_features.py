"""Feature arrays as the metrics of generated pictures take them: finite, of one width, enough."""

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
