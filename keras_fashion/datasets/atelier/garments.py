"""Draws a garment of the atelier from its attributes."""

import numpy as np

from keras_fashion.datasets.atelier.accessories import bags, shoes
from keras_fashion.datasets.atelier.attributes import CATEGORIES
from keras_fashion.datasets.atelier.clothes import dresses, skirts, tops, trousers

_DRAW = {
    "Bags": bags,
    "Dresses": dresses,
    "Shoes": shoes,
    "Skirts": skirts,
    "Tops": tops,
    "Trousers": trousers,
}


def draw_garment(garment: np.void, size: int = 64) -> np.ndarray:
    """Draws one garment on the studio's near-white.

    Args:
        garment: one row of `GARMENT`.
        size: side of the picture in pixels; a garment looks the same at every size.

    Returns:
        Array (size, size, 3) of uint8, RGB.
    """
    return _DRAW[CATEGORIES[garment["category"]]](garment, size).picture()
