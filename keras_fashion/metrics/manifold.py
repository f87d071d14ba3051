"""Precision, recall, density and coverage of generated features."""

from typing import Any, NamedTuple

import keras
import numpy as np

from keras_fashion.metrics.distances import distance_chunks, neighbor_distances
from keras_fashion.metrics.features import FeatureMetric, checked_features


class PrecisionRecall(NamedTuple):
    """Precision and recall in [0, 1]; higher is better.

    Attributes:
        precision: Share of the generated pictures that lie within the real ones' manifold.
        recall: Share of the real pictures that lie within the generated ones' manifold.

    Example:
        >>> from keras_fashion.metrics import PrecisionRecall
        >>> PrecisionRecall(precision=0.8, recall=0.6).recall
        0.6
    """

    precision: float
    recall: float


def precision_recall(real: Any, generated: Any, num_neighbors: int = 3) -> PrecisionRecall:
    """Computes the share of each set that lies in the other's manifold, a union of balls.

    A set's manifold consists of a closed ball about each of its pictures that reaches to its k-th
    nearest other picture (Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing
    Generative Models", NeurIPS 2019).

    Bias: both shares depend on both sample sizes, because balls shrink where a set grows, and two
    sets of real pictures do not reach 1: state their values, at the same sizes, beside it. The
    large ball of an outlier counts as real whatever falls into it, which flatters precision, and
    the balls of generated outliers flatter recall; `density_coverage` counters both.

    Sample size: equal for both sets and for all that is compared; 50,000 in the paper. With 1,000
    of each the standard error of a share is still about 0.02.

    Args:
        real: Features of shape (N, F) of real pictures, N > k.
        generated: Features of shape (M, F) of generated pictures, M > k.
        num_neighbors: The k; 3 in the paper.

    Returns:
        A `PrecisionRecall`.

    Raises:
        ValueError: If a shape is another one, there are too few pictures, or a value is not finite.

    Example:
        >>> from keras_fashion.metrics import precision_recall
        >>> precision_recall([[0.0], [1.0], [9.0]], [[0.5], [20.0]], num_neighbors=1)
        PrecisionRecall(precision=0.5, recall=1.0)
    """
    _check_num_neighbors(num_neighbors)
    real = checked_features(real, "real", num_neighbors + 1)
    generated = checked_features(generated, "generated", num_neighbors + 1, width=real.shape[1])
    real_radii = neighbor_distances(real, num_neighbors)
    generated_radii = neighbor_distances(generated, num_neighbors)
    is_precise = np.zeros(len(generated), bool)
    is_recalled = np.zeros(len(real), bool)
    for rows, distances in distance_chunks(real, generated):
        is_precise |= (distances <= real_radii[rows, None]).any(axis=0)
        is_recalled[rows] = (distances <= generated_radii).any(axis=1)
    return PrecisionRecall(float(is_precise.mean()), float(is_recalled.mean()))


class DensityCoverage(NamedTuple):
    """Density and coverage; higher is better.

    Attributes:
        density: Number of real pictures' balls that a generated picture falls into, over k. Its
            expectation for real pictures is 1, and it exceeds 1 where generated pictures crowd
            where real ones are densest.
        coverage: Share of the real pictures with a generated one in their ball, in [0, 1].

    Example:
        >>> from keras_fashion.metrics import DensityCoverage
        >>> DensityCoverage(density=1.1, coverage=0.9).coverage
        0.9
    """

    density: float
    coverage: float


