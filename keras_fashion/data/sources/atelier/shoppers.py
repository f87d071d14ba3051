"""Shoppers of the atelier: what they like, and what they therefore buy.

A shopper prefers one point in CIELAB, one length for each kind of garment, and some patterns, and
fills the wardrobe with categories in a certain mix. Tastes come in tribes (low rank) from which
each shopper deviates. The taste utility of garment x for shopper u is

    t_ux = ln share_u(category) + like_u(pattern)
           - |lab_x - lab_u|^2 / (2 s_color^2) - (length_x - length_u(category))^2 / (2 s_length^2)

and shopper u buys n_u distinct garments by a multinomial logit without replacement (Gumbel top-n)
over t_ux + popularity_x. Because t is quadratic, it is an inner product theta_u . phi(x) of small
vectors (`preference_vectors`, `garment_features`), which is the form of VBPR and DVBPR: what a
model has to learn is phi, a smooth nonlinear function of what the picture shows.
"""

from typing import NamedTuple

import numpy as np
from skimage.color import rgb2lab

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, PATTERNS, garment_lab

COLOR_TOLERANCE = 17.0
"""s_color, in CIELAB units: how far from the preferred color a shopper still buys."""

LENGTH_TOLERANCE = 0.22
"""s_length, as a share of the range from short to long."""

SHOPPER = np.dtype(
    [
        ("tribe", np.int32),
        ("color", np.float64, 3),  # preferred CIELAB
        ("length", np.float64, len(CATEGORIES)),  # preferred length, 0 to 1
        ("pattern", np.float64, len(PATTERNS)),  # liking, nats
        ("category", np.float64, len(CATEGORIES)),  # ln of the category's share
    ]
)
"""One row a shopper: a NumPy structured type, saved as it is beside the catalogue."""


class Tribe(NamedTuple):
    """The taste around which a tribe's shoppers scatter."""

    name: str
    color: str  # sRGB
    lengths: tuple[float, ...]  # by category, as in CATEGORIES
    patterns: tuple[float, ...]  # likings by pattern, as in PATTERNS
    categories: tuple[float, ...]  # shares before normalization, as in CATEGORIES


TRIBES = (
    Tribe("monochrome", "#2b2c30", (.2, .7, .5, .6, .9, .9), (1, 0, -1, -1), (2, 1, 2, 1, 3, 3)),
    Tribe("off-white", "#d8d2c8", (.6, .9, .2, .9, .5, .8), (1, 0, 0, -1), (2, 3, 2, 2, 3, 1)),
    Tribe("denim", "#4a678f", (.5, .3, .4, .2, .4, .7), (0, 1, -1, 1), (1, 1, 2, 2, 3, 4)),
    Tribe("romantic", "#dfa9b5", (.3, .6, .2, .5, .3, .4), (0, -1, 1, 0), (2, 4, 2, 3, 2, 1)),
    Tribe("earth", "#9a7148", (.8, .8, .9, .8, .8, .8), (0, 0, -1, 1), (3, 2, 3, 2, 2, 2)),
    Tribe("red", "#b3283a", (.2, .2, .7, .1, .2, .3), (1, 0, 1, 0), (3, 4, 3, 2, 1, 1)),
    Tribe("garden", "#5d7d52", (.7, .5, .8, .6, .6, .2), (-1, 0, 0, 1), (1, 2, 2, 3, 3, 2)),
    Tribe("pool", "#5f93b8", (.9, .1, .1, .3, .1, .1), (-1, 1, 0, 0), (2, 2, 1, 2, 4, 3)),
    Tribe("plum", "#6d3f6b", (.4, .9, .8, .7, .9, .5), (0, 0, 1, -1), (3, 3, 3, 2, 2, 1)),
)  # fmt: skip


