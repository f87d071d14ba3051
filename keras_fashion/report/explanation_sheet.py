"""Why somebody likes a picture, or does not, as a sheet that can be shown."""

import textwrap

import numpy as np
from PIL import Image
from skimage.filters import gaussian

from keras_fashion.catalogue import Catalogue
from keras_fashion.design.colour_difference import colour_difference
from keras_fashion.design.explanation import ComparedItem, Explanation
from keras_fashion.design.occlusion import PATCHES
from keras_fashion.report.heat_map import heat_overlay, heat_scale, text_card
from keras_fashion.report.sheets import PictureGroup, SheetRow, picture_sheet

HEIGHT = 192
"""Of each picture, in pixels."""
_RAISES, _DIFFERS = "RdBu", "Purples"
_FAR = 50.0
"""CIEDE2000 of the strongest purple: as of black and a medium grey."""
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
    item = _items("nearest favourite", catalogue, [better], size)
    difference = colour_difference(shown, item.pictures[0])
    limits = (0.0, _FAR)
    meanings = {_FAR: "another\ncolour", 0: "the same"}
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
