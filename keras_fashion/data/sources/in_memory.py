"""A catalogue from tables that are in memory, for those who begin in Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.errors import InputError


class InMemory(Source):
    """Items and interactions as data frames.

    Args:
        items: Text columns `item` and `category`, and `picture`: encoded JPEG, PNG, WebP, GIF or
            BMP as bytes, or None. Further text columns become attributes.
        interactions: Text columns `user`, `item` and maybe `time`; None for none.

    A missing text is an empty one.

    Raises:
        InputError: If a column is missing or is not text.

    Example:
        >>> items = pd.DataFrame({"item": ["0108"], "category": ["Shoes"], "picture": [jpeg]})
        >>> bought = pd.DataFrame({"user": ["ann"], "item": ["0108"]})
        >>> prepare(InMemory(items, bought), "catalogues/shop")
    """

    name = "in_memory"
    description = "A catalogue from data frames."

    def __init__(self, items: pd.DataFrame, interactions: pd.DataFrame | None = None) -> None:
        none = pd.DataFrame({"user": [], "item": []}, dtype="str")
        self._items = _text(items, "items")
        self._interactions = _text(none if interactions is None else interactions, "interactions")
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


def _text(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    missing = ({"item", "category", "picture"} if what == "items" else {"user", "item"}) - set(
        frame
    )
    if missing:
        raise InputError(f"the data frame of {what} has no column {', '.join(sorted(missing))}")
    frame = frame.reset_index(drop=True)
    for name in frame.columns.drop("picture", errors="ignore"):
        known = frame[name].dropna()
        if not known.map(lambda value: isinstance(value, str)).all():
            raise InputError(
                f"column {name!r} of {what} is not text: make it text where it comes from, before "
                "an id loses its zeros"
            )
        frame[name] = frame[name].fillna("").astype("str")
    return frame
