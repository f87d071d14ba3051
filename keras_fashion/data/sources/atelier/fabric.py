"""The fabric of a garment, from its color, pattern and accent."""

from typing import NamedTuple

import numpy as np
from skimage.color import lab2rgb

from keras_fashion.data.sources.atelier.attributes import PATTERNS, garment_lab
from keras_fashion.data.sources.atelier.canvas import Canvas, seam

_PATTERN_CONTRAST = 0.65


class Fabric(NamedTuple):
    """The colors of a garment, as sRGB in [0, 1].

    Attributes:
        cloth: Color of the patterned cloth at each pixel, (size, size, 3).
        color: Color of the cloth without its pattern, (3,).
        accent: Color of trimmings and of the pattern, (3,).
        line: Color of seams, (3,).
    """

    cloth: np.ndarray
    color: np.ndarray
    accent: np.ndarray
    line: np.ndarray


def make_fabric(garment: np.void, canvas: Canvas, upright: bool = False) -> Fabric:
    """Returns the fabric of a garment.

    The pattern covers less than half of the cloth, so that the median color is that of the cloth.
    Its edges are one pixel wide, so that it is as smooth as the outlines.

    Args:
        garment: Scalar of dtype `GARMENT`.
        canvas: Canvas with the coordinates of the pixels.
        upright: Whether stripes are vertical instead of horizontal.

    Example:
        >>> from keras_fashion.data.sources.atelier.attributes import sample_garments
        >>> garment = sample_garments(np.random.default_rng(0), 1)[0]
        >>> make_fabric(garment, Canvas(16)).cloth.shape
        (16, 16, 3)
    """
    color, accent = lab2rgb([garment_lab(garment), garment_lab(garment, accent=True)])
    period = 0.17 + 0.17 * garment["pattern_scale"]
    across, along = (canvas.x, canvas.y) if upright else (canvas.y, canvas.x)
    match PATTERNS[garment["pattern"]]:
        case "stripes":
            amount = _bands(across, period, 0.36, canvas.size)
        case "checks":
            amount = 0.5 * (
                _bands(across, 1.5 * period, 0.28, canvas.size)
                + _bands(along, 1.5 * period, 0.28, canvas.size)
            )
        case "dots":
            amount = np.maximum(
                _dots(across, along, period, canvas.size),
                _dots(across + period / 2, along + period / 2, period, canvas.size),
            )
        case _:
            amount = np.zeros_like(canvas.x)
    amount = _PATTERN_CONTRAST * amount[..., None]
    cloth = color * (1 - amount) + accent * amount
    return Fabric(cloth, color, accent, seam(color))


def _bands(position: np.ndarray, period: float, share: float, size: int) -> np.ndarray:
    """Returns stripes, centered on 0, that fill a share of each period; values in [0, 1]."""
    distance = np.abs((position + period / 2) % period - period / 2)
    return _soft(share * period / 2 - distance, size)


def _dots(x: np.ndarray, y: np.ndarray, period: float, size: int) -> np.ndarray:
    """Returns dots on a square grid, one of them at the origin; values in [0, 1]."""
    dx = (x + period / 2) % period - period / 2
    dy = (y + period / 2) % period - period / 2
    return _soft(0.24 * period - np.hypot(dx, dy), size)


def _soft(inside: np.ndarray, size: int) -> np.ndarray:
    """Converts a signed distance in the frame to coverage, with an edge one pixel wide."""
    return np.clip(inside * size / 2 + 0.5, 0, 1)
