"""An item and its redesign, step by step."""

import numpy as np
from PIL import Image

from keras_fashion.design.redesign import Redesign
from keras_fashion.report.sheets import PictureGroup, SheetRow, picture_sheet


def redesign_sheet(
    original: np.ndarray, strip: Redesign, liked_less: np.ndarray, title: str
) -> Image.Image:
    """The original, the generator's nearest picture to it, and the way from there.

    Args:
        original: (H, W, 3) uint8.
        strip: n frames.
        liked_less: (n + 1,) float, the share of the category's items that the user likes less
            than the original and than each frame.
        title: Above everything.
    """
    captions = [
        f"{share:.0%}, {real:.2f}, {far:.2f}"
        for share, real, far in zip(liked_less[1:], strip.realism, strip.distance, strict=True)
    ]
    groups = [
        PictureGroup("original", original[None], [f"{liked_less[0]:.0%}"]),
        PictureGroup("generator's nearest", strip.pictures[:1], captions[:1]),
        PictureGroup(
            "redesign: items liked less, realism (1: real), distance (0: the original)",
            strip.pictures[1:],
            captions[1:],
        ),
    ]
    return picture_sheet([SheetRow("", groups)], title)
