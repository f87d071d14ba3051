"""Draws a garment of the atelier from its attributes.

Every category is one function: silhouette, folds, seams and trimmings in a frame that spans
[-1, 1] in x and y (y downwards), so that a garment looks the same at every size.
"""

import numpy as np

from keras_fashion.datasets.atelier.attributes import CATEGORIES
from keras_fashion.datasets.atelier.canvas import (
    Canvas,
    curve,
    ellipse,
    flipped,
    mirrored,
    ribbon,
    seam,
)
from keras_fashion.datasets.atelier.fabric import fabric, rgb


def draw_garment(garment: np.void, size: int = 64) -> np.ndarray:
    """Draws one garment on the studio's near-white.

    Args:
        garment: one row of `GARMENT`.
        size: side of the picture in pixels.

    Returns:
        Array (size, size, 3) of uint8, RGB.
    """
    return _DRAW[CATEGORIES[garment["category"]]](garment, size).picture()


def _tops(garment: np.void, size: int) -> Canvas:
    canvas = Canvas(size)
    cloth, accent = fabric(garment, canvas), rgb(garment, accent=True)
    line = seam(rgb(garment))
    body = 0.36 + 0.17 * garment["width"]
    neck = 0.17 + 0.03 * garment["cut"]
    shoulder = body + 0.01

    reach = 0.14 + 1.04 * garment["length"]
    along = np.array([0.36, 0.933])
    out = np.array([0.933, -0.36])
    cuff = np.array([shoulder - 0.10, -0.50]) + along * reach
    half = 0.17 - 0.07 * garment["length"]
    tip = (shoulder, -0.66)
    sleeve = np.concatenate(
        [
            curve((neck, -0.80), (shoulder - 0.04, -0.74), tip + along * 0.16 + out * 0.06),
            [cuff + out * half, cuff - out * half],
            curve(cuff - out * half, (body + 0.02, -0.2), (body - 0.06, -0.30)),
        ]
    )
    band = ribbon(np.array([cuff + out * half, cuff - out * half]) - along * 0.045, 0.09)
    for side in (sleeve, flipped(sleeve)):
        canvas.cloth(side, cloth, -0.04)
    for side in (band, flipped(band)):
        canvas.trim(side, accent, 0.85 * (garment["length"] > 0.3))

    folds = 0.035 * np.cos(9 * canvas.x / body) * np.clip(canvas.y + 0.3, 0, 1)
    opening = _neckline(garment, neck, -0.80)
    canvas.cloth(
        mirrored(
            opening[::-1],
            curve((neck, -0.80), (shoulder - 0.05, -0.74), tip),
            curve(tip, (body - 0.07, -0.50), (body, -0.28)),
            curve((body, -0.28), (body - 0.05, 0.20), (body, 0.76)),
            curve((body, 0.76), (body / 2, 0.82), (0, 0.82)),
        ),
        cloth,
        folds,
    )
    _inner_back(canvas, opening, neck, cloth)
    for side in (1, -1):
        canvas.stroke(curve(tip, (body - 0.07, -0.50), (body, -0.28)) * (side, 1), 0.03, line, 0.7)
    hem = curve((body, 0.70), (body / 2, 0.76), (0, 0.76))
    for side in (hem, flipped(hem)):
        canvas.stroke(side, 0.025, line, 0.45)
    if garment["cut"] < 0.4:
        _shirt_front(canvas, garment, neck, cloth)
    else:
        for side in (opening, flipped(opening)):
            canvas.stroke(side, 0.075, accent, 0.85)
    return canvas


def _neckline(garment: np.void, neck: float, top: float) -> np.ndarray:
    """The right half of the opening, from its deepest point up to the shoulder."""
    depth = 0.14 + 0.34 * max(garment["cut"] - 0.4, 0) / 0.6
    roundness = neck * (1.2 - garment["cut"])
    return curve((0, top + depth), (roundness, top + depth), (neck, top + 0.06), (neck, top))


def _inner_back(canvas: Canvas, opening: np.ndarray, neck: float, cloth: np.ndarray) -> None:
    """Shows the inside of the back through the opening."""
    top = opening[-1, 1]
    back = curve((neck, top), (neck * 0.6, top + 0.07), (0, top + 0.07))
    canvas.cloth(mirrored(back[::-1], opening[::-1]), cloth * 0.72)


