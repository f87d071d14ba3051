"""Drawings of tops, trousers, skirts and dresses: outlines, folds, seams and trimmings.

Every function takes a scalar of dtype `GARMENT` and the size of the picture in pixels. Coordinates
are those of the frame, see `canvas`.
"""

import numpy as np

from keras_fashion.data.sources.atelier.canvas import (
    Canvas,
    curve,
    ellipse,
    flipped,
    mirrored,
    ribbon,
)
from keras_fashion.data.sources.atelier.fabric import Fabric, make_fabric


def tops(garment: np.void, size: int) -> Canvas:
    """Draws a top. `length` is that of the sleeves; `cut` decides on collar or neckline."""
    canvas = Canvas(size)
    made_of = make_fabric(garment, canvas)
    cloth, _, accent, line = made_of
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
    arm = curve(tip, (body - 0.07, -0.50), (body, -0.28))
    for side in (arm, flipped(arm)):
        canvas.stroke(side, 0.03, line, 0.7)
    hem = curve((body, 0.70), (body / 2, 0.76), (0, 0.76))
    for side in (hem, flipped(hem)):
        canvas.stroke(side, 0.025, line, 0.45)
    if garment["cut"] < 0.4:
        _shirt_front(canvas, neck, made_of)
    else:
        for side in (opening, flipped(opening)):
            canvas.stroke(side, 0.075, accent, 0.85)
    return canvas


def trousers(garment: np.void, size: int) -> Canvas:
    """Draws trousers. `length` and `width` are those of the legs, from shorts to full length."""
    height = 0.78 + 1.02 * garment["length"]
    top = -height / 2
    canvas = Canvas(size)
    cloth, color, accent, line = make_fabric(garment, canvas, upright=True)
    half = 0.11 + 0.12 * garment["width"]
    center = 0.27 + 0.08 * garment["width"]
    crotch, bottom = top + 0.56, top + height
    leg_crease = 0.045 * np.cos(7 * (np.abs(canvas.x) - center) / (half + 0.1))
    folds = leg_crease * np.clip(canvas.y - top - 0.2, 0, 1)
    knee = (crotch + bottom) / 2
    canvas.cloth(
        mirrored(
            [(0, top + 0.015), (0.30, top)],
            curve((0.30, top), (0.42, top + 0.22), (0.43, top + 0.5)),
            curve((0.43, top + 0.5), (center + half, knee), (center + half, bottom - 0.01)),
            curve((center + half, bottom - 0.01), (center, bottom + 0.02), (center - half, bottom)),
            curve((center - half, bottom), (center - half, knee), (0.02, crotch)),
            [(0, crotch - 0.02)],
        ),
        cloth,
        folds,
    )
    waist = ribbon(curve((-0.36, top + 0.05), (0, top + 0.075), (0.36, top + 0.05)), 0.11)
    canvas.trim(waist, color * 0.84)
    canvas.stroke(curve((-0.5, top + 0.10), (0, top + 0.13), (0.5, top + 0.10)), 0.022, line, 0.7)
    canvas.stroke(curve((0, top + 0.12), (0, top + 0.3), (0, crotch)), 0.024, line, 0.6)
    canvas.stroke(curve((0.07, top + 0.12), (0.08, top + 0.38), (0, top + 0.44)), 0.02, line, 0.5)
    canvas.trim(ellipse(0, top + 0.065, 0.034, 0.034), accent)
    pocket = curve((0.20, top + 0.12), (0.23, top + 0.27), (0.42, top + 0.30))
    turn_up = np.array(
        [(center - half - 0.05, bottom - 0.09), (center + half + 0.05, bottom - 0.1)]
    )
    for mirror in (1, -1):
        canvas.stroke(pocket * (mirror, 1), 0.024, line, 0.7)
        canvas.stroke(turn_up * (mirror, 1), 0.024, line, 0.6)
    return canvas


def skirts(garment: np.void, size: int) -> Canvas:
    """Draws a skirt. `width` is the flare of the hem; `cut` is the depth and number of pleats."""
    height = 0.72 + 1.0 * garment["length"]
    top = -height / 2
    canvas = Canvas(size)
    cloth, _, accent, line = make_fabric(garment, canvas)
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


def dresses(garment: np.void, size: int) -> Canvas:
    """Draws a dress. `width` is the flare of the hem; `cut` is the neckline."""
    height = 1.14 + 0.70 * garment["length"]
    top = -height / 2
    canvas = Canvas(size)
    cloth, _, accent, line = make_fabric(garment, canvas)
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


def _neckline(garment: np.void, neck: float, top: float) -> np.ndarray:
    """Returns the right half of the neckline, from its deepest point up to the shoulder."""
    depth = 0.14 + 0.34 * max(garment["cut"] - 0.4, 0) / 0.6
    roundness = neck * (1.2 - garment["cut"])
    return curve((0, top + depth), (roundness, top + depth), (neck, top + 0.06), (neck, top))


def _inner_back(canvas: Canvas, opening: np.ndarray, neck: float, cloth: np.ndarray) -> None:
    """Draws the inside of the back, which is visible through the neckline."""
    top = opening[-1, 1]
    back = curve((neck, top), (neck * 0.6, top + 0.07), (0, top + 0.07))
    canvas.cloth(mirrored(back[::-1], opening[::-1]), cloth * 0.72)


def _shirt_front(canvas: Canvas, neck: float, made_of: Fabric) -> None:
    """Draws a collar, a placket and its buttons."""
    cloth, _, accent, line = made_of
    for x in (-0.045, 0.045):
        canvas.stroke(curve((x, -0.66), (x, 0.0), (x, 0.80)), 0.022, line, 0.5)
    for y in np.linspace(-0.52, 0.62, 6):
        canvas.trim(ellipse(0, y, 0.028, 0.028), accent)
    leaf = np.array([(0.02, -0.67), (neck, -0.84), (neck + 0.06, -0.74), (0.17, -0.54)])
    for side in (leaf, flipped(leaf)):
        canvas.cloth(side, cloth, 0.04)
