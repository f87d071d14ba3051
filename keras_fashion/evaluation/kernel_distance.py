"""The kernel distance (KID): the Fréchet distance's question, answered without bias."""

from dataclasses import dataclass

import numpy as np

from keras_fashion.evaluation.checked_features import checked_features


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