def _shirt_front(canvas: Canvas, garment: np.void, neck: float, cloth: np.ndarray) -> None:
    """A collar, a placket and its buttons."""
    line, accent = seam(rgb(garment)), rgb(garment, accent=True)
    for x in (-0.045, 0.045):
        canvas.stroke(curve((x, -0.66), (x, 0.0), (x, 0.80)), 0.022, line, 0.5)
    for y in np.linspace(-0.52, 0.62, 6):
        canvas.trim(ellipse(0, y, 0.028, 0.028), accent)
    leaf = np.array([(0.02, -0.67), (neck, -0.84), (neck + 0.06, -0.74), (0.17, -0.54)])
    for side in (leaf, flipped(leaf)):
        canvas.cloth(side, cloth, 0.04)


def _trousers(garment: np.void, size: int) -> Canvas:
    height = 0.78 + 1.02 * garment["length"]
    top = -height / 2
    canvas = Canvas(size)
    cloth, accent = fabric(garment, canvas, upright=True), rgb(garment, accent=True)
    line = seam(rgb(garment))
    half = 0.11 + 0.12 * garment["width"]
    centre = 0.27 + 0.08 * garment["width"]
    crotch, bottom = top + 0.56, top + height
    leg_crease = 0.045 * np.cos(7 * (np.abs(canvas.x) - centre) / (half + 0.1))
    folds = leg_crease * np.clip(canvas.y - top - 0.2, 0, 1)
    knee = (crotch + bottom) / 2
    canvas.cloth(
        mirrored(
            [(0, top + 0.015), (0.30, top)],
            curve((0.30, top), (0.42, top + 0.22), (0.43, top + 0.5)),
            curve((0.43, top + 0.5), (centre + half, knee), (centre + half, bottom - 0.01)),
            curve((centre + half, bottom - 0.01), (centre, bottom + 0.02), (centre - half, bottom)),
            curve((centre - half, bottom), (centre - half, knee), (0.02, crotch)),
            [(0, crotch - 0.02)],
        ),
        cloth,
        folds,
    )
    waist = ribbon(curve((-0.36, top + 0.05), (0, top + 0.075), (0.36, top + 0.05)), 0.11)
    canvas.trim(waist, rgb(garment) * 0.84)
    canvas.stroke(curve((-0.5, top + 0.10), (0, top + 0.13), (0.5, top + 0.10)), 0.022, line, 0.7)
    canvas.stroke(curve((0, top + 0.12), (0, top + 0.3), (0, crotch)), 0.024, line, 0.6)
    canvas.stroke(curve((0.07, top + 0.12), (0.08, top + 0.38), (0, top + 0.44)), 0.02, line, 0.5)
    canvas.trim(ellipse(0, top + 0.065, 0.034, 0.034), accent)
    pocket = curve((0.20, top + 0.12), (0.23, top + 0.27), (0.42, top + 0.30))
    turn_up = np.array(
        [(centre - half - 0.05, bottom - 0.09), (centre + half + 0.05, bottom - 0.1)]
    )
    for mirror in (1, -1):
        canvas.stroke(pocket * (mirror, 1), 0.024, line, 0.7)
        canvas.stroke(turn_up * (mirror, 1), 0.024, line, 0.6)
    return canvas


def _skirts(garment: np.void, size: int) -> Canvas:
    height = 0.72 + 1.0 * garment["length"]
    top = -height / 2
    canvas = Canvas(size)
    cloth, accent = fabric(garment, canvas), rgb(garment, accent=True)
    line = seam(rgb(garment))
    waist, hem = 0.29, 0.38 + 0.48 * garment["width"]
    bottom = top + height
    down = np.clip((canvas.y - top) / height, 0.02, 1)
    spread = waist + (hem - waist) * down
    pleats = 4 + 8 * garment["cut"]
    folds = (0.03 + 0.05 * garment["cut"]) * np.cos(pleats * canvas.x / spread) * down
    canvas.cloth(
        mirrored(
            [(0, top + 0.02), (waist, top)],
            curve((waist, top), (waist + 0.14, top + 0.24 * height), (hem, bottom - 0.10)),
            curve((hem, bottom - 0.10), (hem * 0.55, bottom), (0, bottom)),
        ),
        cloth,
        folds,
    )
    if garment["cut"] > 0.5:
        for place in (-0.72, -0.43, -0.14, 0.14, 0.43, 0.72):
            end = (place * hem, bottom - 0.1 * place**2)
            canvas.stroke(curve((place * waist, top + 0.1), end, steps=4), 0.02, line, 0.4)
    band = ribbon(curve((-0.4, top + 0.05), (0, top + 0.08), (0.4, top + 0.05)), 0.12)
    canvas.trim(band, accent, 0.9)
    canvas.stroke(curve((-0.4, top + 0.11), (0, top + 0.14), (0.4, top + 0.11)), 0.022, line, 0.7)
    lining = curve((-hem, bottom - 0.16), (0, bottom + 0.04), (hem, bottom - 0.16))
    canvas.stroke(lining, 0.022, line, 0.5)
    return canvas


