"""A category column of the items, beside their category."""

from typing import NamedTuple

import numpy as np


class Attribute(NamedTuple):
    """What each item has of one attribute, such as its colour.

    Attributes:
        values: (V,) text, the distinct values, sorted; "" stands for "not known".
        codes: (I,) int32, index into `values` by dense item index.
    """

    values: np.ndarray
    codes: np.ndarray
