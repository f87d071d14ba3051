"""The true preferences of the shoppers of an atelier, and the utilities of designs under them.

Utilities are in nats; `shoppers` has their formula, t_ux.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, garment_lab
from keras_fashion.data.sources.atelier.drift import TERMS, Drift
from keras_fashion.data.sources.atelier.measurement import Measurement
from keras_fashion.data.sources.atelier.shoppers import (
    SHOPPER,
    garment_features,
    preference_vectors,
    visible_preferences,
)
from keras_fashion.errors import InputError

TRUTH_FILE = "truth.npz"
"""File beside those of the catalogue, which only this module reads."""

NO_GARMENT_UTILITY = -50.0
"""Utility of a picture in which no garment is found, in nats: below that of any garment."""


class Oracle:
    """Scores items by the true utilities, which no model can be expected to rank better.

    It has the method `scores` of a model's embeddings, so that the same evaluation applies to both.
    Users and items are numbered as in the catalogue: users sorted, items in the order of their
    rows.

    Args:
        garments: (I,) structured array of dtype `GARMENT`.
        shoppers: (U,) structured array of dtype `SHOPPER`.
        popularity: (I,) float64 in nats: what makes items sell and is not visible in pictures.
        drift: How what is liked changes over time; None if it does not.

    Attributes:
        garments: (I,) structured array, the garments by item.
        shoppers: (U,) structured array, the shoppers by user.
        popularity: (I,) float64 in nats, the popularity of each item.
        drift: How what is liked changes over time; None if it does not.

    Example:
        >>> from keras_fashion.data.sources.atelier.source import Atelier
        >>> oracle = Atelier(seed=0, users=3, items=20).oracle
        >>> oracle.scores(np.array([0, 1])).shape
        (2, 20)
        >>> utilities = existing_utilities(oracle, user=0, category="Tops")
        >>> bool((utilities <= 0).all())
        True
    """

    def __init__(
        self,
        garments: np.ndarray,
        shoppers: np.ndarray,
        popularity: np.ndarray,
        drift: Drift | None = None,
    ) -> None:
        self.garments = garments
        self.shoppers = shoppers
        self.popularity = popularity
        self.drift = drift

    @classmethod
    def load(cls, catalogue: str | Path) -> "Oracle":
        """Reads the truth from the folder of a catalogue that was prepared from an `Atelier`.

        Args:
            catalogue: Folder of the catalogue.

        Raises:
            InputError: If the catalogue was not prepared from an `Atelier`.
        """
        path = Path(catalogue) / TRUTH_FILE
        if not path.is_file():
            raise InputError(f"{path} does not exist: only an atelier catalogue has a known answer")
        with np.load(path, allow_pickle=False) as truth:
            # The view renames a field that version 0.1 wrote in British spelling.
            shoppers = truth["shoppers"].view(SHOPPER)
            drift = None
            if "trend" in truth:
                tables = (truth[name] for name in TERMS)
                drift = Drift(int(truth["first_day"]), *tables)
            return cls(truth["garments"], shoppers, truth["popularity"], drift)

    def save(self, folder: Path, seed: int) -> None:
        """Writes the truth into a folder. Equal truths give equal bytes.

        Args:
            folder: Folder of the catalogue.
            seed: Seed from which the truth was drawn.
        """
        drift = {} if self.drift is None else asdict(self.drift)
        # `numpy.savez` writes no time of creation.
        np.savez(
            folder / TRUTH_FILE,
            garments=self.garments,
            shoppers=self.shoppers,
            popularity=self.popularity,
            seed=seed,
            **drift,
        )

    def preferences(self, users: np.ndarray) -> np.ndarray:
        """Returns the utilities without popularity and drift.

        Args:
            users: (B,) integers, dense indices of shoppers.

        Returns:
            (B, I) float64, up to a constant for each shopper.
        """
        return preference_vectors(self.shoppers[users]) @ garment_features(self.garments).T

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Returns the utilities with popularity, by which the shoppers choose if nothing drifts.

        Args:
            users: (B,) integers, dense indices of shoppers.

        Returns:
            (B, I) float64, up to a constant for each shopper.
        """
        return self.preferences(users) + self.popularity

    def scores_at(self, users: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Returns the utilities with popularity and drift, by which the shoppers choose on days.

        Args:
            users: (n,) integers, dense indices of shoppers.
            days: (n,) integers, the day of each, counted from 1970-01-01.

        Returns:
            (n, I) float64, up to a constant for each row.
        """
        return self.vectors_at(users, days) @ garment_features(self.garments).T + self.popularity

    def vectors_at(self, users: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Returns the vectors of shoppers on days, theta_u and the terms of the drift.

        Args:
            users: (n,) integers, dense indices of shoppers.
            days: (n,) integers, the day of each, counted from 1970-01-01.

        Returns:
            (n, 26) float64; their products with `garment_features` are the utilities without
            popularity.
        """
        vectors = preference_vectors(self.shoppers[users])
        return vectors if self.drift is None else vectors + self.drift.vectors(days)

    def drift_utilities(self, days: np.ndarray, terms: Sequence[str] = TERMS) -> np.ndarray:
        """Returns what the drift adds to the utilities of all shoppers.

        Args:
            days: (n,) integers, counted from 1970-01-01.
            terms: Terms of the drift to add up: "trend", "season" or "category".

        Returns:
            (n, I) float64 in nats; 0 if nothing drifts.
        """
        if self.drift is None:
            return np.zeros((len(days), len(self.garments)))
        vectors = np.sum([self.drift.term(name, days) for name in terms], axis=0)
        return vectors @ garment_features(self.garments).T


def true_utility(oracle: Oracle, measurement: Measurement, user: int, category: str) -> float:
    """Returns the true utility of a measured garment for a shopper.

    It consists of the terms of t_ux (see `shoppers`) that depend on color and length, so that it is
    0 for the ideal of the shopper and negative otherwise. The pattern cannot be measured and is
    left out.

    Args:
        oracle: The true preferences.
        measurement: Result of `measure` for the picture.
        user: Dense index of the shopper.
        category: Category that the picture is to show.

    Returns:
        The utility in nats, or `NO_GARMENT_UTILITY` if no garment was found.
    """
    if measurement.coverage == 0:
        return NO_GARMENT_UTILITY
    index = CATEGORIES.index(category)
    shopper = oracle.shoppers[user]
    return float(visible_preferences(shopper, measurement.lab, measurement.length, index))


def existing_utilities(oracle: Oracle, user: int, category: str) -> np.ndarray:
    """Returns the true utilities of all garments of a category for a shopper.

    They have the same terms as `true_utility`, computed from the true attributes of the garments.

    Args:
        oracle: The true preferences.
        user: Dense index of the shopper.
        category: Name of the category.

    Returns:
        (n,) float64 in nats, for the n garments of the category in the order of the catalogue.
    """
    index = CATEGORIES.index(category)
    garments = oracle.garments[oracle.garments["category"] == index]
    return visible_preferences(
        oracle.shoppers[user], garment_lab(garments), garments["length"], index
    )


def utility_recovery(oracle: Oracle, measurement: Measurement, user: int, category: str) -> float:
    """Returns the share of a category's garments that a shopper truly likes less than a picture.

    The utility of the picture is its `true_utility`, from its measured color and length. It is
    compared with `existing_utilities`, from the true colors and lengths of the garments. A recovery
    of 1 means that no garment of the category has a color and length that the shopper likes better.
    A garment drawn at random from the category has 0.5 on average (0.53 if its color and length are
    measured, because of patterned cloth).

    Args:
        oracle: The true preferences.
        measurement: Result of `measure` for the picture.
        user: Dense index of the shopper.
        category: Category that the picture is to show.

    Returns:
        The share in [0, 1], in which ties count half; 0 if no garment was found.

    Example:
        >>> from keras_fashion.data.sources.atelier.source import Atelier
        >>> oracle = Atelier(seed=0, users=3, items=20).oracle
        >>> nothing = Measurement(50.0, 0.0, 0.0, length=0.5, width=0.5, coverage=0.0)
        >>> utility_recovery(oracle, nothing, user=0, category="Tops")
        0.0
    """
    if measurement.coverage == 0:
        return 0.0
    theirs = existing_utilities(oracle, user, category)
    own = true_utility(oracle, measurement, user, category)
    return float(np.mean(theirs < own) + np.mean(theirs == own) / 2)
