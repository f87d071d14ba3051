"""What changed between pictures of a garment, in words."""

import numpy as np
import pandas as pd

from keras_fashion.design.picture_attributes import measure_attributes

_WORDS = {
    "lightness": ("lighter", "darker", 3.0),
    "redness": ("redder", "greener", 3.0),
    "yellowness": ("yellower", "bluer", 3.0),
    "length": ("longer", "shorter", 0.03),
    "spread": ("wider, sleeves included", "narrower, sleeves included", 0.03),
    "hem": ("wider hem", "narrower hem", 0.03),
    "pattern": ("more patterned", "plainer", 0.5),
}
"""What an increase and a decrease of each of `ATTRIBUTES` is called, and the least that is seen.

Two colors that differ by 2.3 in CIELAB can just be told apart side by side, and .03 of the height
of a picture of 64 pixels is two pixels.
"""

_NOTABLE_SHARE = 0.25
"""Share of the standard deviation over the references from which on a change is named."""


def describe_changes(pictures: np.ndarray, references: np.ndarray) -> list[list[str]]:
    """Names the attributes in which pictures of a garment differ from the first of them.

    Attributes are those of `measure_attributes`. One is named where it differs visibly, and by a
    quarter of its standard deviation over the references or more.

    Args:
        pictures: (n, H, W, 3) uint8, the first of which the others are compared with.
        references: (N, H, W, 3) uint8, garments of the same category.

    Returns:
        A list for each picture, empty for the first, of words such as "darker" and "shorter", the
        largest change first.

    Example:
        >>> def garment(height, shade):
        ...     picture = np.full((40, 40, 3), 255, np.uint8)
        ...     picture[10 : 10 + height, 15:25] = shade
        ...     return picture
        >>> references = np.stack([garment(height, 5 * height) for height in range(10, 30)])
        >>> before, after = garment(20, 60), garment(12, 64)
        >>> describe_changes(np.stack([before, after]), references)
        [[], ['shorter']]
    """
    deviations = measure_attributes(references).std(ddof=0)
    measured = measure_attributes(pictures)
    visible = pd.Series({name: least for name, (_, _, least) in _WORDS.items()})
    changes = (measured - measured.iloc[0]) / np.maximum(_NOTABLE_SHARE * deviations, visible)
    return [
        [
            _WORDS[name][0] if change[name] > 0 else _WORDS[name][1]
            for name in change.abs().sort_values(ascending=False, kind="stable").index
            if abs(change[name]) >= 1
        ]
        for _, change in changes.iterrows()
    ]
