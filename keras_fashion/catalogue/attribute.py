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


def differing_attributes(
    attributes: dict[str, Attribute], first: int, second: int
) -> dict[str, tuple[str, str]]:
    """What two items have of each attribute in which they differ and that is known of both."""
    pairs = {
        name: (str(each.values[each.codes[first]]), str(each.values[each.codes[second]]))
        for name, each in attributes.items()
    }
    return {name: (a, b) for name, (a, b) in pairs.items() if a and b and a != b}
