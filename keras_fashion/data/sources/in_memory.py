"""A source of data frames that are in memory, for use from Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.errors import InputError

ITEM_COLUMNS = ("item", "category", "picture")
INTERACTION_COLUMNS = ("user", "item")


class InMemory(Source):
    """Items and interactions from data frames.

    Missing texts are treated as empty.

    Args:
        items: Table with text columns `item` and `category` and a column `picture` with the content
            of JPEG, PNG, WebP, GIF or BMP files as bytes, or None. Further text columns become
            attributes.
        interactions: Table with text columns `user`, `item` and optionally `time`; None for no
            interactions.

    Raises:
        InputError: If a column is missing or is not text.

    Example:
        >>> import io, tempfile
        >>> from PIL import Image
        >>> from keras_fashion.data import prepare
        >>> png = io.BytesIO()
        >>> Image.new("RGB", (8, 8), "navy").save(png, "PNG")
        >>> items = pd.DataFrame(
        ...     {"item": ["0108"], "category": ["Shoes"], "picture": [png.getvalue()]}
        ... )
        >>> bought = pd.DataFrame({"user": ["ann"], "item": ["0108"]})
        >>> facts = prepare(InMemory(items, bought), Path(tempfile.mkdtemp()) / "shop")
        >>> facts["users"], facts["items"], facts["interactions"]
        (1, 1, 1)
    """

    name = "in_memory"
    description = "A catalogue from data frames."

    def __init__(self, items: pd.DataFrame, interactions: pd.DataFrame | None = None) -> None:
        if interactions is None:
            interactions = pd.DataFrame({"user": [], "item": []}, dtype="str")
        self._items = _checked(items, "items", ITEM_COLUMNS)
        self._interactions = _checked(interactions, "interactions", INTERACTION_COLUMNS)
        self.attributes = tuple(name for name in items.columns if name not in ITEM_COLUMNS)

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Returns the items as given; no record is skipped."""
        return self._items

    def interactions(self) -> pd.DataFrame:
        """Returns the interactions as given."""
        return self._interactions

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Function that returns its argument: the column `picture` contains the pictures."""
        return bytes


def _checked(frame: pd.DataFrame, what: str, required: tuple[str, ...]) -> pd.DataFrame:
    if missing := set(required) - set(frame):
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
