"""The Fréchet distance (FID): do generated pictures have the real ones' mean and covariance?"""

import numpy as np

from keras_fashion.evaluation.checked_features import checked_features


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Squared Fréchet distance of the two Gaussians with the features' means and covariances.

    |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½ (Heusel et al., "GANs Trained by a Two Time-Scale
    Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017), covariances over N - 1 as in
    its code. 0 is the best. It is called FID, and is comparable with published ones, only for the
    2048 numbers of the original's Inception.

    The usual square root of Σ₁Σ₂ is of a matrix that is not symmetric and, with fewer pictures
    than features, singular: it comes out complex or not at all, and codes add ε to the diagonal.
    Here Σ = RᵀR, with R the centred pictures themselves or, where there are more of them than
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
    centred = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    return centred if len(centred) <= centred.shape[1] else np.linalg.qr(centred, mode="r")