def density_coverage(real: Any, generated: Any, num_neighbors: int = 5) -> DensityCoverage:
    """Computes how densely generated pictures lie among the real ones, and how many they reach.

    Both use the closed balls about the real pictures that reach to the k-th nearest other real
    picture (Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML
    2020, equations 3 and 4); generated outliers have no balls of their own.

    Bias: density has none, because real pictures give 1 at any sample size. Coverage grows with the
    number of generated pictures: other real pictures give 1 - (N / (N + M))ᵏ for large N and M,
    which is 0.97 for k = 5 and N = M, and 0.87 with half as many generated as real. State that
    value beside it.

    Sample size: equal for both sets and for all that is compared; 10,000 in the paper's
    experiments. With 1,000 of each the standard error of coverage is still below 0.01.

    Args:
        real: Features of shape (N, F) of real pictures, N > k.
        generated: Features of shape (M, F) of generated pictures, M >= 1.
        num_neighbors: The k; 5 in the paper.

    Returns:
        A `DensityCoverage`.

    Raises:
        ValueError: If a shape is another one, there are too few pictures, or a value is not finite.

    Example:
        >>> from keras_fashion.metrics import density_coverage
        >>> density_coverage([[0.0], [1.0], [9.0]], [[0.5], [20.0]], num_neighbors=1)
        DensityCoverage(density=1.0, coverage=0.6666666666666666)
    """
    _check_num_neighbors(num_neighbors)
    real = checked_features(real, "real", num_neighbors + 1)
    generated = checked_features(generated, "generated", 1, width=real.shape[1])
    radii = neighbor_distances(real, num_neighbors)
    num_inside = np.zeros(len(real), np.int64)
    for rows, distances in distance_chunks(real, generated):
        num_inside[rows] = (distances <= radii[rows, None]).sum(axis=1)
    return DensityCoverage(
        float(num_inside.sum() / (num_neighbors * len(generated))), float((num_inside > 0).mean())
    )


def _check_num_neighbors(num_neighbors: int) -> None:
    if num_neighbors < 1:
        raise ValueError(f"num_neighbors must be 1 or more, received {num_neighbors}")


class _ManifoldMetric(FeatureMetric):
    """Base class of the four metrics, which holds the number of neighbors."""

    def __init__(self, num_neighbors: int, name: str, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_num_neighbors(num_neighbors)
        self.num_neighbors = num_neighbors

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "num_neighbors": self.num_neighbors}


@keras.saving.register_keras_serializable(package="keras_fashion")
class ManifoldPrecision(_ManifoldMetric):
    """Share of the generated pictures within the real ones' manifold, see `precision_recall`.

    Args:
        num_neighbors: The k of the nearest neighbors.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import ManifoldPrecision
        >>> metric = ManifoldPrecision(num_neighbors=1)
        >>> metric.update_state([[0.0], [1.0], [9.0]], [[0.5], [20.0]])
        >>> float(metric.result())
        0.5
    """

    def __init__(
        self, num_neighbors: int = 3, name: str = "manifold_precision", dtype: Any = None
    ) -> None:
        super().__init__(num_neighbors, name, dtype)

    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns the precision of all features."""
        return precision_recall(real, generated, self.num_neighbors).precision


@keras.saving.register_keras_serializable(package="keras_fashion")
class ManifoldRecall(_ManifoldMetric):
    """Share of the real pictures within the generated ones' manifold, see `precision_recall`.

    Args:
        num_neighbors: The k of the nearest neighbors.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import ManifoldRecall
        >>> metric = ManifoldRecall(num_neighbors=1)
        >>> metric.update_state([[0.0], [1.0], [9.0]], [[0.5], [20.0]])
        >>> float(metric.result())
        1.0
    """

    def __init__(
        self, num_neighbors: int = 3, name: str = "manifold_recall", dtype: Any = None
    ) -> None:
        super().__init__(num_neighbors, name, dtype)

    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns the recall of all features."""
        return precision_recall(real, generated, self.num_neighbors).recall


@keras.saving.register_keras_serializable(package="keras_fashion")
class Density(_ManifoldMetric):
    """Density of the generated pictures among the real ones, see `density_coverage`.

    Args:
        num_neighbors: The k of the nearest neighbors.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import Density
        >>> metric = Density(num_neighbors=1)
        >>> metric.update_state([[0.0], [1.0], [9.0]], [[0.5], [20.0]])
        >>> float(metric.result())
        1.0
    """

    def __init__(self, num_neighbors: int = 5, name: str = "density", dtype: Any = None) -> None:
        super().__init__(num_neighbors, name, dtype)

    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns the density of all features."""
        return density_coverage(real, generated, self.num_neighbors).density


@keras.saving.register_keras_serializable(package="keras_fashion")
class Coverage(_ManifoldMetric):
    """Share of the real pictures with a generated one in their ball, see `density_coverage`.

    Args:
        num_neighbors: The k of the nearest neighbors.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import Coverage
        >>> metric = Coverage(num_neighbors=1)
        >>> metric.update_state([[0.0], [2.0], [9.0], [4.0]], [[0.5], [20.0]])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, num_neighbors: int = 5, name: str = "coverage", dtype: Any = None) -> None:
        super().__init__(num_neighbors, name, dtype)

    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns the coverage of all features."""
        return density_coverage(real, generated, self.num_neighbors).coverage
