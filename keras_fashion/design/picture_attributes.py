"""Attributes that can be measured on any catalogue picture: color, silhouette and pattern."""

import numpy as np
import pandas as pd
from skimage.color import rgb2lab
from skimage.filters import gaussian
from skimage.measure import label

ATTRIBUTES = ("lightness", "redness", "yellowness", "length", "spread", "hem", "pattern")
"""What is measured."""

_CONTRAST = 4.5
"""CIELAB distance from the ground beyond which a pixel may be garment; soft shadows stay below."""

_FAINT = 0.25
"""Share of a strong contrast below which a pixel is none: a generator's haze, a hard shadow."""

_SPECKLE = 1 / 80
"""Of the picture's height: noise of the ground that is finer than this is smoothed away."""

_TEXTURE = 1 / 40
"""Of the picture's height: what varies within about this distance is pattern, not shading."""

_INSIDE = 0.95
"""Share of garment around a pixel from which on it counts as away from the outline."""


def picture_attributes(pictures: np.ndarray) -> pd.DataFrame:
    """Measures garments that are shown before a plain ground.

    The ground is the median color of a picture's border, and the garment the largest connected
    region that differs from it. A picture of nothing has the color of its ground and extents of
    0; never NaN.

    Args:
        pictures: (N, H, W, 3) uint8, RGB.

    Returns:
        N rows of float in the columns `ATTRIBUTES`:
        `lightness`, `redness` and `yellowness`: mean L*, a* and b* (CIELAB, D65) of the garment
        away from its outline;
        `length`: height of the silhouette, a share of the picture's;
        `spread`: width of the silhouette where it is widest from side to side, sleeves included,
        a share of the picture's;
        `hem`: width of the silhouette's lowest quarter, likewise (median of its rows);
        `pattern`: CIELAB distance of a pixel to the mean color around it, median over the same.
    """
    lab = rgb2lab(pictures.astype(np.float32) / 255)
    garment = _garment(lab)
    inside = _inside(garment)
    measured = (
        *_color(lab, inside).T,
        _extent(garment.any(axis=2)),
        _extent(garment.any(axis=1)),
        _hem(garment),
        _pattern(lab, inside),
    )
    return pd.DataFrame(dict(zip(ATTRIBUTES, measured, strict=True)))


def _ground(lab: np.ndarray) -> np.ndarray:
    """(N, 3): the median color of each picture's border."""
    border = [lab[:, 0], lab[:, -1], lab[:, :, 0], lab[:, :, -1]]
    return np.median(np.concatenate(border, axis=1), axis=1)


def _garment(lab: np.ndarray) -> np.ndarray:
    """(N, H, W) bool: the largest region that is unlike the ground."""
    speckle = _SPECKLE * lab.shape[1]
    smooth = gaussian(lab, (0, speckle, speckle), channel_axis=-1)
    contrast = np.linalg.norm(smooth - _ground(lab)[:, None, None], axis=-1)
    return np.stack([_largest_region(each) for each in contrast])


def _largest_region(contrast: np.ndarray) -> np.ndarray:
    """(H, W) bool of an (H, W) contrast; empty where nothing stands out."""
    candidates = contrast > _CONTRAST
    if not candidates.any():
        return candidates
    # Not the median: a photograph's own ground, framed in white, may be most of what differs.
    strong = np.percentile(contrast[candidates], 90)
    regions = label(candidates & (contrast > _FAINT * strong))
    return regions == np.bincount(regions[regions > 0]).argmax()


def _inside(garment: np.ndarray) -> np.ndarray:
    """(N, H, W) bool: the garment away from its outline, or all of it where that leaves nothing."""
    near = _TEXTURE * garment.shape[1]
    inside = garment & (gaussian(garment.astype(np.float32), (0, near, near)) > _INSIDE)
    return np.where(inside.any(axis=(1, 2), keepdims=True), inside, garment)


def _color(lab: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(N, 3): mean color of the garment; that of the ground where there is none."""
    pixels = inside.sum(axis=(1, 2))[:, None]
    mean = np.einsum("nhw,nhwc->nc", inside, lab) / np.maximum(pixels, 1)
    return np.where(pixels > 0, mean, _ground(lab))


def _extent(filled: np.ndarray) -> np.ndarray:
    """(N,): from the first to the last of (N, L) that is filled, as a share of L."""
    length = filled.shape[1]
    reach = length - filled.argmax(axis=1) - filled[:, ::-1].argmax(axis=1)
    return np.where(filled.any(axis=1), reach, 0) / length


def _hem(garment: np.ndarray) -> np.ndarray:
    """(N,): median width of the lowest quarter of the rows that hold garment."""
    hems = np.zeros(len(garment))
    for number, widths in enumerate(garment.mean(axis=2)):
        filled = widths[widths > 0]
        if len(filled):
            hems[number] = np.median(filled[3 * len(filled) // 4 :])
    return hems


def _pattern(lab: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(N,): how much the garment differs from its own surroundings."""
    near = _TEXTURE * lab.shape[1]
    around = gaussian(lab, (0, near, near), channel_axis=-1)
    difference = np.linalg.norm(lab - around, axis=-1)
    # Seams, buttons and other trimmings are few: the median passes over them.
    return np.array(
        [np.median(d[i]) if i.any() else 0.0 for d, i in zip(difference, inside, strict=True)]
    )
