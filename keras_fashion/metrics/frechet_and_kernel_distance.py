"""Distances between the distributions of two sets of features: Fréchet (FID) and kernel (KID).

Both are written in NumPy here. SciPy's `sqrtm` of the covariances' product, which the common
implementations take, fails for fewer pictures than features, and scikit-learn's
`polynomial_kernel` raises to the third power by NumPy's power function, which takes several times
as long as two products.
"""

from typing import Any, NamedTuple

import keras
import numpy as np

from keras_fashion.metrics.features import FeatureMetric, checked_features


def frechet_distance(real: Any, generated: Any) -> float:
    """Computes the squared Fréchet distance of two Gaussians fitted to the features.

    |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½ (Heusel et al., "GANs Trained by a Two Time-Scale
    Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017), covariances over N - 1 as in
    its code. 0 is the best. It is called FID, and is comparable with published values, only for
    the 2048 features of the original's Inception.

    The usual square root of Σ₁Σ₂ is of a matrix that is not symmetric and, with fewer pictures
    than features, singular: it comes out complex or not at all, and implementations add ε to the
    diagonal. Here Σ = RᵀR, where R are the centered features themselves or, if there are more
    pictures than features, the triangle of their QR decomposition. The eigenvalues of
    Σ₁Σ₂ = R₁ᵀR₁R₂ᵀR₂ are, but for zeros, those of (R₁R₂ᵀ)(R₁R₂ᵀ)ᵀ, so tr (Σ₁Σ₂)^½ is the sum of
    the singular values of R₁R₂ᵀ, which is real and never negative at any rank.

    Bias: upward, by about a constant over N, and by another constant for each generator (Chong and
    Forsyth, "Effectively Unbiased FID and Inception Score", CVPR 2020). Compare only equal sample
    sizes, and state beside it the distance of two sets of real pictures of that size.

    Sample size: 10,000 or more of each (the authors' advice; 50,000 is usual). Below 2,048 the
    covariances are rank-deficient and the bias outweighs most differences between generators; for
    fewer pictures use `kernel_distance`.

    Args:
        real: Features of shape (N, F) of real pictures, N >= 2.
        generated: Features of shape (M, F) of generated pictures, M >= 2.

    Returns:
        The distance, at least 0.

    Raises:
        ValueError: If a shape is another one, there are fewer than two pictures, or a value is not
            finite.

    Example:
        >>> from keras_fashion.metrics import frechet_distance
        >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
        9.0
    """
    real = checked_features(real, "real", 2)
    generated = checked_features(generated, "generated", 2, width=real.shape[1])
    between_means = real.mean(axis=0) - generated.mean(axis=0)
    first, second = _covariance_factor(real), _covariance_factor(generated)
    common = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    distance = np.sum(between_means**2) + np.sum(first**2) + np.sum(second**2) - 2 * common
    return max(0.0, float(distance))  # equal sets may come out at -1e-13


def _covariance_factor(features: np.ndarray) -> np.ndarray:
    """Returns R of min(N, F) rows, where RᵀR is the covariance."""
    centered = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    if len(centered) <= centered.shape[1]:
        return centered
    return np.asarray(np.linalg.qr(centered, mode="r"))


class KernelDistanceEstimate(NamedTuple):
    """The squared maximum mean discrepancy, estimated on random subsets.

    Attributes:
        mean: Mean of the subsets' estimates. It is about 0 for pictures as good as real ones, and
            then as often negative as positive.
        standard_deviation: Standard deviation of the subsets' estimates, which papers print after
            "±". It describes a single subset; the mean is more certain, though not by the root of
            the number of subsets, because they overlap.

    Example:
        >>> from keras_fashion.metrics import KernelDistanceEstimate
        >>> KernelDistanceEstimate(mean=0.02, standard_deviation=0.004).mean
        0.02
    """

    mean: float
    standard_deviation: float


