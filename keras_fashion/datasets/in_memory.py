"""A catalogue from tables that are in memory, for those who begin in Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from keras_fashion.datasets.source import Skip, Source


class InMemory(Source):
    """Items and interactions as data frames.

    Args:
        items: Text columns `item` and `category`, and `picture`: encoded JPEG, PNG, WebP, GIF or
            BMP as bytes, or None. Further text columns become attributes.
        interactions: Text columns `user`, `item` and maybe `time`; None for none.

    Example:
        >>> items = pd.DataFrame({"item": ["0108"], "category": ["Shoes"], "picture": [jpeg]})
        >>> bought = pd.DataFrame({"user": ["ann"], "item": ["0108"]})
        >>> prepare(InMemory(items, bought), "catalogues/shop")
    """

    name = "in_memory"
    description = "A catalogue from data frames."

    def __init__(self, items: pd.DataFrame, interactions: pd.DataFrame | None = None) -> None:
        self._items = items
        none = pd.DataFrame({"user": [], "item": []}, dtype="str")
        self._interactions = none if interactions is None else interactions
        own = ("item", "category", "picture")
        self.attributes = tuple(name for name in items.columns if name not in own)

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """The items as given."""
        return self._items

    def interactions(self) -> pd.DataFrame:
        """The interactions as given."""
        return self._interactions

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """A picture is its own reference."""
        return bytes
