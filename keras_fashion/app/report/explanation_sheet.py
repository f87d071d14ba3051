"""The sheet of pictures that shows why a picture is liked."""

import textwrap

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

from keras_fashion.app.report.sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.data import Catalogue
from keras_fashion.design.explanations import PATCHES, ComparedItem, Explanation
from keras_fashion.design.inversion import color_difference

_DPI = 100
_INK = "#333333"
_LINE = 17
"""Height of a line of text, in pixels."""
_STRONGEST = 0.85
"""Share of the color where the map is at its limit; the rest is the picture."""


def heat_overlay(
    picture: np.ndarray, values: np.ndarray, limits: tuple[float, float], colors: str
) -> np.ndarray:
    """A picture in pale gray, colored where a map is far from 0.

    Args:
        picture: (H, W, 3) uint8.
        values: (h, w) float, brought to (H, W).
        limits: What the first and the last color stand for.
        colors: Of matplotlib's maps; white where the values are 0.

    Returns:
        (H, W, 3) uint8.
    """
    values = resize(values, picture.shape[:2], order=3, preserve_range=True)
    color = matplotlib.colormaps[colors](Normalize(*limits, clip=True)(values))[..., :3]
    strength = np.clip(np.abs(values) / np.max(np.abs(limits)), 0, 1) ** 0.5 * _STRONGEST
    pale = 0.5 + 0.5 * gray2rgb(rgb2gray(picture))
    mixed = pale + strength[..., None] * (color - pale)
    return np.round(255 * mixed).astype(np.uint8)


def heat_scale(
    limits: tuple[float, float], colors: str, meanings: dict[float, str], size: tuple[int, int]
) -> np.ndarray:
    """What the colors of `heat_overlay` mean.

    Args:
        limits: As there.
        colors: As there.
        meanings: Of some values, in words.
        size: Height and width in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    figure = _card(size)
    axis = figure.add_axes((0.08, 0.12, 0.1, 0.76))
    bar = figure.colorbar(ScalarMappable(Normalize(*limits), colors), cax=axis)
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


HEIGHT = 192
"""Of each picture, in pixels."""
_RAISES, _DIFFERS = "RdBu", "Purples"
_FAR = 50.0
"""CIEDE2000 of the strongest purple: as of black and a medium gray."""
_CARD_COLUMNS = 25
"""Characters of a line on a card of text."""


def shown_size(encoder_size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a sheet's pictures, in the proportions of the encoder's."""
    return HEIGHT, round(HEIGHT * encoder_size[1] / encoder_size[0])


def explanation_sheet(
    catalogue: Catalogue, explanation: Explanation, shown: np.ndarray, name: str, who: str
) -> Image.Image:
    """Draws an explanation.

    Args:
        catalogue: Of the items.
        explanation: Of one picture.
        shown: (*shown_size, 3) uint8, the same picture, not as small as the encoder sees it.
        name: Of the picture.
        who: The user or the group.
    """
    size = shown.shape[:2]
    category = catalogue.categories[explanation.category]
    rows = [
        SheetRow(
            "as it is",
            [
                PictureGroup(
                    "the picture", shown[None], [f"preference {explanation.preference:.2f}"]
                ),
                PictureGroup("what drives the score", _influence_cards(explanation, shown)),
                _items("most alike", catalogue, explanation.alike, size),
            ],
        )
    ]
    if explanation.better is not None:
        rows.append(_better_row(catalogue, explanation, explanation.better, shown))
    title = f"{name} for {who}: {_liked(explanation.liked_less)} of the {category}"
    return picture_sheet(rows, title, HEIGHT)


def _influence_cards(explanation: Explanation, shown: np.ndarray) -> np.ndarray:
    # The edges of the single patches say nothing.
    influence = gaussian(explanation.influence, max(explanation.influence.shape) / (4 * PATCHES))
    limit = float(np.abs(influence).max()) or 1.0
    limits = (-limit, limit)
    meanings = {
        limit: f"raises the\nscore (+{limit:.2g})",
        0: "does nothing",
        -limit: f"lowers the\nscore (−{limit:.2g})",
    }
    return np.stack(
        [
            heat_overlay(shown, influence, limits, _RAISES),
            heat_scale(limits, _RAISES, meanings, shown.shape[:2]),
        ]
    )


def _better_row(
    catalogue: Catalogue, explanation: Explanation, better: ComparedItem, shown: np.ndarray
) -> SheetRow:
    size = shown.shape[:2]
    item = _items("nearest favorite", catalogue, [better], size)
    difference = color_difference(shown, item.pictures[0])
    limits = (0.0, _FAR)
    meanings = {_FAR: "another\ncolor", 0: "the same"}
    cards = [
        heat_overlay(shown, difference, limits, _DIFFERS),
        heat_scale(limits, _DIFFERS, meanings, size),
    ]
    groups = [item, PictureGroup("where the two differ", np.stack(cards))]
    if explanation.differences:
        lines = []
        for attribute, (has, wanted) in explanation.differences.items():
            lines += textwrap.wrap(f"{attribute.replace('_', ' ')}:", _CARD_COLUMNS)
            lines += textwrap.indent(
                textwrap.fill(f"{has} → {wanted}", _CARD_COLUMNS - 3), "   "
            ).splitlines()
        groups.append(PictureGroup("what would change", text_card(lines, size)[None]))
    return SheetRow("what would please", groups)


def _items(
    heading: str, catalogue: Catalogue, items: list[ComparedItem], size: tuple[int, int]
) -> PictureGroup:
    return PictureGroup(
        heading,
        catalogue.pictures_of([each.item for each in items], size),
        [_liked(each.liked_less) for each in items],
    )


def _liked(share: float) -> str:
    return f"liked better than {100 * share:.0f} %"
