"""An anti-aliased canvas on which cloth is laid in layers."""

import numpy as np
from skimage.filters import gaussian

Color = np.ndarray  # (3,) or (size, size, 3), sRGB in [0, 1]

_OVERSAMPLING = 4
BACKGROUND = 0.975
"""The studio's near-white, as sRGB in [0, 1]."""


def curve(*points: tuple[float, float], steps: int = 10) -> np.ndarray:
    """Returns a Bézier curve through its first and last control point: (steps + 1, 2) of x, y."""
    control = np.asarray(points, dtype=np.float64)
    t = np.linspace(0, 1, steps + 1)[:, None, None]
    control = np.broadcast_to(control, (steps + 1, *control.shape))
    while control.shape[1] > 1:  # de Casteljau
        control = (1 - t) * control[:, :-1] + t * control[:, 1:]
    return control[:, 0]


def mirrored(*parts: np.ndarray) -> np.ndarray:
    """Closes the right half of an outline (parts from top to bottom) with its mirror image."""
    half = np.concatenate([np.atleast_2d(part) for part in parts])
    return np.concatenate([half, half[::-1] * (-1, 1)])


def flipped(outline: np.ndarray) -> np.ndarray:
    """Returns the outline's mirror image about the vertical axis."""
    return outline * (-1, 1)


def ribbon(path: np.ndarray, width: float) -> np.ndarray:
    """Returns the outline of a stroke of the given width along an open path (n, 2)."""
    along = np.gradient(path, axis=0)
    across = along[:, ::-1] * (-1, 1) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    side = across * width / 2
    return np.concatenate([path + side, (path - side)[::-1]])


def ellipse(x: float, y: float, rx: float, ry: float) -> np.ndarray:
    """Returns the outline of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, 25)[:-1]
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def coverage(outline: np.ndarray, size: int) -> np.ndarray:
    """Returns which share of each pixel a closed outline covers (non-zero winding).

    scikit-image's `polygon2mask` gives the same mask but tests every pixel against every edge,
    which is thirty times slower at this size; here each edge flips the rows it crosses.

    Args:
        outline: (n, 2) of x, y in the frame [-1, 1] x [-1, 1], y downwards.
        size: side of the picture in pixels.

    Returns:
        Array (size, size) of float64 in [0, 1].
    """
    pixels = (outline + 1) * size / 2
    low = np.floor(pixels.min(axis=0)).clip(0, size).astype(int)
    high = np.ceil(pixels.max(axis=0)).clip(0, size).astype(int)
    width, height = np.maximum(high - low, 0)
    result = np.zeros((size, size))
    if width * height == 0:
        return result
    # In fine pixels of the bounding box, whose centers are the integers.
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
    """Layers of cloth and trimmings, composed over a studio background at the end.

    Args:
        size: side of the picture in pixels.
        shift: what is added to every y, in frame units: centers a short garment.
    """

    def __init__(self, size: int, shift: float = 0.0) -> None:
        self.size = size
        self.shift = shift
        centers = (np.arange(size) + 0.5) * 2 / size - 1
        self.x, self.y = np.meshgrid(centers, centers - shift)
        """Frame coordinates of the pixels' centers, (size, size) each."""
        self._color = np.zeros((size, size, 3))
        self._alpha = np.zeros((size, size))

    def cloth(self, outline: np.ndarray, fabric: Color, folds: np.ndarray | float = 0.0) -> None:
        """Lays a piece of cloth: rounded by shading towards its edge, with a darker outline.

        Args:
            outline: (n, 2), closed.
            fabric: its color or color field.
            folds: relative lightness of folds, added to the shading; (size, size) or a number.
        """
        cover = self._coverage(outline)
        body = gaussian(cover, 0.055 * self.size, mode="constant")
        shade = 0.82 + 0.19 * body - 0.03 * self.x + folds
        self._lay(cover, np.broadcast_to(fabric, self._color.shape) * shade[..., None])
        closed = np.concatenate([outline, outline[:2]])
        self.trim(ribbon(closed, 0.035), seam(fabric), 0.6)

    def trim(self, outline: np.ndarray, color: Color, opacity: float = 1.0) -> None:
        """Paints a detail flat and only where there is cloth (a seam, a button, a band)."""
        cover = self._coverage(outline) * opacity
        self._color += cover[..., None] * (color * self._alpha[..., None] - self._color)

    def stroke(self, path: np.ndarray, width: float, color: Color, opacity: float = 1.0) -> None:
        """Paints a line along an open path, only where there is cloth."""
        self.trim(ribbon(path, width), color, opacity)

    def picture(self) -> np.ndarray:
        """Returns the picture, (size, size, 3) uint8, with a soft shadow on the studio's white."""
        shadow = gaussian(self._alpha, 0.035 * self.size, mode="constant")
        shadow = np.roll(shadow, round(0.025 * self.size), axis=0)
        ground = BACKGROUND - 0.055 * shadow[..., None]
        composed = self._color + (1 - self._alpha[..., None]) * ground
        return np.round(np.clip(composed, 0, 1) * 255).astype(np.uint8)

    def _coverage(self, outline: np.ndarray) -> np.ndarray:
        return coverage(outline + np.array([0.0, self.shift]), self.size)

    def _lay(self, cover: np.ndarray, color: np.ndarray) -> None:
        """Composes over what lies there already (premultiplied)."""
        cover3 = cover[..., None]
        self._color = color * cover3 + self._color * (1 - cover3)
        self._alpha = cover + self._alpha * (1 - cover)


def seam(fabric: Color) -> np.ndarray:
    """Returns the color of a seam: darker than the fabric, lighter on a fabric near black."""
    color = np.reshape(fabric, (-1, 3)).mean(axis=0)
    return color * 0.62 if color.mean() > 0.22 else color + 0.16
