"""Items and interactions as examples of a TFDS data set.

Both are of one shape, as TFDS wants of all splits of a data set: an interaction has no category
and no picture, an item no user and no time.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import pandas as pd

from keras_fashion.data.picture_checks import UnusablePicture, usable_picture

READ_AHEAD = 16
"""Pictures under way at once: enough to keep the decoders busy, few enough to hold in memory."""

Example = tuple[int, dict[str, Any]]


class UnusableItem(Exception):
    """The item whose picture is the first that cannot be used."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(row, reason)
        self.row = row
        self.reason = reason


class ItemExamples:
    """A run of items, their pictures read and made usable: what a shard is made of.

    Items whose picture cannot be used are left out. An object of this class can be sent to
    another process: it holds no more than its own rows.

    Args:
        rows: Text columns item, category and the attributes, and what `read_picture` takes in the
            column picture. The index becomes the examples' keys.
        attributes: Names of the attributes.
        read_picture: A source's.
        stop_at_bad: Raise `UnusableItem` instead of leaving an item out.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        attributes: tuple[str, ...],
        read_picture: Callable[[Any], bytes],
        stop_at_bad: bool,
    ) -> None:
        self.rows = rows
        self.attributes = attributes
        self.read_picture = read_picture
        self.stop_at_bad = stop_at_bad

    def __call__(self) -> Iterator[Example]:
        """Yields (key, example)."""
        pictures = _in_threads(self._picture, self.rows["picture"])
        for row, item, category, *values, picture in zip(
            self.rows.index,
            *(self.rows[name] for name in ("item", "category", *self.attributes)),
            pictures,
            strict=True,
        ):
            if isinstance(picture, UnusablePicture):
                if self.stop_at_bad:
                    raise UnusableItem(row, str(picture))
                continue
            example = _example(item, category, self.attributes, values, pictures=[picture])
            yield row, example
            # TFDS keeps what it was given until the shard is written, to count it.
            example["pictures"] = []

    def _picture(self, reference: Any) -> bytes | UnusablePicture:
        try:
            return usable_picture(self.read_picture, reference)
        except UnusablePicture as error:
            return error


class InteractionExamples:
    """A run of interactions: what a shard is made of.

    Args:
        rows: Text columns user, item and time.
        attributes: Names of the items' attributes.
    """

    def __init__(self, rows: pd.DataFrame, attributes: tuple[str, ...]) -> None:
        self.rows = rows
        self.attributes = attributes

    def __call__(self) -> Iterator[Example]:
        """Yields (key, example)."""
        none = [""] * len(self.attributes)
        for row, user, item, time in self.rows.itertuples(name=None):
            yield row, _example(item, "", self.attributes, none, user=user, time=time)


def _example(
    item: str,
    category: str,
    attributes: Iterable[str],
    values: Iterable[str],
    pictures: list[bytes] | None = None,
    user: str = "",
    time: str = "",
) -> dict[str, Any]:
    return {
        "item": item,
        "category": category,
        "attributes": dict(zip(attributes, values, strict=True)),
        "pictures": pictures or [],
        "user": user,
        "time": time,
    }


def _in_threads(function: Callable[[Any], Any], values: Iterable[Any]) -> Iterator[Any]:
    """`map` by threads, in order; unlike Executor.map it does not run away from its reader."""
    values = iter(values)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: deque[Future] = deque(
            pool.submit(function, value) for value in islice(values, READ_AHEAD)
        )
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, value) for value in islice(values, 1))
            yield result
