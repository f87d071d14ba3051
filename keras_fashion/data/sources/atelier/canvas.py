"""Outlines in the plane, and an anti-aliased canvas that composes layers of cloth.

The frame is [-1, 1] in x and y, with y pointing down. An outline is an array of its points, (n, 2).
"""

import numpy as np
from numpy.typing import ArrayLike
from skimage.filters import gaussian

Color = np.ndarray
"""A color, (3,), or a color for each pixel, (size, size, 3); sRGB in [0, 1]."""

_OVERSAMPLING = 4
BACKGROUND = 0.975
"""Gray level of the background, sRGB in [0, 1]: nearly white."""


def curve(*points: ArrayLike, steps: int = 10) -> np.ndarray:
    """Returns the points of a Bézier curve.

    Args:
        *points: Control points (x, y). The curve begins at the first and ends at the last.
        steps: Number of line segments.

    Returns:
        (steps + 1, 2) float64.

    Example:
        >>> curve((0, 0), (1, 2), (2, 0), steps=2).tolist()
        [[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]]
    """
    control = np.asarray(points, dtype=np.float64)
    t = np.linspace(0, 1, steps + 1)[:, None, None]
    control = np.broadcast_to(control, (steps + 1, *control.shape))
    while control.shape[1] > 1:  # De Casteljau's algorithm.
        control = (1 - t) * control[:, :-1] + t * control[:, 1:]
    return control[:, 0]


def mirrored(*parts: ArrayLike) -> np.ndarray:
    """Completes the right half of a symmetric outline with its mirror image.

    Args:
        *parts: Points (n, 2) of the right half, from top to bottom.

    Example:
        >>> mirrored(np.array([[0.0, -1.0], [1.0, 0.0]])).tolist()
        [[0.0, -1.0], [1.0, 0.0], [-1.0, 0.0], [-0.0, -1.0]]
    """
    half = np.concatenate([np.atleast_2d(part) for part in parts])
    return np.concatenate([half, half[::-1] * (-1, 1)])


def flipped(outline: np.ndarray) -> np.ndarray:
    """Returns the mirror image of an outline about the vertical axis."""
    return outline * (-1, 1)


def ribbon(path: np.ndarray, width: float) -> np.ndarray:
    """Returns the outline of a stroke of a given width along an open path (n, 2)."""
    along = np.gradient(path, axis=0)
    across = along[:, ::-1] * (-1, 1) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    side = across * width / 2
    return np.concatenate([path + side, (path - side)[::-1]])


def ellipse(x: float, y: float, rx: float, ry: float) -> np.ndarray:
    """Returns the outline of an ellipse with center (x, y) and radii rx and ry."""
    angle = np.linspace(0, 2 * np.pi, 25)[:-1]
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def coverage(outline: np.ndarray, size: int) -> np.ndarray:
    """Returns the share of each pixel that a closed outline covers (nonzero winding rule).

    This is ours because scikit-image's `polygon2mask`, which gives the same mask, tests every pixel
    against every edge and is thirty times slower at this size. Here each edge flips the rows that
    it crosses.

    Args:
        outline: (n, 2), points in the frame.
        size: Height and width of the picture in pixels.

    Returns:
        (size, size) float64 in [0, 1].

    Example:
        >>> right_half = np.array([(0, -1), (1, -1), (1, 1), (0, 1)])
        >>> coverage(right_half, 4)[0].tolist()
        [0.0, 0.0, 1.0, 1.0]
    """
    pixels = (outline + 1) * size / 2
    low = np.floor(pixels.min(axis=0)).clip(0, size).astype(int)
    high = np.ceil(pixels.max(axis=0)).clip(0, size).astype(int)
    width, height = np.maximum(high - low, 0)
    result = np.zeros((size, size))
    if width * height == 0:
        return result
    # In subpixels of the bounding box, whose centers have integer coordinates.
    start = (pixels - low) * _OVERSAMPLING - 0.5
    end = np.roll(start, -1, axis=0)
    rows = np.arange(height * _OVERSAMPLING)[:, None]
    up, down = start[:, 1] > rows, end[:, 1] > rows
    row, edge = np.nonzero(up != down)
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    columns = width * _OVERSAMPLING
    column = np.ceil(x0 + (row - y0) * (x1 - x0) / (y1 - y0)).clip(0, columns).astype(np.int64)
    turn = np.where(up[row, edge], 1, -1)
    turns = np.bincount(row * (columns + 1) + column, turn, len(rows) * (columns + 1))
    winding = turns.reshape(len(rows), columns + 1)[:, :columns].astype(np.int8)
    inside = winding.cumsum(axis=1, dtype=np.int8) != 0
    box = inside.reshape(height, _OVERSAMPLING, width, _OVERSAMPLING)
    result[low[1] : high[1], low[0] : high[0]] = box.sum(axis=(1, 3), dtype=np.int16)
    return result / _OVERSAMPLING**2


