"""Opposite SSIM: how unlike one another the pictures of a set are."""

from itertools import combinations

import numpy as np
from skimage.metrics import structural_similarity


def opposite_ssim(pictures: np.ndarray) -> float:
    """Minus the mean structural similarity over all pairs of pictures; higher is more diverse.

    The diversity measure of DVBPR (Kang et al., "Visually-Aware Fashion Recommendation and Design
    with Generative Image Models", ICDM 2017, section V). SSIM is Wang et al. (2004) with
    scikit-image's uniform 7x7 window, each colour channel by itself and then averaged.

    Args:
        pictures: (n, H, W, 3) uint8, n >= 2, H and W >= 7.

    Returns:
        A number in [-1, 1]; -1 for n copies of one picture.

    Raises:
        ValueError: on fewer than two pictures, another shape or another dtype.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise ValueError(
            f"pictures must be (n, H, W, 3) uint8, received {pictures.shape} {pictures.dtype}"
        )
    if len(pictures) < 2:
        raise ValueError(f"diversity needs at least two pictures, received {len(pictures)}")
    similarities = [
        structural_similarity(first, second, channel_axis=-1, data_range=255)
        for first, second in combinations(pictures, 2)
    ]
    return float(-np.mean(similarities))
