"""The picture sheet that explains a preference, and the heat maps on it."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image
from skimage.color import gray2rgb, rgb2gray
from skimage.filters import gaussian
from skimage.transform import resize

from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.data import Catalogue
from keras_fashion.design.explanations import PATCHES, ComparedItem, Explanation
from keras_fashion.design.inversion import color_difference

HEIGHT = 192
"""Height of each picture, in pixels."""

_INFLUENCE_COLORS, _DIFFERENCE_COLORS = "RdBu", "Purples"
_LARGE_DIFFERENCE = 50.0  # CIEDE2000, as between black and a medium gray
_MAX_OPACITY = 0.85  # of the color over the picture, where the map is at its limit
_CARD_COLUMNS = 25  # characters
_LINE = 17  # pixels
_DPI = 100
_INK = "#333333"


def shown_size(encoder_size: tuple[int, int]) -> tuple[int, int]:
    """Returns the height and width of the sheet's pictures.

    Args:
        encoder_size: Height and width of the encoder's pictures, whose proportions are kept.

    Example:
        >>> shown_size((64, 48))
        (192, 144)
    """
    return HEIGHT, round(HEIGHT * encoder_size[1] / encoder_size[0])


def explanation_sheet(
    catalogue: Catalogue, explanation: Explanation, shown: np.ndarray, name: str, who: str
) -> Image.Image:
    """Draws an explanation.

    Args:
        catalogue: Catalogue of the items.
        explanation: Explanation of the preference for one picture.
        shown: The same picture at `shown_size`, of shape (H, W, 3), uint8.
        name: Name of the picture.
        who: Name of the user or the group.

    Returns:
        An RGB image.
    """
    size = (shown.shape[0], shown.shape[1])
    category = catalogue.categories[explanation.category]
    rows = [
        SheetRow(
            "as it is",
            [
                PictureGroup(
                    "the picture", shown[None], [f"preference {explanation.preference:.2f}"]
                ),
                PictureGroup("what drives the score", _influence_cards(explanation, shown)),
                _items("most similar", catalogue, explanation.similar_items, size),
            ],
        )
    ]
    if explanation.better is not None:
        rows.append(_better_row(catalogue, explanation, explanation.better, shown))
    title = f"{name} for {who}: {_liked(explanation.liked_less)} of the {category}"
    return picture_sheet(rows, title, HEIGHT)


def heat_overlay(
    picture: np.ndarray, values: np.ndarray, limits: tuple[float, float], colors: str
) -> np.ndarray:
    """Draws a map over a pale gray copy of a picture.

    Args:
        picture: Picture of shape (H, W, 3), uint8.
        values: Map of shape (h, w), float, which is resized to (H, W). Where it is 0, the picture
            shows; the farther it is from 0, the more of the color.
        limits: Values of the first and the last color.
        colors: Name of a matplotlib color map that is white at 0.

    Returns:
        A picture of shape (H, W, 3), uint8.

    Example:
        >>> import numpy as np
        >>> picture = np.full((8, 6, 3), 200, np.uint8)
        >>> heat_overlay(picture, np.zeros((4, 3)), (-1.0, 1.0), "RdBu").shape
        (8, 6, 3)
    """
    resized = np.asarray(resize(values, picture.shape[:2], order=3, preserve_range=True))
    color = matplotlib.colormaps[colors](Normalize(*limits, clip=True)(resized))[..., :3]
    opacity = np.clip(np.abs(resized) / np.max(np.abs(limits)), 0, 1) ** 0.5 * _MAX_OPACITY
    pale = 0.5 + 0.5 * gray2rgb(rgb2gray(picture))
    mixed = pale + opacity[..., None] * (color - pale)
    return np.round(255 * mixed).astype(np.uint8)


def heat_scale(
    limits: tuple[float, float], colors: str, labels: Mapping[float, str], size: tuple[int, int]
) -> np.ndarray:
    """Draws the scale of a heat map.

    Args:
        limits: Values of the first and the last color.
        colors: Name of the matplotlib color map.
        labels: Values and the texts beside them.
        size: Height and width in pixels.

    Returns:
        A picture of shape (H, W, 3), uint8.

    Example:
        >>> heat_scale((-1.0, 1.0), "RdBu", {1.0: "more", -1.0: "less"}, (192, 144)).shape
        (192, 144, 3)
    """
    figure = _card(size)
    axis = figure.add_axes((0.08, 0.12, 0.1, 0.76))
    bar = figure.colorbar(ScalarMappable(Normalize(*limits), colors), cax=axis)
    bar.outline.set_visible(False)
    bar.set_ticks(list(labels), labels=list(labels.values()))
    bar.ax.tick_params(colors=_INK, labelsize=9, length=3)
    return _pixels(figure)


def text_card(lines: Sequence[str], size: tuple[int, int]) -> np.ndarray:
    """Draws lines of text.

    Args:
        lines: Lines from top to bottom. "…" stands for those that do not fit.
        size: Height and width in pixels.

    Returns:
        A picture of shape (H, W, 3), uint8.

    Example:
        >>> text_card(["color:", "   red → blue"], (192, 144)).shape
        (192, 144, 3)
    """
    max_lines = size[0] // _LINE - 1
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], "…"]
    figure = _card(size)
    for number, line in enumerate(lines, start=1):
        figure.text(0.06, 1 - number * _LINE / size[0], line, color=_INK, size=8.5, va="center")
    return _pixels(figure)


def _influence_cards(explanation: Explanation, shown: np.ndarray) -> np.ndarray:
    # The edges of the single patches of the occlusion map mean nothing, so they are smoothed.
    influence = gaussian(explanation.influence, max(explanation.influence.shape) / (4 * PATCHES))
    limit = float(np.abs(influence).max()) or 1.0
    limits = (-limit, limit)
    labels = {
        limit: f"raises the\nscore (+{limit:.2g})",
        0: "no influence",
        -limit: f"lowers the\nscore (−{limit:.2g})",
    }
    size = (shown.shape[0], shown.shape[1])
    return np.stack(
        [
            heat_overlay(shown, influence, limits, _INFLUENCE_COLORS),
            heat_scale(limits, _INFLUENCE_COLORS, labels, size),
        ]
    )


def _better_row(
    catalogue: Catalogue, explanation: Explanation, better: ComparedItem, shown: np.ndarray
) -> SheetRow:
    size = (shown.shape[0], shown.shape[1])
    item = _items("nearest favorite", catalogue, [better], size)
    difference = color_difference(shown, item.pictures[0])
    limits = (0.0, _LARGE_DIFFERENCE)
    labels = {_LARGE_DIFFERENCE: "another\ncolor", 0: "the same"}
    cards = [
        heat_overlay(shown, difference, limits, _DIFFERENCE_COLORS),
        heat_scale(limits, _DIFFERENCE_COLORS, labels, size),
    ]
    groups = [item, PictureGroup("where the two differ", np.stack(cards))]
    if explanation.differences:
        lines = []
        for attribute, (value, better_value) in explanation.differences.items():
            lines += textwrap.wrap(f"{attribute.replace('_', ' ')}:", _CARD_COLUMNS)
            lines += textwrap.indent(
                textwrap.fill(f"{value} → {better_value}", _CARD_COLUMNS - 3), "   "
            ).splitlines()
        groups.append(PictureGroup("what would change", text_card(lines, size)[None]))
    return SheetRow("what would be liked better", groups)


def _items(
    heading: str, catalogue: Catalogue, items: Sequence[ComparedItem], size: tuple[int, int]
) -> PictureGroup:
    return PictureGroup(
        heading,
        catalogue.pictures_of([each.item for each in items], size),
        [_liked(each.liked_less) for each in items],
    )


def _liked(share: float) -> str:
    return f"liked better than {100 * share:.0f} %"


def _card(size: tuple[int, int]) -> Figure:
    return Figure(figsize=(size[1] / _DPI, size[0] / _DPI), dpi=_DPI)


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
