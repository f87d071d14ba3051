"""The attributes from which a garment of the atelier is drawn.

Colors are CIELCh (the polar form of CIELAB, D65), so that equal distances look about equal:
`lightness` is 0 to 100, `chroma` 0 to about 100 and `hue` in degrees. Colors cluster around a
palette of common garment colors, most of them neutral, and every color in between is possible.
"""

import numpy as np
from skimage.color import lab2rgb, rgb2lab

CATEGORIES = ("Bags", "Dresses", "Shoes", "Skirts", "Tops", "Trousers")
"""Names of the categories, sorted as in a catalogue; `category` is an index into them."""

PATTERNS = ("plain", "stripes", "dots", "checks")
"""Names of the patterns; `pattern` is an index into them."""

GARMENT = np.dtype(
    [
        ("category", np.int32),
        ("lightness", np.float64),
        ("chroma", np.float64),
        ("hue", np.float64),
        ("length", np.float64),  # Sleeve, leg, hem, shaft or handle: 0 short, 1 long.
        ("width", np.float64),  # Body, flare, leg, toe box or bag: 0 slim, 1 wide.
        ("cut", np.float64),  # Neckline, rise, pleats, heel or flap: 0 to 1.
        ("pattern", np.int32),
        ("pattern_scale", np.float64),  # 0 fine, 1 coarse.
        ("accent_lightness", np.float64),
        ("accent_chroma", np.float64),
        ("accent_hue", np.float64),
    ]
)
"""Structured dtype of the attributes of a garment, as `truth.npz` stores them."""

LIGHTNESS_RANGE = (14.0, 87.0)
"""Range of the lightness, in which white is visible on the background and black has seams."""

_CATEGORY_SHARES = (0.12, 0.17, 0.15, 0.14, 0.25, 0.17)
# By category and pattern. Shoes and bags are mostly plain.
_PATTERN_SHARES = np.array(
    [
        (0.80, 0.05, 0.06, 0.09),
        (0.58, 0.13, 0.17, 0.12),
        (0.86, 0.04, 0.04, 0.06),
        (0.64, 0.08, 0.10, 0.18),
        (0.58, 0.20, 0.08, 0.14),
        (0.78, 0.10, 0.02, 0.10),
    ]
)

# Color in sRGB, share of the garments, standard deviation in CIELAB units.
_PALETTE = (
    ("#1f1f22", 0.130, 3.0),  # black
    ("#dedcd6", 0.110, 3.0),  # white
    ("#8f9194", 0.070, 6.0),  # gray
    ("#4a4d52", 0.040, 4.0),  # charcoal
    ("#26304f", 0.080, 5.0),  # navy
    ("#4f6f96", 0.070, 7.0),  # denim
    ("#9db7d1", 0.045, 6.0),  # sky
    ("#d6c3a3", 0.055, 5.0),  # beige
    ("#b5854f", 0.040, 6.0),  # camel
    ("#6b4630", 0.040, 5.0),  # brown
    ("#7a2335", 0.035, 5.0),  # burgundy
    ("#c3302f", 0.045, 6.0),  # red
    ("#e5826b", 0.025, 6.0),  # coral
    ("#e3b1b5", 0.045, 5.0),  # blush
    ("#c23c7d", 0.020, 6.0),  # fuchsia
    ("#dcae3c", 0.030, 6.0),  # mustard
    ("#737a4a", 0.035, 6.0),  # olive
    ("#2d5a43", 0.030, 6.0),  # bottle green
    ("#a5cfb4", 0.020, 6.0),  # mint
    ("#2f7f86", 0.020, 6.0),  # teal
    ("#2f55b0", 0.020, 6.0),  # cobalt
    ("#b39fd0", 0.020, 6.0),  # lilac
    ("#613a66", 0.015, 6.0),  # plum
)