def _dresses(garment: np.void, size: int) -> Canvas:
    height = 1.14 + 0.70 * garment["length"]
    top = -height / 2
    canvas = Canvas(size)
    cloth, accent = fabric(garment, canvas), rgb(garment, accent=True)
    line = seam(rgb(garment))
    waist, hem = 0.235, 0.36 + 0.42 * garment["width"]
    waist_y, bottom = top + 0.56, top + height
    neck, shoulder = 0.17, 0.33
    sleeve = np.concatenate(
        [
            curve((0.24, top), (shoulder + 0.06, top + 0.03), (shoulder + 0.11, top + 0.24)),
            curve((shoulder + 0.11, top + 0.24), (shoulder, top + 0.30), (0.27, top + 0.30)),
        ]
    )
    for side in (sleeve, flipped(sleeve)):
        canvas.cloth(side, cloth, -0.05)
    down = np.clip((canvas.y - waist_y) / (bottom - waist_y), 0, 1)
    spread = waist + (hem - waist) * down
    folds = 0.075 * np.cos(8 * canvas.x / spread) * np.sqrt(down)
    opening = _neckline(garment, neck, top)
    canvas.cloth(
        mirrored(
            opening[::-1],
            curve((neck, top), (shoulder - 0.06, top + 0.02), (shoulder, top + 0.06)),
            curve((shoulder, top + 0.06), (0.25, top + 0.2), (0.31, top + 0.30)),
            curve((0.31, top + 0.30), (waist + 0.01, waist_y - 0.12), (waist, waist_y)),
            curve((waist, waist_y), (waist + 0.16, waist_y + 0.22), (hem, bottom - 0.08)),
            curve((hem, bottom - 0.08), (hem * 0.55, bottom), (0, bottom)),
        ),
        cloth,
        folds,
    )
    _inner_back(canvas, opening, neck, cloth)
    for side in (opening, flipped(opening)):
        canvas.stroke(side, 0.05, accent, 0.7)
    belt = ribbon(curve((-0.32, waist_y), (0, waist_y + 0.03), (0.32, waist_y)), 0.09)
    canvas.trim(belt, accent, 0.95)
    for mirror in (1, -1):
        dart = curve((0.19, top + 0.36), (0.15, waist_y - 0.06), steps=4) * (mirror, 1)
        canvas.stroke(dart, 0.02, line, 0.5)
    lining = curve((-hem, bottom - 0.14), (0, bottom + 0.04), (hem, bottom - 0.14))
    canvas.stroke(lining, 0.022, line, 0.5)
    return canvas


def _shoes(garment: np.void, size: int) -> Canvas:
    shaft = 0.06 + 0.92 * garment["length"]
    bulk = 0.20 + 0.20 * garment["width"]
    heel = 0.25 * max(garment["cut"] - 0.45, 0) / 0.55
    sole = 0.07 + 0.07 * garment["width"]
    ground = 0.42 + 0.36 * garment["length"]
    canvas = Canvas(size)
    cloth, accent = fabric(garment, canvas), rgb(garment, accent=True)
    line = seam(rgb(garment))
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


def _bags(garment: np.void, size: int) -> Canvas:
    drop = 0.26 + 0.62 * garment["length"]
    body = 0.86
    top = (drop - body) / 2
    canvas = Canvas(size)
    cloth, accent = fabric(garment, canvas), rgb(garment, accent=True)
    line = seam(rgb(garment))
    bottom = top + body
    wide = 0.46 + 0.40 * garment["width"]
    narrow = wide - 0.02 - 0.10 * garment["cut"]
    grip = 0.6 * narrow
    arch = curve((-grip, top + 0.08), (-grip, top - 1.30 * drop), (grip, top - 1.30 * drop),
                 (grip, top + 0.08), steps=24)  # fmt: skip
    canvas.cloth(ribbon(arch, 0.09), rgb(garment) * 0.8)
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


_DRAW = {
    "Bags": _bags,
    "Dresses": _dresses,
    "Shoes": _shoes,
    "Skirts": _skirts,
    "Tops": _tops,
    "Trousers": _trousers,
}
