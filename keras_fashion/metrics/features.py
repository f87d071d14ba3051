"""The base of metrics that compare the features of generated pictures with those of real ones."""

import abc
from typing import Any

import keras
import numpy as np


def checked_features(
    features: Any, name: str, min_rows: int, width: int | None = None
) -> np.ndarray:
    """Converts features to double precision and checks them.

    Args:
        features: Array of shape (N, F) and any float dtype (bfloat16 included), one row a picture.
        name: Name of the set in error messages, for example `"generated"`.
        min_rows: Number of rows that the metric needs at least.
        width: Expected F; None accepts any.

    Returns:
        Array of shape (N, F), float64.

    Raises:
        ValueError: If the shape is another one, there are too few rows, or a value is not finite.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"{name} features must be (N, F), received shape {features.shape}")
    if width is not None and features.shape[1] != width:
        raise ValueError(
            f"{name} features have {features.shape[1]} numbers a picture and the real ones "
            f"{width}: take both from one network"
        )
    if len(features) < min_rows:
        raise ValueError(f"needs at least {min_rows} {name} pictures, received {len(features)}")
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise ValueError(f"{name} features must be finite, and row {row} is not")
    return features


class FeatureMetric(keras.metrics.Metric, abc.ABC):
    """Base class of the metrics of two sets of features, one real and one generated.

    The metric collects the features in host memory, because its value depends on all of them at
    once, and is computed by `result()`. It is therefore updated eagerly: in a callback, in a loop
    of one's own, or in a model compiled with `run_eagerly=True`.

    To define a metric, subclass this class and implement `compute_metric`.

    Args:
        name: Name of the metric.
        dtype: Dtype of the result; by default `keras.config.floatx()`. The computation itself is
            in float64.

    Example:
        >>> from keras_fashion.metrics import FeatureMetric
        >>> class MeanShift(FeatureMetric):
        ...     def compute_metric(self, real, generated):
        ...         return float(generated.mean() - real.mean())
        >>> metric = MeanShift()
        >>> metric.update_state(real=[[1.0], [3.0]], generated=[[4.0]])
        >>> float(metric.result())
        2.0
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self._real: list[np.ndarray] = []
        self._generated: list[np.ndarray] = []

    @abc.abstractmethod
    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns the value for all collected features.

        Args:
            real: Array of shape (N, F).
            generated: Array of shape (M, F).
        """

    def update_state(self, real: Any, generated: Any) -> None:
        """Adds the features of a batch of each set. The batches may differ in length.

        Args:
            real: Features of shape (B, F) of real pictures.
            generated: Features of shape (C, F) of generated pictures.
        """
        self._real.append(np.asarray(real))
        self._generated.append(np.asarray(generated))

    def result(self) -> Any:
        """Returns the value as a scalar tensor.

        Raises:
            ValueError: If nothing was collected, or the features do not suffice.
        """
        if not self._real:
            raise ValueError(f"metric {self.name} has no features yet; call `update_state` first")
        value = self.compute_metric(np.concatenate(self._real), np.concatenate(self._generated))
        return keras.ops.convert_to_tensor(value, dtype=self.dtype)

    def reset_state(self) -> None:
        """Forgets all features."""
        self._real.clear()
        self._generated.clear()