def garment_lab(garments: np.ndarray | np.void, accent: bool = False) -> np.ndarray:
    """Returns the colors of garments in CIELAB.

    Args:
        garments: Structured array or scalar of dtype `GARMENT`, of any shape (...).
        accent: Whether to return the color of the accent instead of that of the fabric.

    Returns:
        (..., 3) float64: L*, a* and b*.

    Example:
        >>> garment = np.zeros((), GARMENT)
        >>> garment["lightness"], garment["chroma"], garment["hue"] = 50, 10, 90
        >>> garment_lab(garment).round(6).tolist()
        [50.0, 0.0, 10.0]
    """
    prefix = "accent_" if accent else ""
    hue = np.radians(garments[prefix + "hue"])
    chroma = garments[prefix + "chroma"]
    return np.stack(
        [garments[prefix + "lightness"], chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1
    )


def sample_garments(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws the attributes of garments at random.

    Args:
        rng: Random number generator.
        count: Number of garments.

    Returns:
        (count,) structured array of dtype `GARMENT`.

    Example:
        >>> garments = sample_garments(np.random.default_rng(0), 3)
        >>> garments.shape, garments.dtype == GARMENT
        ((3,), True)
    """
    garments = np.zeros(count, GARMENT)
    garments["category"] = rng.choice(len(CATEGORIES), count, p=_CATEGORY_SHARES)
    color = _sample_colors(rng, count)
    accent = _sample_accents(rng, color)
    for prefix, lab in (("", color), ("accent_", accent)):
        garments[prefix + "lightness"] = lab[:, 0]
        garments[prefix + "chroma"] = np.hypot(lab[:, 1], lab[:, 2])
        garments[prefix + "hue"] = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    # A wide beta distribution: short and long are more common than medium.
    garments["length"] = rng.beta(0.9, 0.9, count)
    garments["width"] = rng.beta(1.6, 1.6, count)
    garments["cut"] = rng.uniform(0, 1, count)
    thresholds = _PATTERN_SHARES.cumsum(axis=1)[garments["category"], :-1]
    garments["pattern"] = (rng.uniform(size=(count, 1)) > thresholds).sum(axis=1)
    garments["pattern_scale"] = rng.beta(1.5, 1.5, count)
    return garments


def _sample_colors(rng: np.random.Generator, count: int) -> np.ndarray:
    """Returns (count, 3) CIELAB colors within sRGB and within `LIGHTNESS_RANGE`."""
    swatches = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c, _, _ in _PALETTE])
    shares = np.array([share for _, share, _ in _PALETTE])
    spreads = np.array([spread for _, _, spread in _PALETTE])
    swatch = rng.choice(len(_PALETTE), count, p=shares / shares.sum())
    lab = rgb2lab(swatches)[swatch] + spreads[swatch, None] * rng.standard_normal((count, 3))
    lab[:, 0] = np.clip(lab[:, 0], *LIGHTNESS_RANGE)
    return rgb2lab(lab2rgb(lab))


def _sample_accents(rng: np.random.Generator, color: np.ndarray) -> np.ndarray:
    """Returns (count, 3) CIELAB colors: shades of the fabric for half of them, others random."""
    count = len(color)
    tone = np.where(color[:, 0] > 50, -1, 1) * rng.uniform(26, 40, count)
    tonal = color * (1.0, 0.8, 0.8)
    tonal[:, 0] = np.clip(tonal[:, 0] + tone, *LIGHTNESS_RANGE)
    accent = np.where(rng.uniform(size=(count, 1)) < 0.5, tonal, _sample_colors(rng, count))
    # An accent that is too similar to the fabric becomes off-white or near-black.
    too_close = np.linalg.norm(accent - color, axis=1) < 24
    contrast = np.where(color[:, :1] > 50, [[20.0, 0.0, -2.0]], [[86.0, 0.0, 3.0]])
    return rgb2lab(lab2rgb(np.where(too_close[:, None], contrast, accent)))
