"""Uncertainty of means over users: bootstrap intervals and a paired test, computed by SciPy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap, permutation_test

NUM_RESAMPLES = 1999
"""Number of resamples of the users for an interval."""

NUM_PERMUTATIONS = 9999
"""Number of random sign flips for a test: no p-value is below 2 / (`NUM_PERMUTATIONS` + 1)."""

VALUES_PER_BATCH = 2**22
"""Number of values that are drawn at once, which bounds the memory."""


@dataclass(frozen=True)
class Estimate:
    """A mean over users with its 95 % interval.

    Attributes:
        mean: The mean.
        low: Lower end of the interval; None if the values do not vary.
        high: Upper end of the interval; None if the values do not vary.

    Example:
        >>> from keras_fashion.evaluation import Estimate
        >>> Estimate(0.7, 0.65, 0.75)
        Estimate(mean=0.7, low=0.65, high=0.75)
        >>> print(Estimate(0.7, 0.65, 0.75))
        0.700 (0.650 to 0.750)
    """

    mean: float
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class PairedTest:
    """A difference of means over the same users, first minus second.

    Attributes:
        difference: Mean of the differences, with its interval.
        p_value: Two-sided p-value: how often chance alone differs at least as much.
        users: Number of users with both values.

    Example:
        >>> from keras_fashion.evaluation import Estimate, PairedTest
        >>> PairedTest(Estimate(0.1, 0.05, 0.15), p_value=0.004, users=100).difference.mean
        0.1
    """

    difference: Estimate
    p_value: float
    users: int


def bootstrap_mean(values: np.ndarray, seed: int = 0) -> Estimate | None:
    """Computes the mean over users with its 95 % percentile interval (Efron, 1979).

    The interval is the percentile one rather than BCa: the mean of some hundred bounded values is
    close to normal, and the jackknife of BCa costs the square of the number of users.

    Args:
        values: Values of shape (m,), float, one for each user; NaN for users outside the group.
        seed: Seed of the resampling.

    Returns:
        The `Estimate`, or None without users.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import bootstrap_mean
        >>> estimate = bootstrap_mean(np.array([0.0, 1.0, 1.0, np.nan]))
        >>> estimate.low < estimate.mean < estimate.high
        True
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    mean = float(values.mean())
    if np.all(values == values[0]):  # all resamples are the same
        return Estimate(mean)
    interval = bootstrap(
        (values,),
        np.mean,
        n_resamples=NUM_RESAMPLES,
        batch=max(1, VALUES_PER_BATCH // len(values)),
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high))


def paired_test(first: np.ndarray, second: np.ndarray, seed: int = 0) -> PairedTest | None:
    """Tests the mean difference of two models on the same users.

    Fisher's randomization test: if the models are equally good, the sign of each user's difference
    is random. Unlike Wilcoxon's test it is about the difference of means, which is what tables
    show, and it handles ties and metrics of 0 and 1 (Smucker et al., "A Comparison of Statistical
    Significance Tests for Information Retrieval Evaluation", CIKM 2007, recommend it over
    Wilcoxon's).

    Args:
        first: Values of shape (m,), float; NaN for users outside the group.
        second: Values of the same users in the same order, of shape (m,), float.
        seed: Seed of the permutations and of the interval.

    Returns:
        The `PairedTest`, or None without users.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import paired_test
        >>> test = paired_test(np.array([0.9, 0.4, 0.7]), np.array([0.5, 0.2, 0.1]))
        >>> test.p_value  # of the 8 assignments of signs, 2 differ as much
        0.25
    """
    differences = first - second
    difference = bootstrap_mean(differences, seed)
    if difference is None:
        return None
    differences = differences[~np.isnan(differences)]
    result = permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=NUM_PERMUTATIONS,
        batch=max(1, VALUES_PER_BATCH // len(differences)),
        random_state=np.random.default_rng(seed),
    )
    return PairedTest(difference, float(result.pvalue), len(differences))


def holm_correction(p_values: Sequence[float]) -> list[float]:
    """Corrects p-values for their number (Holm, Scandinavian Journal of Statistics, 1979).

    A hypothesis is rejected at a level if its corrected p-value is below it; the probability that
    any true one of the n hypotheses is rejected is then at most the level.

    Args:
        p_values: n p-values.

    Returns:
        n corrected p-values: the i-th smallest, counted from 0, is multiplied by n - i, and is at
        least those before it and at most 1.

    Example:
        >>> from keras_fashion.evaluation import holm_correction
        >>> holm_correction([0.5, 0.01, 0.375])
        [0.75, 0.03, 0.75]
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.maximum.accumulate(np.asarray(p_values)[order] * factors)
    return np.minimum(corrected, 1.0).tolist()
