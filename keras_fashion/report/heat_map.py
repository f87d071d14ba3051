"""Maps over a picture, drawn for people: a heat overlay and the scale beside it."""

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from skimage.color import gray2rgb, rgb2gray
from skimage.transform import resize

_DPI = 100
_INK = "#333333"
_LINE = 17
"""Height of a line of text, in pixels."""
_STRONGEST = 0.85
"""Share of the colour where the map is at its limit; the rest is the picture."""


def heat_overlay(
    picture: np.ndarray, values: np.ndarray, limits: tuple[float, float], colours: str
) -> np.ndarray:
    """A picture in pale grey, coloured where a map is far from 0.

    Args:
        picture: (H, W, 3) uint8.
        values: (h, w) float, brought to (H, W).
        limits: What the first and the last colour stand for.
        colours: Of matplotlib's maps; white where the values are 0.

    Returns:
        (H, W, 3) uint8.
    """
    values = resize(values, picture.shape[:2], order=3, preserve_range=True)
    colour = matplotlib.colormaps[colours](Normalize(*limits, clip=True)(values))[..., :3]
    strength = np.clip(np.abs(values) / np.max(np.abs(limits)), 0, 1) ** 0.5 * _STRONGEST
    pale = 0.5 + 0.5 * gray2rgb(rgb2gray(picture))
    mixed = pale + strength[..., None] * (colour - pale)
    return np.round(255 * mixed).astype(np.uint8)


def heat_scale(
    limits: tuple[float, float], colours: str, meanings: dict[float, str], size: tuple[int, int]
) -> np.ndarray:
    """What the colours of `heat_overlay` mean.

    Args:
        limits: As there.
        colours: As there.
        meanings: Of some values, in words.
        size: Height and width in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    figure = _card(size)
    axis = figure.add_axes((0.08, 0.12, 0.1, 0.76))
    bar = figure.colorbar(ScalarMappable(Normalize(*limits), colours), cax=axis)
    bar.outline.set_visible(False)
    bar.set_ticks(list(meanings), labels=list(meanings.values()))
    bar.ax.tick_params(colors=_INK, labelsize=9, length=3)
    return _drawn(figure)


def text_card(lines: list[str], size: tuple[int, int]) -> np.ndarray:
    """Lines of text as a picture, (H, W, 3) uint8; "…" stands for those that have no room."""
    room = size[0] // _LINE - 1
    if len(lines) > room:
        lines = [*lines[: room - 1], "…"]
    figure = _card(size)
    for number, line in enumerate(lines, start=1):
        figure.text(0.06, 1 - number * _LINE / size[0], line, color=_INK, size=8.5, va="center")
    return _drawn(figure)


def _card(size: tuple[int, int]) -> Figure:
    return Figure(figsize=(size[1] / _DPI, size[0] / _DPI), dpi=_DPI)


def _drawn(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
