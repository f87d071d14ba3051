"""Measures a garment's attributes from the pixels of its picture alone.

The picture may come from anywhere, a generator above all: nothing of how it was made is used, only
the shape of its category. Lengths and widths are read off the silhouette in the unit of the
attributes; the scale of each category is gauged once by measuring drawn garments.
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from skimage.color import rgb2lab
from skimage.filters import gaussian
from skimage.measure import label
from skimage.morphology import area_closing, isotropic_erosion

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, GARMENT
from keras_fashion.data.sources.atelier.garments import draw_garment

_GARMENT_CONTRAST = 4.5
"""CIELAB distance from the background beyond which a pixel is garment; shadows stay below."""

_SMALLEST_COVERAGE = 0.02


class Measurement(NamedTuple):
    """What a picture shows.

    Attributes:
        lightness: L*, 0 to 100.
        chroma: C* of CIELAB.
        hue: degrees in the a*, b* plane; without meaning where `chroma` is near 0.
        length: sleeve, leg, hem, shaft or handle; 0 short, 1 long, clipped to [-0.25, 1.25].
        width: body, flare, leg, toe box or bag; 0 slim, 1 wide, clipped likewise.
        coverage: share of the frame that is garment. 0 says that nothing was found and that the
            other attributes are the neutral ones.
    """

    lightness: float
    chroma: float
    hue: float
    length: float
    width: float
    coverage: float

    @property
    def lab(self) -> np.ndarray:
        """The color in CIELAB, (3,)."""
        hue = np.radians(self.hue)
        return np.array([self.lightness, self.chroma * np.cos(hue), self.chroma * np.sin(hue)])


_NEUTRAL = Measurement(lightness=50.0, chroma=0.0, hue=0.0, length=0.5, width=0.5, coverage=0.0)


def measure(picture: np.ndarray, category: str) -> Measurement:
    """Measures the garment in a picture.

    The color is the median L*, a* and b* of the garment's pixels away from its outline: the
    medians of a* and b* weigh each pixel's hue by its chroma, so that gray pixels have no say in
    the hue, and ignore trimmings. The garment is the largest connected region that differs from
    the border of the picture.

    Args:
        picture: (H, W, 3) uint8, RGB.
        category: one of `CATEGORIES`; says where on the silhouette to look.

    Returns:
        The measurement. Where nothing stands out (an empty picture, pure noise in specks) it is
        neutral: a medium gray of medium length and width with `coverage` 0. Never NaN.
    """
    lab = rgb2lab(picture)
    garment = _garment_mask(lab)
    coverage = garment.mean()
    if coverage < _SMALLEST_COVERAGE:
        return _NEUTRAL
    lightness, a, b = np.median(lab[_away_from_outline(garment)], axis=0)
    length, width = np.clip(
        _ruler(category, len(picture)) @ [*_extents(garment, category), 1], -0.25, 1.25
    )
    return Measurement(
        lightness=float(lightness),
        chroma=float(np.hypot(a, b)),
        hue=float(np.degrees(np.arctan2(b, a)) % 360),
        length=float(length),
        width=float(width),
        coverage=float(coverage),
    )


def _garment_mask(lab: np.ndarray) -> np.ndarray:
    """Returns (H, W) bool: the largest region unlike the border of the picture."""
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    smooth = gaussian(lab, len(lab) / 80, channel_axis=-1)  # a generator's speckle is no garment
    contrast = np.linalg.norm(smooth - np.median(border, axis=0), axis=-1)
    regions = label(contrast > _GARMENT_CONTRAST)
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    if not sizes.any():
        return np.zeros(regions.shape, bool)
    garment = (regions == sizes.argmax()).astype(np.uint8)
    return area_closing(garment, regions.size // 200).astype(bool)


def _away_from_outline(garment: np.ndarray) -> np.ndarray:
    """Returns the mask without its outermost pixels, unless that leaves nothing."""
    inside = isotropic_erosion(garment, garment.shape[0] / 32)
    return inside if inside.any() else garment


def _extents(garment: np.ndarray, category: str) -> tuple[float, float]:
    """Returns the two extents, as shares of the frame, that tell length and width.

    Bags, dresses, skirts and trousers are as long as they are high, and as wide as their fullest
    rows near the bottom. A top's sleeves spread, so that its box is as wide as they are long; its
    body is read near the hem. A shoe's shaft is its height; its bulk is the height of the toe.
    """
    rows, columns = np.flatnonzero(garment.any(axis=1)), np.flatnonzero(garment.any(axis=0))
    box = garment[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = garment.shape
    if category == "Tops":
        hem = box[int(0.86 * len(box)) :]
        return box.shape[1] / width, np.median(hem.sum(axis=1)) / width
    if category == "Shoes":
        toe = box[:, int(0.72 * box.shape[1]) : int(0.90 * box.shape[1]) + 1]
        return box.shape[0] / height, toe.sum(axis=0).mean() / height
    lower = np.sort(box[int(0.7 * len(box)) :].sum(axis=1))
    return box.shape[0] / height, lower[len(lower) // 2 :].mean() / width


@lru_cache
def _ruler(category: str, size: int) -> np.ndarray:
    """Returns (2, 3): the affine map from extents to length and width, by least squares.

    It depends on the size, because an outline is blurred over a pixel at every size.
    """
    garment = np.zeros((), GARMENT)
    garment["category"] = CATEGORIES.index(category)
    garment["lightness"], garment["accent_lightness"] = 40, 40
    extents, attributes = [], []
    for length, width, cut in product(np.linspace(0, 1, 5), np.linspace(0, 1, 5), (0.2, 0.8)):
        garment["length"], garment["width"], garment["cut"] = length, width, cut
        mask = _garment_mask(rgb2lab(draw_garment(garment, size)))
        extents.append([*_extents(mask, category), 1])
        attributes.append([length, width])
    return np.linalg.lstsq(np.array(extents), np.array(attributes))[0].T
