"""Drawings of shoes and bags, and the drawing of any garment from its attributes.

Coordinates are those of the frame, see `canvas`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_fashion.data.sources.atelier.attributes import CATEGORIES
from keras_fashion.data.sources.atelier.canvas import Canvas, curve, ellipse, mirrored, ribbon
from keras_fashion.data.sources.atelier.clothes import dresses, skirts, tops, trousers
from keras_fashion.data.sources.atelier.fabric import make_fabric


def shoes(garment: np.void, size: int) -> Canvas:
    """Draws a shoe from the side. `length` is its shaft; `width` is the bulk of toe and sole."""
    shaft = 0.06 + 0.92 * garment["length"]
    bulk = 0.20 + 0.20 * garment["width"]
    heel = 0.25 * max(garment["cut"] - 0.45, 0) / 0.55
    sole = 0.07 + 0.07 * garment["width"]
    ground = 0.42 + 0.36 * garment["length"]
    canvas = Canvas(size)
    cloth, _, accent, line = make_fabric(garment, canvas)
    base = ground - sole
    back = base - heel
    top = base - 0.47 - shaft
    toe = 0.86
    if heel > 0:
        block = [(-0.76, back - 0.1), (-0.40, back - 0.02), (-0.50, ground), (-0.74, ground)]
        canvas.cloth(np.array(block), accent * 0.9)
    under = np.concatenate(
        [
            curve((-0.78, back), (-0.35, back + 0.02), (-0.02, base), (0.3, base)),
            curve((0.3, base), (toe, base), (toe + 0.03, base - 0.06)),
            curve((toe + 0.04, ground), (0.3, ground), steps=4),
            curve((0.3, ground), (-0.05, ground), (-0.35, back + sole), (-0.80, back + sole)),
        ]
    )
    upper = np.concatenate(
        [
            curve((-0.78, back), (-0.86, back - 0.28), (-0.72, top + 0.1), (-0.72, top)),
            curve((-0.72, top), (-0.42, top + 0.07), (-0.14, top + 0.02)),
            curve((-0.14, top + 0.02), (-0.10, base - 0.40), (0.12, base - bulk - 0.14)),
            curve((0.12, base - bulk - 0.14), (0.30, base - bulk), (0.52, base - bulk + 0.02)),
            curve((0.52, base - bulk + 0.02), (toe + 0.02, base - bulk + 0.06), (toe, base)),
            curve((toe, base), (0.3, base), steps=4),
            curve((0.3, base), (-0.02, base), (-0.35, back + 0.02), (-0.78, back)),
        ]
    )
    ankle = np.exp(-(((canvas.x + 0.15) / 0.3) ** 2) - ((canvas.y - back + 0.38) / 0.12) ** 2)
    canvas.cloth(upper, cloth, -0.09 * ankle)
    canvas.cloth(under, 0.75 * accent + 0.25)
    canvas.stroke(curve((-0.74, top + 0.07), (-0.42, top + 0.14), (-0.1, top + 0.09)), 0.03, line)
    cap = curve((0.46, base - bulk - 0.05), (0.62, base - bulk / 2), (0.56, base))
    counter = curve((-0.80, back - 0.34), (-0.46, back - 0.28), (-0.48, back))
    for path in (cap, counter):
        canvas.stroke(path, 0.026, line, 0.7)
    if heel > 0:
        strap = curve((-0.80, back - 0.40), (-0.4, back - 0.34), (0.0, back - 0.42))
        canvas.stroke(strap, 0.07, accent, 0.85)
    else:
        for step in np.linspace(0, 1, 4 + round(4 * garment["length"])):
            x, y = 0.20 - 0.34 * min(1, step * 1.6), base - bulk - 0.04 - (0.28 + shaft) * step
            canvas.stroke(curve((x - 0.13, y + 0.05), (x + 0.06, y), steps=2), 0.036, accent)
    return canvas


def bags(garment: np.void, size: int) -> Canvas:
    """Draws a bag. `length` is the drop of the handle; `cut` decides on pocket or flap."""
    drop = 0.26 + 0.62 * garment["length"]
    body = 0.86
    top = (drop - body) / 2
    canvas = Canvas(size)
    cloth, color, accent, line = make_fabric(garment, canvas)
    bottom = top + body
    wide = 0.46 + 0.40 * garment["width"]
    narrow = wide - 0.02 - 0.10 * garment["cut"]
    grip = 0.6 * narrow
    arch = curve((-grip, top + 0.08), (-grip, top - 1.30 * drop), (grip, top - 1.30 * drop),
                 (grip, top + 0.08), steps=24)  # fmt: skip
    canvas.cloth(ribbon(arch, 0.09), color * 0.8)
    corner = 0.10 + 0.10 * garment["cut"]
    sag = 0.05 * np.cos(3 * canvas.x / wide) * np.clip((canvas.y - top) / body, 0, 1)
    canvas.cloth(
        mirrored(
            [(0, top), (narrow - 0.05, top)],
            curve((narrow - 0.05, top), (narrow, top), (narrow + 0.01, top + 0.05)),
            curve((narrow + 0.01, top + 0.05), (wide, top + body / 2), (wide, bottom - corner)),
            curve((wide, bottom - corner), (wide, bottom), (wide - corner, bottom)),
            [(0, bottom)],
        ),
        cloth,
        sag,
    )
    if garment["cut"] > 0.5:
        flap = mirrored(
            [(0, top + 0.005), (narrow - 0.03, top + 0.005)],
            curve((narrow, top + 0.02), (narrow, top + 0.40), (narrow * 0.5, top + 0.46)),
            curve((narrow * 0.5, top + 0.46), (narrow * 0.2, top + 0.49), (0, top + 0.49)),
        )
        canvas.cloth(flap, cloth, 0.03)
        canvas.trim(ellipse(0, top + 0.44, 0.075, 0.06), accent)
    else:
        canvas.stroke(np.array([(-1, top + 0.07), (0, top + 0.07), (1, top + 0.07)]), 0.12, accent)
        pocket = curve((-0.6 * wide, top + 0.36), (0, top + 0.40), (0.6 * wide, top + 0.36))
        canvas.stroke(pocket, 0.026, line, 0.7)
        for mirror in (1, -1):
            side = curve((0.6 * wide, top + 0.36), (0.6 * wide, bottom), steps=4) * (mirror, 1)
            canvas.stroke(side, 0.024, line, 0.5)
    for mirror in (1, -1):
        canvas.trim(ellipse(mirror * grip, top + 0.07, 0.045, 0.045), accent * 0.85)
    canvas.stroke(curve((-wide, bottom - 0.08), (wide, bottom - 0.08), steps=4), 0.024, line, 0.5)
    return canvas


_DRAW: dict[str, Callable[[Any, int], Canvas]] = {
    "Bags": bags,
    "Dresses": dresses,
    "Shoes": shoes,
    "Skirts": skirts,
    "Tops": tops,
    "Trousers": trousers,
}


def draw_garment(garment: np.void | np.ndarray, size: int = 64) -> np.ndarray:
    """Draws a garment on a nearly white background.

    Args:
        garment: Scalar of dtype `GARMENT`.
        size: Height and width of the picture in pixels. A garment looks the same at every size.

    Returns:
        (size, size, 3) uint8, RGB.

    Example:
        >>> from keras_fashion.data.sources.atelier.attributes import sample_garments
        >>> garment = sample_garments(np.random.default_rng(0), 1)[0]
        >>> draw_garment(garment, size=32).shape
        (32, 32, 3)
    """
    draw = _DRAW[CATEGORIES[garment["category"]]]
    return draw(garment, size).picture()
