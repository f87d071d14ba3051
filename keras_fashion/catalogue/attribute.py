"""A category column of the items, beside their category."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Attribute(NamedTuple):
    """What each item has of one attribute, such as its colour.

    Attributes:
        values: (V,) text, the distinct values, sorted; "" stands for "not known".
        codes: (I,) int32, index into `values` by dense item index.
    """

    values: np.ndarray
    codes: np.ndarray

    @classmethod
    def of(cls, column: np.ndarray) -> "Attribute":
        """Codes a column of text, (I,), one value an item."""
        codes, values = pd.factorize(column, sort=True)
        return cls(values.astype(str), codes.astype(np.int32))