class Canvas:
    """A picture that is composed of layers of cloth and details over a background.

    Args:
        size: Height and width of the picture in pixels.

    Attributes:
        size: Height and width of the picture in pixels.
        x: Horizontal coordinate of the center of each pixel in the frame, (size, size).
        y: Vertical coordinate of the center of each pixel in the frame, (size, size).

    Example:
        >>> canvas = Canvas(16)
        >>> canvas.cloth(ellipse(0, 0, 0.5, 0.5), np.array([0.8, 0.1, 0.1]))
        >>> picture = canvas.picture()
        >>> picture.shape, picture.dtype
        ((16, 16, 3), dtype('uint8'))
    """

    def __init__(self, size: int) -> None:
        self.size = size
        centers = (np.arange(size) + 0.5) * 2 / size - 1
        self.x, self.y = np.meshgrid(centers, centers)
        self._color = np.zeros((size, size, 3))
        self._alpha = np.zeros((size, size))

    def cloth(self, outline: np.ndarray, fabric: Color, folds: np.ndarray | float = 0.0) -> None:
        """Adds a piece of cloth, shaded toward its edge and with a darker outline.

        Args:
            outline: (n, 2), closed.
            fabric: Color of the cloth, uniform or by pixel.
            folds: Relative lightness of folds, added to the shading: (size, size) or a number.
        """
        cover = coverage(outline, self.size)
        body = gaussian(cover, 0.055 * self.size, mode="constant")
        shade = 0.82 + 0.19 * body - 0.03 * self.x + folds
        self._compose(cover, np.broadcast_to(fabric, self._color.shape) * shade[..., None])
        closed = np.concatenate([outline, outline[:2]])
        self.trim(ribbon(closed, 0.035), seam(fabric), 0.6)

    def trim(self, outline: np.ndarray, color: Color, opacity: float = 1.0) -> None:
        """Adds a flat detail such as a seam, button or band, visible only where there is cloth."""
        cover = coverage(outline, self.size) * opacity
        self._color += cover[..., None] * (color * self._alpha[..., None] - self._color)

    def stroke(self, path: np.ndarray, width: float, color: Color, opacity: float = 1.0) -> None:
        """Adds a line along an open path (n, 2), visible only where there is cloth."""
        self.trim(ribbon(path, width), color, opacity)

    def picture(self) -> np.ndarray:
        """Returns the picture with a soft shadow on the background, (size, size, 3) uint8."""
        shadow = gaussian(self._alpha, 0.035 * self.size, mode="constant")
        shadow = np.roll(shadow, round(0.025 * self.size), axis=0)
        ground = BACKGROUND - 0.055 * shadow[..., None]
        composed = self._color + (1 - self._alpha[..., None]) * ground
        return np.round(np.clip(composed, 0, 1) * 255).astype(np.uint8)

    def _compose(self, cover: np.ndarray, color: np.ndarray) -> None:
        """Composes a layer over the picture (premultiplied alpha)."""
        cover3 = cover[..., None]
        self._color = color * cover3 + self._color * (1 - cover3)
        self._alpha = cover + self._alpha * (1 - cover)


def seam(fabric: Color) -> np.ndarray:
    """Returns the color of a seam, which is darker than the fabric, or lighter if that is black."""
    color = np.reshape(fabric, (-1, 3)).mean(axis=0)
    return color * 0.62 if color.mean() > 0.22 else color + 0.16
