"""The drift of the atelier: what all shoppers like changes over three years, and the truth of it.

The utility of garment x for shopper u on day d, which falls into month m, is

    t_uxd = t_ux + popularity_x + (trend_d + season_m) . phi(x) + b_{category(x), m},

where t_ux and phi are those of `shoppers`: a shift of every shopper's theta_u, and a demand for the
categories by month. This is the form of VBPR and DVBPR with time-aware terms. The trend and the
season turn at constant speed in the plane of two directions a and b of color, length and pattern,

    trend_d = s (cos(w) a + sin(w) b),  w = pi (d - d_0) / D,

the trend by half a turn within the D days of the catalogue, so that what is liked at the end is
what was disliked at the beginning, and the season by one turn a year. The four directions are
uncorrelated over garments and each has the variance 1. On every day, the utilities by trend and
those by season have therefore a standard deviation over garments of s nats each, and the utilities
by trend on days d and d' have a correlation of cos(pi (d - d') / D).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from keras_fashion.data.purchase_times import format_day, months_of_days
from keras_fashion.data.sources.atelier.attributes import sample_garments
from keras_fashion.data.sources.atelier.shoppers import (
    CATEGORY_COLUMNS,
    COLOR_COLUMNS,
    LENGTH_COLUMNS,
    PATTERN_COLUMNS,
    garment_features,
)
from keras_fashion.errors import InputError

FIRST_DAY = int(np.datetime64("2023-01-01").astype(int))
"""First day of a catalogue with drift, counted from 1970-01-01."""

NUM_DAYS = 365 + 366 + 365
"""Number of days of a catalogue with drift: three years, so that training has each season twice."""

SALE_DAYS = (180, 365)
"""Least and largest number of days on which a garment is on sale: half a year to a year."""

TERMS = ("trend", "season", "category")
"""Names of the terms of the drift."""

# Utilities in standard deviations of: lightness, a*, b*, length, and the four patterns.
_SUMMER = (1.0, 0.0, 0.3, -1.2, -0.2, 0.3, 0.6, -0.7)
_AUTUMN = (-0.3, 0.6, 0.8, 0.3, 0.0, -0.3, -0.3, 0.6)
_HIGH_SUMMER = 7  # July: the month in which the season is `_SUMMER`; three months later, `_AUTUMN`.

# By category: how much its demand depends on the month, and the month in which it is greatest.
_CATEGORY_PEAKS = ((0.6, 12), (1.0, 6), (0.8, 10), (1.0, 7), (0.4, 4), (0.8, 1))


@dataclass(frozen=True)
class Drift:
    """What is added to the preferences of all shoppers, day by day.

    F = 26 is the number of `garment_features`. Days are counted from 1970-01-01, and January is
    month 0.

    Attributes:
        first_day: First day d_0 of the catalogue.
        trend: (D, F) float64 in nats, trend_d by day from `first_day` on.
        season: (12, F) float64 in nats, season_m by month.
        category: (12, F) float64 in nats, b_{c, m} by month, in the columns of the categories.

    Example:
        >>> drift = sample_drift(np.random.default_rng(0), strength=2.0)
        >>> drift.vectors(np.array([FIRST_DAY, FIRST_DAY + 1])).shape
        (2, 26)
        >>> still = drift.without(TERMS, until=FIRST_DAY + 700)
        >>> bool(np.ptp(still.vectors(still.days), axis=0).max() < 1e-9)
        True
    """

    first_day: int
    trend: np.ndarray
    season: np.ndarray
    category: np.ndarray

    @property
    def days(self) -> np.ndarray:
        """Days of the catalogue, (D,) int."""
        return self.first_day + np.arange(len(self.trend))

    def term(self, name: str, days: np.ndarray) -> np.ndarray:
        """Returns a term of the drift as a shift of the shoppers' vectors.

        Args:
            name: "trend", "season" or "category".
            days: (n,) int.

        Returns:
            (n, F) float64, of which the inner product with `garment_features` is in nats.

        Raises:
            InputError: If a day is none of the catalogue.
        """
        place = days - self.first_day
        if len(place) and not 0 <= place.min() <= place.max() < len(self.trend):
            raise InputError(
                f"the drift is known from {format_day(self.first_day)} to "
                f"{format_day(self.days[-1])}; `days` has others."
            )
        table: np.ndarray = getattr(self, name)
        return table[place if name == "trend" else months_of_days(days) % 12]

    def vectors(self, days: np.ndarray) -> np.ndarray:
        """Returns the sum of all terms.

        Args:
            days: (n,) int.

        Returns:
            (n, F) float64, as `term`.
        """
        return np.sum([self.term(name, days) for name in TERMS], axis=0)

    def without(self, terms: Sequence[str], until: int) -> "Drift":
        """Returns the drift of which some terms no longer change.

        What such a term was on average before a day is kept, because a model without time learns
        it as a part of all tastes.

        Args:
            terms: Names of the terms.
            until: Day before which the means are taken, such as the first of a test part.
        """
        before = np.arange(self.first_day, until)
        constant: dict[str, Any] = {
            name: np.broadcast_to(self.term(name, before).mean(axis=0), getattr(self, name).shape)
            for name in terms
        }
        return replace(self, **constant)

    def persisting(self, until: int) -> "Drift":
        """Returns the drift whose trend stays from a day on what it was on the day before.

        No model that does not extrapolate can know more of the trend after its training.

        Args:
            until: First day after the training.
        """
        last = until - 1 - self.first_day
        return replace(self, trend=self.trend[np.minimum(np.arange(len(self.trend)), last)])


def sample_drift(rng: np.random.Generator, strength: float) -> Drift:
    """Draws a drift: the trend is random, season and categories are those of a northern shop.

    Args:
        rng: Random number generator.
        strength: Standard deviation s over garments of the utility by each term, in nats. That of
            the trend and of the season is the same on every day; that of the categories is the
            root of the mean square over the months.
    """
    directions, correlations = _directions()
    of_season, of_trend = np.array([_SUMMER, _AUTUMN]), rng.standard_normal((2, len(_SUMMER)))
    basis = _uncorrelated([*of_season, *of_trend], correlations)
    summer, autumn, start, turn = strength * basis @ directions
    angle = np.pi * np.arange(NUM_DAYS)[:, None] / NUM_DAYS
    month = np.arange(1, 13)[:, None]
    of_year = 2 * np.pi * (month - _HIGH_SUMMER) / 12
    heights, peaks = np.array(_CATEGORY_PEAKS).T
    category = np.zeros((12, directions.shape[1]))
    category[:, CATEGORY_COLUMNS] = heights * np.cos(2 * np.pi * (month - peaks) / 12)
    spread = np.sqrt((category @ garment_features(_garments()).T).var(axis=1).mean())
    return Drift(
        first_day=FIRST_DAY,
        trend=np.cos(angle) * start + np.sin(angle) * turn,
        season=np.cos(of_year) * summer + np.sin(of_year) * autumn,
        category=strength / spread * category,
    )


def sample_sales(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws when garments are on sale, so that about as many are on every day of the catalogue.

    Args:
        rng: Random number generator.
        count: Number of garments.

    Returns:
        First and last day on sale of each garment, (count,) int each. Some are on sale before the
        first day of the catalogue or after its last one, and every garment is on one of its days.
    """
    length = rng.integers(SALE_DAYS[0], SALE_DAYS[1] + 1, count)
    begin = FIRST_DAY + 1 - length + rng.integers(NUM_DAYS + length - 1)
    return begin, begin + length - 1


