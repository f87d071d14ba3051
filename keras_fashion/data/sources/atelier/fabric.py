"""What a garment is made of, from its color, pattern and accent."""

from typing import NamedTuple

import numpy as np
from skimage.color import lab2rgb

from keras_fashion.data.sources.atelier.attributes import PATTERNS, garment_lab
from keras_fashion.data.sources.atelier.canvas import Canvas, seam

_PATTERN_CONTRAST = 0.65


class Fabric(NamedTuple):
    """What a garment is made of; colors are sRGB in [0, 1].

    Attributes:
        cloth: (size, size, 3), the color of the patterned cloth at each pixel.
        color: (3,), the cloth's own color.
        accent: (3,), of trimmings, and of the pattern where it covers the cloth.
        line: (3,), of seams.
    """

    cloth: np.ndarray
    color: np.ndarray
    accent: np.ndarray
    line: np.ndarray


def fabric(garment: np.void, canvas: Canvas, upright: bool = False) -> Fabric:
    """Returns the garment's fabric.

    The pattern covers less than half of the cloth, so that the cloth's own color stays its
    median; its edges are a pixel wide, so that it is as smooth as the outlines.

    Args:
        garment: one row of `GARMENT`.
        canvas: gives the pixels' coordinates.
        upright: stripes run upwards in place of across.
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
    """Bands `period` apart that fill `share` of it, centered on zero; in [0, 1]."""
    distance = np.abs((position + period / 2) % period - period / 2)
    return _soft(share * period / 2 - distance, size)


def _dots(x: np.ndarray, y: np.ndarray, period: float, size: int) -> np.ndarray:
    """Dots on a square grid, one of them at the origin; in [0, 1]."""
    dx = (x + period / 2) % period - period / 2
    dy = (y + period / 2) % period - period / 2
    return _soft(0.24 * period - np.hypot(dx, dy), size)


def _soft(inside: np.ndarray, size: int) -> np.ndarray:
    """Turns a signed distance (frame units) into coverage with an edge one pixel wide."""
    return np.clip(inside * size / 2 + 0.5, 0, 1)
