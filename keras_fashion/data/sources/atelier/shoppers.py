"""The simulated shoppers of the atelier: their preferences and their purchases.

A shopper prefers a color in CIELAB, a length for each category, and some patterns, and buys the
categories in certain shares. The preferences are drawn around those of a few preference groups, so
that they are approximately of low rank. The utility of garment x for shopper u is, in nats,

    t_ux = ln share_u(category) + like_u(pattern)
           - |lab_x - lab_u|^2 / (2 s_color^2) - (length_x - length_u(category))^2 / (2 s_length^2)

and shopper u buys n_u distinct garments by a multinomial logit without replacement (Gumbel top-n)
over t_ux + popularity_x. Because t is quadratic, it is an inner product theta_u . phi(x) of small
vectors (`preference_vectors`, `garment_features`), which is the form of VBPR and DVBPR. A model has
to learn phi, a smooth nonlinear function of what the picture shows.
"""

from typing import NamedTuple

import numpy as np
from skimage.color import rgb2lab

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, PATTERNS, garment_lab

COLOR_TOLERANCE = 17.0
"""s_color in t_ux, in CIELAB units: how far from the preferred color a shopper still buys."""

LENGTH_TOLERANCE = 0.22
"""s_length in t_ux, as a share of the range from short to long: likewise for lengths."""

COLOR_COLUMNS, PATTERN_COLUMNS = slice(0, 3), slice(4, 8)
CATEGORY_COLUMNS, LENGTH_COLUMNS = slice(8, 14), slice(14, 20)
"""Columns of `garment_features`; those of categories and lengths are by category."""

SHOPPER = np.dtype(
    [
        ("tribe", np.int32),  # Index into `TASTE_GROUPS`; the name is that of the file format.
        ("color", np.float64, 3),  # Preferred color in CIELAB.
        ("length", np.float64, len(CATEGORIES)),  # Preferred length, 0 to 1.
        ("pattern", np.float64, len(PATTERNS)),  # Utility of each pattern in nats.
        ("category", np.float64, len(CATEGORIES)),  # Logarithm of the share of each category.
    ]
)
"""Structured dtype of the preferences of a shopper, as `truth.npz` stores them."""


class TasteGroup(NamedTuple):
    """A preference group: the preferences around which those of its shoppers are drawn.

    Attributes:
        name: Name of the group.
        color: Preferred color in sRGB, as "#rrggbb".
        lengths: Preferred length by category, 0 to 1.
        patterns: Relative utility by pattern.
        categories: Relative share by category.
    """

    name: str
    color: str
    lengths: tuple[float, ...]
    patterns: tuple[float, ...]
    categories: tuple[float, ...]


TASTE_GROUPS = (
    TasteGroup("neutral", "#2b2c30", (.2, .7, .5, .6, .9, .9), (1, 0, -1, -1), (2, 1, 2, 1, 3, 3)),
    TasteGroup("off-white", "#d8d2c8", (.6, .9, .2, .9, .5, .8), (1, 0, 0, -1), (2, 3, 2, 2, 3, 1)),
    TasteGroup("denim", "#4a678f", (.5, .3, .4, .2, .4, .7), (0, 1, -1, 1), (1, 1, 2, 2, 3, 4)),
    TasteGroup("romantic", "#dfa9b5", (.3, .6, .2, .5, .3, .4), (0, -1, 1, 0), (2, 4, 2, 3, 2, 1)),
    TasteGroup("earth", "#9a7148", (.8, .8, .9, .8, .8, .8), (0, 0, -1, 1), (3, 2, 3, 2, 2, 2)),
    TasteGroup("red", "#b3283a", (.2, .2, .7, .1, .2, .3), (1, 0, 1, 0), (3, 4, 3, 2, 1, 1)),
    TasteGroup("garden", "#5d7d52", (.7, .5, .8, .6, .6, .2), (-1, 0, 0, 1), (1, 2, 2, 3, 3, 2)),
    TasteGroup("pool", "#5f93b8", (.9, .1, .1, .3, .1, .1), (-1, 1, 0, 0), (2, 2, 1, 2, 4, 3)),
    TasteGroup("plum", "#6d3f6b", (.4, .9, .8, .7, .9, .5), (0, 0, 1, -1), (3, 3, 3, 2, 2, 1)),
)  # fmt: skip


