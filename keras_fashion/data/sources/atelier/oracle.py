"""The true preferences of the atelier's shoppers, and how much of them a design recovers."""

from pathlib import Path

import numpy as np

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, garment_lab
from keras_fashion.data.sources.atelier.measure import Measurement
from keras_fashion.data.sources.atelier.shoppers import (
    SHOPPER,
    garment_features,
    preference_vectors,
    visible_preferences,
)
from keras_fashion.errors import InputError

TRUTH_FILE = "truth.npz"
"""Stands beside the catalogue's own files; only this module reads it."""


class Oracle:
    """Scores items by the true utilities; no model can expect to rank better.

    It has the shape of a model's scoring vectors (`scores(users)`), so that the same evaluation
    runs on it. Users and items count as in the catalogue: users sorted, items in row order.

    Args:
        garments: (I,) of `GARMENT`.
        shoppers: (U,) of `SHOPPER`.
        popularity: (I,) in nats: what makes items sell that no picture shows.

    Example:
        >>> oracle = Oracle.load("catalogues/atelier")
        >>> oracle.scores(np.array([0, 1])).shape
        (2, 2800)
    """

    def __init__(self, garments: np.ndarray, shoppers: np.ndarray, popularity: np.ndarray) -> None:
        self.garments = garments
        self.shoppers = shoppers
        self.popularity = popularity

    @classmethod
    def load(cls, catalogue: str | Path) -> "Oracle":
        """Reads the truth that preparing an `Atelier` left in a catalogue's folder.

        Raises:
            InputError: if the catalogue has none, because it is not an atelier.
        """
        path = Path(catalogue) / TRUTH_FILE
        if not path.is_file():
            raise InputError(f"{path} does not exist: only an atelier catalogue has a known answer")
        with np.load(path, allow_pickle=False) as truth:
            # Version 0.1 spelled a field of `SHOPPER` in the British way; the layout is the same.
            return cls(truth["garments"], truth["shoppers"].view(SHOPPER), truth["popularity"])

    def save(self, folder: Path, seed: int) -> None:
        """Writes the truth into `folder`, with the seed it was drawn from.

        `numpy.savez` stamps no time, so that equal truths are equal bytes.
        """
        np.savez(
            folder / TRUTH_FILE,
            garments=self.garments,
            shoppers=self.shoppers,
            popularity=self.popularity,
            seed=seed,
        )

    def preferences(self, users: np.ndarray) -> np.ndarray:
        """Returns the taste utilities, without popularity: (B,) int to (B, I) float64."""
        return preference_vectors(self.shoppers[users]) @ garment_features(self.garments).T

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Returns the utilities by which these users chose: (B,) int to (B, I) float64."""
        return self.preferences(users) + self.popularity


NOTHING_SHOWN = -50.0
"""The utility of a picture in which no garment is found, nats: below that of any garment."""


def true_utility(oracle: Oracle, measurement: Measurement, user: int, category: str) -> float:
    """Returns how much a shopper truly likes what was measured in a picture, in nats.

    It is the terms of t_ux (see `shoppers`) that a picture's color and length decide; 0 is the
    shopper's ideal, and all else is below. What it leaves out, the pattern, cannot be measured.

    Args:
        oracle: the truth of the catalogue.
        measurement: what `measure` read from the picture's pixels.
        user: dense index of the shopper.
        category: what the picture is to show.
    """
    if measurement.coverage == 0:
        return NOTHING_SHOWN
    index = CATEGORIES.index(category)
    shopper = oracle.shoppers[user]
    return float(visible_preferences(shopper, measurement.lab, measurement.length, index))


def existing_utilities(oracle: Oracle, user: int, category: str) -> np.ndarray:
    """Returns the same for all garments of a category, by their true attributes, (I_c,) nats."""
    index = CATEGORIES.index(category)
    rivals = oracle.garments[oracle.garments["category"] == index]
    return visible_preferences(oracle.shoppers[user], garment_lab(rivals), rivals["length"], index)


def utility_recovery(oracle: Oracle, measurement: Measurement, user: int, category: str) -> float:
    """Returns which share of the category's real garments is less to the shopper's true taste.

    The picture is judged by its measured color and length, with the true utility of the two (the
    quadratic terms of t_ux in `shoppers`), and ranked among the true colors and lengths of all
    garments of the category in the catalogue. So 1 says that no garment on sale has a color and
    a length more to the taste of this shopper; a garment drawn at random from the category has
    0.5 on average (0.53 with what `measure` makes of patterned cloth).

    Args:
        oracle: the truth of the catalogue.
        measurement: what `measure` read from the picture's pixels.
        user: dense index of the shopper.
        category: what the picture is to show.

    Returns:
        In [0, 1], ties counting half; 0 where no garment was found in the picture.
    """
    if measurement.coverage == 0:
        return 0.0
    theirs = existing_utilities(oracle, user, category)
    own = true_utility(oracle, measurement, user, category)
    return float(np.mean(theirs < own) + np.mean(theirs == own) / 2)
