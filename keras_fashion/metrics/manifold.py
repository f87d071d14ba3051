"""Precision, recall, density and coverage of generated features."""

from dataclasses import dataclass

import numpy as np

from keras_fashion.metrics.distances import checked_features, distance_tiles, neighbor_distances


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares in [0, 1]; higher is better.

    Attributes:
        precision: Of the generated pictures, those within the real ones' manifold.
        recall: Of the real pictures, those within the generated ones' manifold.
    """

    precision: float
    recall: float


def precision_recall(
    real: np.ndarray, generated: np.ndarray, neighbors: int = 3
) -> PrecisionRecall:
    """Shares of each set that lie in the other's manifold, a union of balls.

    A set's manifold is a closed ball about each of its pictures that reaches to its k-th nearest
    other one (Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative
    Models", NeurIPS 2019).

    Bias: both shares depend on both sample sizes, as balls shrink where a set grows, and two sets
    of real pictures do not reach 1: state their figures, at the same sizes, beside it. An outlier's
    large ball counts as real whatever falls in it, which flatters precision, and generated
    outliers' balls flatter recall: `density_coverage` counters both.
    Sample size: equal for both sets and for all that is compared; 50,000 in the paper. 1,000 of
    each still hold the standard error of a share to about 0.02.

    Args:
        real: (N, F) features of real pictures, N > neighbors.
        generated: (M, F) features of generated ones, M > neighbors.
        neighbors: The k; 3 in the paper.

    Raises:
        ValueError: on another shape, too few pictures or values that are not finite.
    """
    if neighbors < 1:
        raise ValueError(f"neighbors must be 1 or more, received {neighbors}")
    real = checked_features(real, "real", neighbors + 1)
    generated = checked_features(generated, "generated", neighbors + 1, width=real.shape[1])
    real_radii = neighbor_distances(real, neighbors)
    generated_radii = neighbor_distances(generated, neighbors)
    looks_real = np.zeros(len(generated), bool)
    is_made = np.zeros(len(real), bool)
    for rows, columns, distances in distance_tiles(real, generated):
        looks_real[columns] |= (distances <= real_radii[rows, None]).any(axis=0)
        is_made[rows] |= (distances <= generated_radii[columns]).any(axis=1)
    return PrecisionRecall(float(looks_real.mean()), float(is_made.mean()))


@dataclass(frozen=True)
class DensityCoverage:
    """Higher is better.

    Attributes:
        density: How many real pictures' balls a generated picture falls in, over k. 1 is expected
            of real pictures; above 1 where generated ones crowd where real ones are densest.
        coverage: Share of the real pictures with a generated one in their ball, in [0, 1].
    """

    density: float
    coverage: float


def density_coverage(
    real: np.ndarray, generated: np.ndarray, neighbors: int = 5
) -> DensityCoverage:
    """How thickly generated pictures lie among the real ones, and how many of these they reach.

    Both ask of the closed balls about the real pictures that reach to the k-th nearest other real
    one (Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020);
    generated outliers build no balls of their own.

    Bias: of density none, as real pictures give 1 at any sample size. Coverage grows with the
    generated pictures: other real ones give 1 - (N / (N + M))ᵏ in the large, which is 0.97 for k
    of 5 and N = M, and 0.87 with half as many generated as real. Give that beside it.
    Sample size: equal for both sets and for all that is compared; 10,000 in the paper's
    experiments. With 1,000 of each the standard error of coverage is still below 0.01.

    Args:
        real: (N, F) features of real pictures, N > neighbors.
        generated: (M, F) features of generated ones, M >= 1.
        neighbors: The k; 5 in the paper.

    Raises:
        ValueError: on another shape, too few pictures or values that are not finite.
    """
    if neighbors < 1:
        raise ValueError(f"neighbors must be 1 or more, received {neighbors}")
    real = checked_features(real, "real", neighbors + 1)
    generated = checked_features(generated, "generated", 1, width=real.shape[1])
    radii = neighbor_distances(real, neighbors)
    inside = np.zeros(len(real), np.int64)
    for rows, _, distances in distance_tiles(real, generated):
        inside[rows] += (distances <= radii[rows, None]).sum(axis=1)
    return DensityCoverage(
        float(inside.sum() / (neighbors * len(generated))), float((inside > 0).mean())
    )