def sample_shoppers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws the preferences of shoppers at random.

    Args:
        rng: Random number generator.
        count: Number of shoppers.

    Returns:
        (count,) structured array of dtype `SHOPPER`.

    Example:
        >>> shoppers = sample_shoppers(np.random.default_rng(0), 3)
        >>> np.exp(shoppers["category"]).sum(axis=1).round(6).tolist()
        [1.0, 1.0, 1.0]
    """
    shoppers = np.zeros(count, SHOPPER)
    group = rng.integers(len(TASTE_GROUPS), size=count)
    swatches = [[int(t.color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for t in TASTE_GROUPS]
    lengths = np.array([t.lengths for t in TASTE_GROUPS])
    patterns = np.array([t.patterns for t in TASTE_GROUPS], dtype=np.float64)
    categories = np.log([t.categories for t in TASTE_GROUPS])
    normal = rng.standard_normal
    shoppers["tribe"] = group
    shoppers["color"] = rgb2lab(swatches)[group] + 4.5 * normal((count, 3))
    shoppers["length"] = np.clip(lengths[group] + 0.06 * normal((count, len(CATEGORIES))), 0, 1)
    shoppers["pattern"] = 0.7 * patterns[group] + 0.15 * normal((count, len(PATTERNS)))
    mix = categories[group] + 0.15 * normal((count, len(CATEGORIES)))
    shoppers["category"] = mix - np.log(np.exp(mix).sum(axis=1, keepdims=True))
    return shoppers


def garment_features(garments: np.ndarray) -> np.ndarray:
    """Returns the features phi(x) of garments, in which utilities are linear.

    Args:
        garments: (I,) structured array of dtype `GARMENT`.

    Returns:
        (I, 26) float64: the color and its square, one-hot patterns and, by category, 1, the length
        and its square.

    Example:
        >>> from keras_fashion.data.sources.atelier.attributes import sample_garments
        >>> rng = np.random.default_rng(0)
        >>> features = garment_features(sample_garments(rng, 5))
        >>> (preference_vectors(sample_shoppers(rng, 2)) @ features.T).shape
        (2, 5)
    """
    color = garment_lab(garments) / COLOR_TOLERANCE
    length = garments["length"][:, None] / LENGTH_TOLERANCE
    category = np.eye(len(CATEGORIES))[garments["category"]]
    square = (color**2).sum(axis=1, keepdims=True)
    pattern = np.eye(len(PATTERNS))[garments["pattern"]]
    return np.hstack([color, square, pattern, category, category * length, category * length**2])


def preference_vectors(shoppers: np.ndarray) -> np.ndarray:
    """Returns the vectors theta_u of shoppers: t_ux = theta_u . phi(x) plus a constant of u.

    Args:
        shoppers: (U,) structured array of dtype `SHOPPER`.

    Returns:
        (U, 26) float64, in the order of `garment_features`.
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
        shopper: Scalar of dtype `SHOPPER`.
        lab: (..., 3), colors in CIELAB.
        length: (...), lengths, 0 to 1.
        category: Index into `CATEGORIES`, the same for all.

    Returns:
        (...) float64 in nats, at most 0.
    """
    color = ((lab - shopper["color"]) ** 2).sum(axis=-1) / (2 * COLOR_TOLERANCE**2)
    return -color - (length - shopper["length"][category]) ** 2 / (2 * LENGTH_TOLERANCE**2)


def sample_popularity(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws what makes items sell and is not visible in pictures, such as their time on sale.

    Args:
        rng: Random number generator.
        count: Number of items.

    Returns:
        - Popularity, (count,) float64 in nats.
        - Share of the year in which each item is on sale, (count,) float64. It is 1 for 70 % of the
          items. The others are launched during the year and therefore have few or no interactions.
    """
    late = rng.uniform(size=count) < 0.3
    on_sale = np.where(late, rng.uniform(0.05, 0.5, count), 1.0)
    return 0.15 * rng.standard_normal(count) + np.log(on_sale), on_sale


def choose(rng: np.random.Generator, utilities: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Draws distinct items for shoppers by a multinomial logit without replacement.

    Adding Gumbel noise and taking the n largest values is equivalent to n successive softmax draws
    (Vieira 2014, "Gumbel-max trick and weighted reservoir sampling").

    Args:
        rng: Random number generator.
        utilities: (U, I) in nats.
        counts: (U,) integers, number of items for each shopper. With more than I, all are chosen.

    Returns:
        (N, 2) int64: user and item, by user, in the order of the draws.

    Example:
        >>> choose(np.random.default_rng(0), np.zeros((2, 1)), np.array([1, 1])).tolist()
        [[0, 0], [1, 0]]
    """
    order = np.argsort(-(utilities + rng.gumbel(size=utilities.shape)), axis=1)
    bought = np.arange(utilities.shape[1]) < counts[:, None]
    return np.stack([np.nonzero(bought)[0], order[bought]], axis=1)
