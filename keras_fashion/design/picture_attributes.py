"""Measurements of catalogue pictures without labels: color, silhouette and pattern."""

import numpy as np
import pandas as pd
from skimage.color import rgb2lab
from skimage.filters import gaussian
from skimage.measure import label

ATTRIBUTES = ("lightness", "redness", "yellowness", "length", "spread", "hem", "pattern")
"""Names of the measured attributes."""

_CONTRAST = 4.5
"""CIELAB distance from the background above which a pixel may be garment; soft shadows are less."""

_MINIMUM_SHARE = 0.25
"""Share of a strong contrast that garment has at least; haze and hard shadows have less."""

_NOISE_SCALE = 1 / 80
"""Standard deviation of the smoothing of background noise, as a share of the picture's height."""

_TEXTURE_SCALE = 1 / 40
"""Scale, as a share of the picture's height, below which variation is pattern, not shading."""

_INTERIOR_SHARE = 0.95
"""Share of garment around a pixel from which on the pixel lies away from the outline."""


def measure_attributes(pictures: np.ndarray) -> pd.DataFrame:
    """Measures garments that are shown before a plain background.

    The background color is the median color of the picture's border, and the garment is the
    largest connected region that differs from it. A picture without a garment has the color of its
    background and extents of 0, never NaN.

    Args:
        pictures: (N, H, W, 3) uint8 RGB.

    Returns:
        N rows of float in the columns `ATTRIBUTES`:
        `lightness`, `redness` and `yellowness`: mean L*, a* and b* (CIELAB, D65) of the garment
        away from its outline;
        `length`: height of the silhouette, as a share of the picture's height;
        `spread`: width of the silhouette from its leftmost to its rightmost pixel, sleeves
        included, as a share of the picture's width;
        `hem`: median width of the rows in the lowest quarter of the silhouette, likewise;
        `pattern`: median CIELAB distance of a pixel from the mean color around it, over the
        garment away from its outline.

    Example:
        >>> picture = np.full((1, 40, 40, 3), 255, np.uint8)
        >>> picture[0, 10:30, 15:25] = 0  # a black garment on white
        >>> row = measure_attributes(picture).iloc[0]
        >>> print(f"{row['lightness']:.0f} {row['length']:.2f} {row['spread']:.2f}")
        0 0.50 0.25
    """
    lab = rgb2lab(pictures.astype(np.float32) / 255)
    garment = _garment(lab)
    interior = _interior(garment)
    measured = (
        *_color(lab, interior).T,
        _extent(np.any(garment, axis=2)),
        _extent(np.any(garment, axis=1)),
        _hem(garment),
        _pattern(lab, interior),
    )
    return pd.DataFrame(dict(zip(ATTRIBUTES, measured, strict=True)))


def _background(lab: np.ndarray) -> np.ndarray:
    """Returns the median color of each picture's border, (N, 3)."""
    border = [lab[:, 0], lab[:, -1], lab[:, :, 0], lab[:, :, -1]]
    return np.median(np.concatenate(border, axis=1), axis=1)


def _garment(lab: np.ndarray) -> np.ndarray:
    """Returns the mask of the largest region that differs from the background, (N, H, W) bool."""
    sigma = _NOISE_SCALE * lab.shape[1]
    smooth = gaussian(lab, (0, sigma, sigma), channel_axis=-1)
    contrast = np.linalg.norm(smooth - _background(lab)[:, None, None], axis=-1)
    return np.stack([_largest_region(each) for each in contrast])


def _largest_region(contrast: np.ndarray) -> np.ndarray:
    """Returns the mask of the largest region in an (H, W) contrast; empty without contrast."""
    candidates = contrast > _CONTRAST
    if not candidates.any():
        return candidates
    # A high percentile instead of the median: the background of a photograph with a white frame
    # may be most of what differs from the border.
    strong = np.percentile(contrast[candidates], 90)
    regions = label(candidates & (contrast > _MINIMUM_SHARE * strong))
    return regions == np.bincount(regions[regions > 0]).argmax()


def _interior(garment: np.ndarray) -> np.ndarray:
    """Returns the garment away from its outline, or all of a garment that has no interior."""
    sigma = _TEXTURE_SCALE * garment.shape[1]
    surrounding = gaussian(garment.astype(np.float32), (0, sigma, sigma))
    interior = garment & (surrounding > _INTERIOR_SHARE)
    return np.where(interior.any(axis=(1, 2), keepdims=True), interior, garment)


def _color(lab: np.ndarray, interior: np.ndarray) -> np.ndarray:
    """Returns the mean color of each garment, (N, 3); without a garment, of the background."""
    pixels = interior.sum(axis=(1, 2))[:, None]
    mean = np.einsum("nhw,nhwc->nc", interior, lab) / np.maximum(pixels, 1)
    return np.where(pixels > 0, mean, _background(lab))


def _extent(occupied: np.ndarray) -> np.ndarray:
    """Returns the length from the first to the last True of (N, L) bool, as a share of L."""
    length = occupied.shape[1]
    extent = length - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), extent, 0) / length


def _hem(garment: np.ndarray) -> np.ndarray:
    """Returns the median width of the lowest quarter of the rows with garment, (N,)."""
    hems = np.zeros(len(garment))
    for number, widths in enumerate(garment.mean(axis=2)):
        occupied = widths[widths > 0]
        if len(occupied):
            hems[number] = np.median(occupied[3 * len(occupied) // 4 :])
    return hems


def _pattern(lab: np.ndarray, interior: np.ndarray) -> np.ndarray:
    """Returns the median difference of the garment's pixels from their surroundings, (N,)."""
    sigma = _TEXTURE_SCALE * lab.shape[1]
    surroundings = gaussian(lab, (0, sigma, sigma), channel_axis=-1)
    difference = np.linalg.norm(lab - surroundings, axis=-1)
    # The median ignores seams, buttons and other trimmings, which are few.
    return np.array(
        [
            np.median(each[mask]) if mask.any() else 0.0
            for each, mask in zip(difference, interior, strict=True)
        ]
    )
