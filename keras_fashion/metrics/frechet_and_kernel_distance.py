"""Distances between the distributions of two sets of features: Frechet (FID) and kernel (KID)."""

from dataclasses import dataclass

import numpy as np

from keras_fashion.metrics.distances import checked_features


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Squared Fréchet distance of the two Gaussians with the features' means and covariances.

    |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½ (Heusel et al., "GANs Trained by a Two Time-Scale
    Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017), covariances over N - 1 as in
    its code. 0 is the best. It is called FID, and is comparable with published ones, only for the
    2048 numbers of the original's Inception.

    The usual square root of Σ₁Σ₂ is of a matrix that is not symmetric and, with fewer pictures
    than features, singular: it comes out complex or not at all, and codes add ε to the diagonal.
    Here Σ = RᵀR, with R the centered pictures themselves or, where there are more of them than
    features, the triangle of their QR. The eigenvalues of Σ₁Σ₂ = R₁ᵀR₁R₂ᵀR₂ are, but for zeros,
    those of (R₁R₂ᵀ)(R₁R₂ᵀ)ᵀ, so tr (Σ₁Σ₂)^½ is the sum of the singular values of R₁R₂ᵀ: real,
    never negative, of any rank, and no covariance's rounding error goes through a root.

    Bias: upward, by about a constant over N, and by another constant for each generator (Chong &
    Forsyth, "Effectively Unbiased FID and Inception Score", CVPR 2020). So compare only equal
    sample sizes, and state beside it the distance of two sets of real pictures of that size.
    Sample size: 10,000 or more of each (the authors' advice; 50,000 is usual); below 2,048 the
    covariances are rank-deficient and the bias outweighs most differences between generators. For
    fewer pictures take `kernel_distance`.

    Args:
        real: (N, F) features of real pictures, N >= 2.
        generated: (M, F) features of generated ones, M >= 2.

    Returns:
        A number >= 0.

    Raises:
        ValueError: on another shape, fewer than two pictures or values that are not finite.
    """
    real = checked_features(real, "real", 2)
    generated = checked_features(generated, "generated", 2, width=real.shape[1])
    between_means = real.mean(axis=0) - generated.mean(axis=0)
    first, second = _covariance_factor(real), _covariance_factor(generated)
    common = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    distance = np.sum(between_means**2) + np.sum(first**2) + np.sum(second**2) - 2 * common
    return max(0.0, float(distance))  # equal sets may come out at -1e-13


def _covariance_factor(features: np.ndarray) -> np.ndarray:
    """R of min(N, F) rows with RᵀR the covariance; the sum of its squares is the trace."""
    centered = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    return centered if len(centered) <= centered.shape[1] else np.linalg.qr(centered, mode="r")


@dataclass(frozen=True)
class KernelDistance:
    """Squared maximum mean discrepancy over random subsets.

    Attributes:
        mean: Of the subsets' estimates. About 0 for pictures as good as real ones, and then
            below 0 as often as above.
        standard_deviation: Of the subsets' estimates, as papers print it after "±". It tells of a
            single subset: the mean of many is surer, though not by the root of their number where
            the subsets overlap.
    """

    mean: float
    standard_deviation: float


def kernel_distance(
    real: np.ndarray,
    generated: np.ndarray,
    subset_size: int = 1000,
    subsets: int = 100,
    seed: int = 0,
) -> KernelDistance:
    """Unbiased MMD² with the kernel (x·y / F + 1)³, mean over random subsets.

    Bińkowski et al., "Demystifying MMD GANs", ICLR 2018. Comparable with published KIDs only for
    the 2048 numbers of FID's Inception; many papers print it times 1,000.

    Bias: none, at any sample size and any subset size (a picture's kernel with itself is left out,
    which is why the mean may be negative); fewer pictures only make it less sure.
    Sample size: 1,000 of each fill the default's subset, 10,000 make its mean steady. With some
    hundreds take a smaller `subset_size`, and read the mean with the standard deviation.

    Args:
        real: (N, F) features of real pictures, N >= subset_size.
        generated: (M, F) features of generated ones, M >= subset_size.
        subset_size: Pictures of each set in a subset, drawn without replacement; >= 2.
        subsets: How many subsets.
        seed: Of the draws.

    Raises:
        ValueError: on another shape, fewer pictures than a subset takes, or values that are not
            finite.
    """
    if subset_size < 2 or subsets < 1:
        raise ValueError(
            f"needs subset_size >= 2 and subsets >= 1, received {subset_size} and {subsets}"
        )
    real = checked_features(real, "real", subset_size)
    generated = checked_features(generated, "generated", subset_size, width=real.shape[1])
    random = np.random.default_rng(seed)
    estimates = [
        _unbiased_mmd2(
            random.choice(real, subset_size, replace=False),
            random.choice(generated, subset_size, replace=False),
        )
        for _ in range(subsets)
    ]
    return KernelDistance(float(np.mean(estimates)), float(np.std(estimates)))


def _unbiased_mmd2(first: np.ndarray, second: np.ndarray) -> float:
    return _mean_of_others(first) + _mean_of_others(second) - 2 * _kernel(first, second).mean()


def _mean_of_others(points: np.ndarray) -> float:
    kernel = _kernel(points, points)
    return (kernel.sum() - np.trace(kernel)) / (len(points) * (len(points) - 1))


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    base = first @ second.T / first.shape[1] + 1
    return base * base * base  # ** 3 takes NumPy's power function, many times as long
