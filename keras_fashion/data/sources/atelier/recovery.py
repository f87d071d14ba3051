"""How well a model has recovered the drift of an atelier: its trend and its seasons."""

from typing import NamedTuple

import numpy as np

from keras_fashion.data.purchase_times import months_of_days
from keras_fashion.data.sources.atelier.oracle import Oracle
from keras_fashion.errors import InputError


class DriftRecovery(NamedTuple):
    """Correlations of a predicted drift with the true one.

    Attributes:
        trend: Correlation of what changes from year to year, in [-1, 1].
        season: Correlation of what recurs every year, in [-1, 1].
    """

    trend: float
    season: float


def drift_recovery(oracle: Oracle, predicted: np.ndarray, days: np.ndarray) -> DriftRecovery:
    """Compares the terms of a model that depend on time with the true drift.

    Of p_ti, the sum of these terms for item i on day t, purchases do not show everything. What all
    items share changes no choice, what does not change is a part of all tastes, and what recurs
    every year may be in the trend of a model as well as in its season. Both p and the truth are
    therefore divided alike, after the mean over items has been subtracted on each day:

        season_mi = mean of p_ti over the days t in month m, minus the mean of these over months
        trend_ti = p_ti - mean of p_t'i over the days t' in the month of t

    and each part is correlated with the same part of the truth (Pearson, over all months or days
    and all items).

    Args:
        oracle: Truth of an atelier with drift.
        predicted: (T, I) float, the terms of the score that depend on the day and not on the user,
            such as (mu_e(t) + sigma_m(t)) . Phi(X_i) + b_{c(i), m(t)}, in any unit. A model of
            which some terms are to be left out gives the others.
        days: (T,) int, counted from 1970-01-01, of at least two years: each of their months occurs
            twice or more, such as the middle of every month of the training part.

    Returns:
        The correlations; 0 for a part in which the prediction does not change.

    Raises:
        InputError: If the catalogue has no drift, the shapes do not fit, or a month occurs once.

    Example:
        >>> from keras_fashion.data.sources.atelier.source import Atelier
        >>> oracle = Atelier(users=3, items=40, drift=2.0).oracle
        >>> days = oracle.drift.days[::10]
        >>> recovery = drift_recovery(oracle, oracle.drift_utilities(days, ["trend"]), days)
        >>> round(recovery.trend, 6)
        1.0
    """
    if oracle.drift is None:
        raise InputError("the catalogue has no drift; prepare it with `drift`.")
    shape = (len(days), len(oracle.garments))
    if predicted.shape != shape:
        raise InputError(
            f"`predicted` is of shape {predicted.shape} and not (days, items) = {shape}."
        )
    months, month_of_day, counts = np.unique(
        months_of_days(days) % 12, return_inverse=True, return_counts=True
    )
    if counts.min() < 2:
        raise InputError(
            f"month {months[counts.argmin()] + 1} occurs once in `days`, from which a trend cannot "
            "be told apart from a season; give days of two years or more."
        )
    true = _trend_and_season(oracle.drift_utilities(days), month_of_day)
    parts = _trend_and_season(predicted.astype(np.float64), month_of_day)
    rounding = 1e-6 * np.linalg.norm(predicted)
    return DriftRecovery(
        *(
            _correlation(part, other) if np.linalg.norm(part) > rounding else 0.0
            for part, other in zip(parts, true, strict=True)
        )
    )


def _trend_and_season(
    utilities: np.ndarray, month_of_day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns what changes from year to year, (T, I), and what recurs every year, (M, I)."""
    centered = utilities - utilities.mean(axis=1, keepdims=True)
    season = np.stack([centered[month_of_day == m].mean(axis=0) for m in np.unique(month_of_day)])
    return centered - season[month_of_day], season - season.mean(axis=0)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the correlation of two arrays whose means are 0; 0 if the second one is 0."""
    norm = np.linalg.norm(first) * np.linalg.norm(second)
    return float((first * second).sum() / norm) if norm > 0 else 0.0