def sample_shoppers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws the tastes of `count` shoppers.

    Args:
        rng: source of randomness.
        count: how many.

    Returns:
        Array (count,) of `SHOPPER`.
    """
    shoppers = np.zeros(count, SHOPPER)
    tribe = rng.integers(len(TRIBES), size=count)
    swatches = [[int(t.color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for t in TRIBES]
    lengths = np.array([t.lengths for t in TRIBES])
    patterns = np.array([t.patterns for t in TRIBES], dtype=np.float64)
    categories = np.log([t.categories for t in TRIBES])
    normal = rng.standard_normal
    shoppers["tribe"] = tribe
    shoppers["color"] = rgb2lab(swatches)[tribe] + 4.5 * normal((count, 3))
    shoppers["length"] = np.clip(lengths[tribe] + 0.06 * normal((count, len(CATEGORIES))), 0, 1)
    shoppers["pattern"] = 0.7 * patterns[tribe] + 0.15 * normal((count, len(PATTERNS)))
    mix = categories[tribe] + 0.15 * normal((count, len(CATEGORIES)))
    shoppers["category"] = mix - np.log(np.exp(mix).sum(axis=1, keepdims=True))
    return shoppers


def garment_features(garments: np.ndarray) -> np.ndarray:
    """Returns phi of each garment, with which taste is linear in the shopper.

    Args:
        garments: array (I,) of `GARMENT`.

    Returns:
        Array (I, 26): color and its square, patterns, then one, length and its square by
        category.
    """
    color = garment_lab(garments) / COLOR_TOLERANCE
    length = garments["length"][:, None] / LENGTH_TOLERANCE
    category = np.eye(len(CATEGORIES))[garments["category"]]
    square = (color**2).sum(axis=1, keepdims=True)
    pattern = np.eye(len(PATTERNS))[garments["pattern"]]
    return np.hstack([color, square, pattern, category, category * length, category * length**2])


def preference_vectors(shoppers: np.ndarray) -> np.ndarray:
    """Returns theta of each shopper: t_ux = theta_u . phi(x) up to a constant of the shopper.

    Args:
        shoppers: array (U,) of `SHOPPER`.

    Returns:
        Array (U, 26), in the order of `garment_features`.
    """
    color = shoppers["color"] / COLOR_TOLERANCE
    length = shoppers["length"] / LENGTH_TOLERANCE
    half = np.full((len(shoppers), 1), -0.5)
    return np.hstack(
        [
            color,
            half,
            shoppers["pattern"],
            shoppers["category"] - length**2 / 2,
            length,
            np.repeat(half, len(CATEGORIES), axis=1),
        ]
    )


def visible_preferences(
    shopper: np.void, lab: np.ndarray, length: np.ndarray | float, category: int
) -> np.ndarray:
    """Returns the terms of t_ux that can be measured in a picture: those of color and length.

    Args:
        shopper: one row of `SHOPPER`.
        lab: (..., 3) CIELAB colors.
        length: (...) lengths, 0 to 1.
        category: index into `CATEGORIES`, of all of them.

    Returns:
        Array (...) of float64, at most 0.
    """
    color = ((lab - shopper["color"]) ** 2).sum(axis=-1) / (2 * COLOR_TOLERANCE**2)
    return -color - (length - shopper["length"][category]) ** 2 / (2 * LENGTH_TOLERANCE**2)


def sample_popularity(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws what makes items sell that no picture shows: fame, price and time on sale.

    Args:
        rng: source of randomness.
        count: how many items.

    Returns:
        Popularity (count,) in nats, and the share (count,) of the year on which each item is on
        sale, 1 for the 70 % that are there from the start; the rest launch late, and so
        have little feedback or none.
    """
    late = rng.uniform(size=count) < 0.3
    on_sale = np.where(late, rng.uniform(0.05, 0.5, count), 1.0)
    return 0.15 * rng.standard_normal(count) + np.log(on_sale), on_sale


def choose(rng: np.random.Generator, utilities: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Lets shoppers choose distinct items by a multinomial logit without replacement.

    Adding Gumbel noise and keeping the n largest is the same as n successive softmax draws
    (Vieira 2014, "Gumbel-max trick and weighted reservoir sampling").

    Args:
        rng: source of randomness.
        utilities: (U, I), nats.
        counts: (U,) how many each shopper buys; more than I buys everything.

    Returns:
        Array (N, 2) of int64: user and item, by user, best draw first.
    """
    order = np.argsort(-(utilities + rng.gumbel(size=utilities.shape)), axis=1)
    bought = np.arange(utilities.shape[1]) < counts[:, None]
    return np.stack([np.nonzero(bought)[0], order[bought]], axis=1)
