"""Measures the attributes of a garment from the pixels of its picture.

The picture may come from anywhere, in particular from a generator: nothing about its origin is
used, only the shape of its category. Lengths and widths are read from the silhouette in the unit of
the attributes. The scale of each category is calibrated once by measuring drawn garments.
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
"""CIELAB distance from the background above which a pixel is garment; shadows are below it."""

_SMALLEST_COVERAGE = 0.02


class Measurement(NamedTuple):
    """The measured attributes of a garment.

    Attributes:
        lightness: L*, 0 to 100.
        chroma: C* of CIELAB.
        hue: Angle in the a*, b* plane in degrees; undefined if `chroma` is near 0.
        length: Length of sleeve, leg, hem, shaft or handle; 0 is short and 1 long, clipped to
            [-0.25, 1.25].
        width: Width of body, flare, leg, toe box or bag; 0 is slim and 1 wide, clipped likewise.
        coverage: Share of the picture that is garment. It is 0 if no garment was found; the other
            attributes are then neutral.

    Example:
        >>> red = Measurement(50.0, 60.0, 30.0, length=0.5, width=0.5, coverage=0.4)
        >>> red.lab.round(2).tolist()
        [50.0, 51.96, 30.0]
    """

    lightness: float
    chroma: float
    hue: float
    length: float
    width: float
    coverage: float

    @property
    def lab(self) -> np.ndarray:
        """Color in CIELAB, (3,) float64."""
        hue = np.radians(self.hue)
        return np.array([self.lightness, self.chroma * np.cos(hue), self.chroma * np.sin(hue)])


_NEUTRAL = Measurement(lightness=50.0, chroma=0.0, hue=0.0, length=0.5, width=0.5, coverage=0.0)


def measure(picture: np.ndarray, category: str) -> Measurement:
    """Measures the garment in a picture.

    The garment is the largest connected region that differs from the border of the picture. Its
    color is the median L*, a* and b* of its pixels away from its outline. The medians of a* and b*
    weight the hue of each pixel by its chroma, so that gray pixels do not influence the hue, and
    they ignore trimmings.

    Args:
        picture: (H, W, 3) uint8, RGB.
        category: One of `CATEGORIES`; it decides where on the silhouette to measure.

    Returns:
        The measurement. If no garment is found (an empty picture, or noise in specks) it is
        neutral: a medium gray of medium length and width with `coverage` 0. It has no NaN.

    Example:
        >>> picture = np.full((32, 32, 3), 250, np.uint8)
        >>> measure(picture, "Tops").coverage
        0.0
        >>> picture[8:24, 10:22] = (180, 40, 40)
        >>> round(measure(picture, "Tops").lightness)
        40
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
    """Returns the largest region that differs from the border of the picture, (H, W) bool."""
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    smooth = gaussian(lab, len(lab) / 80, channel_axis=-1)  # Ignores speckle.
    contrast = np.linalg.norm(smooth - np.median(border, axis=0), axis=-1)
    regions = np.asarray(label(contrast > _GARMENT_CONTRAST))
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    if not sizes.any():
        return np.zeros(regions.shape, bool)
    garment = (regions == sizes.argmax()).astype(np.uint8)
    return area_closing(garment, regions.size // 200).astype(bool)


def _away_from_outline(garment: np.ndarray) -> np.ndarray:
    """Returns the mask without its outermost pixels, unless that leaves none."""
    inside = isotropic_erosion(garment, garment.shape[0] / 32)
    return inside if inside.any() else garment


def _extents(garment: np.ndarray, category: str) -> tuple[float, float]:
    """Returns the two extents that determine length and width, as shares of the picture.

    The length of bags, dresses, skirts and trousers is their height, and their width that of their
    widest rows near the bottom. The sleeves of a top are spread, so that its bounding box is as
    wide as they are long; its body is measured near the hem. The shaft of a shoe is its height, and
    its bulk is the height of the toe.
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
    """Returns the affine map from extents to length and width by least squares, (2, 3).

    It depends on the size, because an outline is blurred over one pixel at every size.
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
