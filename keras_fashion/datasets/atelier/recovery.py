"""How near a picture is to the taste of the shopper for whom it was made."""

import numpy as np

from keras_fashion.datasets.atelier.attributes import CATEGORIES, garment_lab
from keras_fashion.datasets.atelier.measure import Measurement
from keras_fashion.datasets.atelier.oracle import Oracle
from keras_fashion.datasets.atelier.shoppers import visible_taste

NOTHING_SHOWN = -50.0
"""The utility of a picture in which no garment is found, nats: below that of any garment."""


def true_utility(oracle: Oracle, measurement: Measurement, user: int, category: str) -> float:
    """Returns how much a shopper truly likes what was measured in a picture, in nats.

    It is the terms of t_ux (see `shoppers`) that a picture's colour and length decide; 0 is the
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
    return float(visible_taste(shopper, measurement.lab, measurement.length, index))


def existing_utilities(oracle: Oracle, user: int, category: str) -> np.ndarray:
    """Returns the same for all garments of a category, by their true attributes, (I_c,) nats."""
    index = CATEGORIES.index(category)
    rivals = oracle.garments[oracle.garments["category"] == index]
    return visible_taste(oracle.shoppers[user], garment_lab(rivals), rivals["length"], index)


def taste_recovery(oracle: Oracle, measurement: Measurement, user: int, category: str) -> float:
    """Returns which share of the category's real garments is less to the shopper's true taste.

    The picture is judged by its measured colour and length, with the true utility of the two (the
    quadratic terms of t_ux in `shoppers`), and ranked among the true colours and lengths of all
    garments of the category in the catalogue. So 1 says that no garment on sale has a colour and
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
