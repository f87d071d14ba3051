"""Edited designs as a sheet: a row a design, a column a strength."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_fashion.report.sheets import PictureGroup, SheetRow, picture_sheet


def edit_sheet(
    pictures: np.ndarray, values: np.ndarray, strengths: Sequence[float], title: str
) -> Image.Image:
    """Draws edits.

    Args:
        pictures: (n, S, H, W, 3) uint8.
        values: (n, S), the attribute as it is measured on each picture; stands below it.
        strengths: S of them; they stand above the columns.
        title: Above everything.
    """
    rows = [
        SheetRow(
            f"code {number}",
            [
                PictureGroup(f"{strength:+g}", picture[None], [f"{value:.3g}"])
                for strength, picture, value in zip(strengths, row, measured, strict=True)
            ],
        )
        for number, (row, measured) in enumerate(zip(pictures, values, strict=True), start=1)
    ]
    return picture_sheet(rows, title)