def kernel_distance(
    real: Any, generated: Any, subset_size: int = 1000, num_subsets: int = 100, seed: int = 0
) -> KernelDistanceEstimate:
    """Computes the unbiased MMD² with the kernel (x·y / F + 1)³, averaged over random subsets.

    Bińkowski et al., "Demystifying MMD GANs", ICLR 2018. It is called KID, and is comparable with
    published values, only for the 2048 features of FID's Inception; many papers print it times
    1,000.

    Bias: none, at any sample and subset size, because a picture's kernel with itself is left out
    (which is why the mean may be negative). Fewer pictures only make it less certain.

    Sample size: 1,000 of each fill the default subset, 10,000 make the mean steady. With some
    hundreds use a smaller `subset_size`, and read the mean with the standard deviation.

    Args:
        real: Features of shape (N, F) of real pictures, N >= `subset_size`.
        generated: Features of shape (M, F) of generated pictures, M >= `subset_size`.
        subset_size: Number of pictures of each set in a subset, drawn without replacement; at
            least 2.
        num_subsets: Number of subsets.
        seed: Seed of the draws.

    Returns:
        A `KernelDistanceEstimate`.

    Raises:
        ValueError: If a shape is another one, there are fewer pictures than a subset takes, or a
            value is not finite.

    Example:
        >>> from keras_fashion.metrics import kernel_distance
        >>> kernel_distance([[0.0], [1.0]], [[1.0], [1.0]], subset_size=2, num_subsets=3)
        KernelDistanceEstimate(mean=0.0, standard_deviation=0.0)
    """
    if subset_size < 2 or num_subsets < 1:
        raise ValueError(
            f"needs subset_size >= 2 and num_subsets >= 1, received {subset_size} and {num_subsets}"
        )
    real = checked_features(real, "real", subset_size)
    generated = checked_features(generated, "generated", subset_size, width=real.shape[1])
    rng = np.random.default_rng(seed)
    estimates = [
        _unbiased_mmd2(
            rng.choice(real, subset_size, replace=False),
            rng.choice(generated, subset_size, replace=False),
        )
        for _ in range(num_subsets)
    ]
    return KernelDistanceEstimate(float(np.mean(estimates)), float(np.std(estimates)))


def _unbiased_mmd2(first: np.ndarray, second: np.ndarray) -> float:
    return _mean_of_others(first) + _mean_of_others(second) - 2 * _kernel(first, second).mean()


def _mean_of_others(points: np.ndarray) -> float:
    kernel = _kernel(points, points)
    return (kernel.sum() - np.trace(kernel)) / (len(points) * (len(points) - 1))


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    base = first @ second.T / first.shape[1] + 1
    return base * base * base


@keras.saving.register_keras_serializable(package="keras_fashion")
class FrechetDistance(FeatureMetric):
    """Fréchet distance of the features, see `frechet_distance`; FID for Inception's features.

    Args:
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import FrechetDistance
        >>> metric = FrechetDistance()
        >>> metric.update_state([[0.0], [2.0]], [[3.0]])
        >>> metric.update_state([[1.0]], [[5.0], [4.0]])
        >>> float(metric.result())
        9.0
    """

    def __init__(self, name: str = "frechet_distance", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns `frechet_distance` of all features."""
        return frechet_distance(real, generated)


@keras.saving.register_keras_serializable(package="keras_fashion")
class KernelDistance(FeatureMetric):
    """Kernel distance of the features, see `kernel_distance`; KID for Inception's features.

    Args:
        subset_size: Number of pictures of each set in a subset.
        num_subsets: Number of subsets.
        seed: Seed of the draws.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import KernelDistance
        >>> metric = KernelDistance(subset_size=2, num_subsets=3)
        >>> metric.update_state([[0.0], [1.0]], [[2.0], [2.0]])
        >>> float(metric.result())
        98.0
    """

    def __init__(
        self,
        subset_size: int = 1000,
        num_subsets: int = 100,
        seed: int = 0,
        name: str = "kernel_distance",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.subset_size, self.num_subsets, self.seed = subset_size, num_subsets, seed

    def compute_metric(self, real: np.ndarray, generated: np.ndarray) -> float:
        """Returns the mean of `kernel_distance` of all features."""
        return kernel_distance(real, generated, self.subset_size, self.num_subsets, self.seed).mean

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "subset_size": self.subset_size,
            "num_subsets": self.num_subsets,
            "seed": self.seed,
        }
