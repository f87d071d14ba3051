"""Opposite SSIM: how unlike one another the pictures of a set are."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from skimage.metrics import structural_similarity


def opposite_ssim(pictures: np.ndarray) -> float:
    """Minus the mean structural similarity over all pairs of pictures; higher is more diverse.

    The diversity measure of DVBPR (Kang et al., "Visually-Aware Fashion Recommendation and Design
    with Generative Image Models", ICDM 2017, section V). SSIM is Wang et al. (2004) with
    scikit-image's uniform 7x7 window, each color channel by itself and then averaged.

    Args:
        pictures: (n, H, W, 3) uint8, n >= 2, H and W >= 7.

    Returns:
        A number in [-1, 1]; -1 for n copies of one picture.

    Raises:
        ValueError: on fewer than two pictures, another shape or another dtype.
    """
    pictures = _checked_pictures(pictures)
    if len(pictures) < 2:
        raise ValueError(f"diversity needs at least two pictures, received {len(pictures)}")
    return -_mean_similarity(combinations(pictures, 2))


def opposite_ssim_by_category(
    pictures: np.ndarray, categories: np.ndarray, pairs: int = 500, seed: int = 0
) -> float:
    """Opposite SSIM within each category, and then the mean, weighted by number of pictures.

    A shirt and a shoe are unlike even where a generator draws one shirt and one shoe: only within
    a category does `opposite_ssim` see that. It is the idea of the within-class MS-SSIM of Odena
    et al., "Conditional Image Synthesis with Auxiliary Classifier GANs", ICML 2017.

    Bias: none, as random pairs stand for all. Real pictures of the same categories and size tell
    which number is good; noise is more diverse than they are, so higher alone is not better.
    Sample size: no category is surer than its pictures; 30 or more in each, and 500 pairs hold the
    error of the draw to about 0.01 for a category.

    Args:
        pictures: (n, H, W, 3) uint8, H and W >= 7.
        categories: (n,) names or numbers. Categories of a single picture are left out.
        pairs: How many random pairs of a category to compare, none twice; all where there are no
            more.
        seed: Of the draws.

    Returns:
        A number in [-1, 1]; -1 where each category is copies of one picture.

    Raises:
        ValueError: on another shape or dtype, or where no category has two pictures.
    """
    pictures, categories = _checked_pictures(pictures), np.asarray(categories)
    if categories.shape != (len(pictures),):
        raise ValueError(
            f"categories must be one for each of {len(pictures)} pictures, received shape "
            f"{categories.shape}"
        )
    if pairs < 1:
        raise ValueError(f"pairs must be 1 or more, received {pairs}")
    random = np.random.default_rng(seed)
    similarities, weights = [], []
    for category in np.unique(categories):
        members = np.flatnonzero(categories == category)
        if len(members) < 2:
            continue
        drawn = _drawn_pairs(len(members), pairs, random)
        similarities.append(_mean_similarity(pictures[members[pair]] for pair in drawn))
        weights.append(len(members))
    if not weights:
        raise ValueError("diversity within categories needs one with at least two pictures")
    return float(-np.average(similarities, weights=weights))


def _checked_pictures(pictures: np.ndarray) -> np.ndarray:
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise ValueError(
            f"pictures must be (n, H, W, 3) uint8, received {pictures.shape} {pictures.dtype}"
        )
    if min(pictures.shape[1:3]) < 7:
        raise ValueError(
            f"pictures must be 7x7 or larger for SSIM's window, received {pictures.shape}"
        )
    return pictures


def _mean_similarity(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    return float(
        np.mean(
            [
                structural_similarity(first, second, channel_axis=-1, data_range=255)
                for first, second in pairs
            ]
        )
    )


def _drawn_pairs(members: int, pairs: int, random: np.random.Generator) -> np.ndarray:
    """(P, 2) distinct pairs of 0..members-1, without a list of all: 10,000 make 50 million."""
    total = members * (members - 1) // 2
    number = random.choice(total, min(pairs, total), replace=False)
    # Pair (i, j), i < j, is number j (j - 1) / 2 + i.
    larger = ((1 + np.sqrt(1 + 8 * number)) // 2).astype(np.int64)
    return np.stack([number - larger * (larger - 1) // 2, larger], axis=1)
