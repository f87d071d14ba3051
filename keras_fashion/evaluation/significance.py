"""What chance does to a mean over users: bootstrap intervals and a paired test."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap, permutation_test

RESAMPLES = 1999
"""Of the users, for an interval."""

DRAWS = 9999
"""Of the signs, for a test: no p-value is below 2 / (DRAWS + 1)."""

HELD = 2**22
"""Values drawn at once, which bounds the memory."""


@dataclass(frozen=True)
class Estimate:
    """A mean over users with its interval of 95 %; without one (None) where nothing varies.

    Attributes:
        mean: The mean.
        low: Lower end.
        high: Upper end.
    """

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class PairedTest:
    """A difference of means over the same users, first minus second.

    Attributes:
        difference: Its mean, with interval.
        p_value: Two-sided: how often chance alone differs as much.
        users: How many it rests on.
    """

    difference: Estimate
    p_value: float
    users: int


def bootstrap_mean(values: np.ndarray, seed: int = 0) -> Estimate | None:
    """Mean over users with its 95 % percentile interval (Efron, 1979); None without users.

    Percentile, not BCa: the mean of some hundred bounded values is all but normal, and BCa's
    jackknife costs the square of the users.

    Args:
        values: (m,) float, one a user; NaN for users that are not in the group.
        seed: Of the resampling.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    mean = float(values.mean())
    if np.all(values == values[0]):  # a resample of equal values tells nothing
        return Estimate(mean)
    interval = bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, HELD // len(values)),
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high))


def paired_test(first: np.ndarray, second: np.ndarray, seed: int = 0) -> PairedTest | None:
    """Tests the mean difference of two models on the same users; None without users.

    Fisher's randomization test: if the models are alike, the sign of each user's difference is
    as good as drawn by lot. Unlike Wilcoxon's test it is about the difference of means, which is
    what the table shows, and it takes ties and metrics of 0 and 1 as they come (Smucker et al.,
    CIKM 2007, recommend it over Wilcoxon's for rankings).

    Args:
        first: (m,) float; NaN for users that are not in the group.
        second: (m,) float, of the same users in the same order.
        seed: Of the draws.
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
        n_resamples=DRAWS,
        batch=max(1, HELD // len(differences)),
        random_state=np.random.default_rng(seed),
    )
    return PairedTest(difference, float(result.pvalue), len(differences))