@lru_cache(maxsize=1)
def _garments() -> np.ndarray:
    """Garments that stand for all that may be drawn, whatever those of a catalogue are."""
    return sample_garments(np.random.default_rng(0), 4096)


def _directions() -> tuple[np.ndarray, np.ndarray]:
    """Returns the directions of lightness, a*, b*, length and the patterns.

    Returns:
        - (8, F): each as a shift of the shoppers' vectors of standard deviation 1 over garments.
        - (8, 8): correlations of the directions over garments.
    """
    features = garment_features(_garments())
    identity = np.eye(features.shape[1])
    length = identity[LENGTH_COLUMNS].sum(axis=0, keepdims=True)
    directions = np.concatenate([identity[COLOR_COLUMNS], length, identity[PATTERN_COLUMNS]])
    directions /= (features @ directions.T).std(axis=0)[:, None]
    return directions, np.corrcoef(directions @ features.T)


def _uncorrelated(vectors: Sequence[np.ndarray], correlations: np.ndarray) -> np.ndarray:
    """Returns vectors by Gram and Schmidt, orthonormal in the inner product of `correlations`."""
    basis: list[np.ndarray] = []
    for vector in vectors:
        for other in basis:
            vector = vector - (vector @ correlations @ other) * other
        basis.append(vector / np.sqrt(vector @ correlations @ vector))
    return np.stack(basis)
