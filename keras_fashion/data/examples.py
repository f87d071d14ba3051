"""Items and interactions as examples of a TFDS data set.

TFDS requires all splits of a data set to have the same features. Therefore an interaction has an
empty category and no picture, and an item an empty user and time.
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
"""Number of pictures that are read at once: enough to keep the decoders busy, few enough to hold
in memory."""

Example = tuple[int, dict[str, Any]]
"""The key of an example and its features."""


class UnusableItem(Exception):
    """Raised for the first item whose picture cannot be used.

    Args:
        row: Key of the item.
        reason: Message of the `UnusablePicture`.

    Attributes:
        row: Key of the item.
        reason: Why the picture cannot be used.
    """

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(row, reason)
        self.row = row
        self.reason = reason


class ItemExamples:
    """The examples of some items, of which one shard is made.

    Pictures are read and converted by `usable_picture` in several threads. Items whose picture
    cannot be used are left out. An object of this class is picklable and contains only its own
    rows, so that it can be sent to another process.

    Args:
        rows: Table with text columns `item`, `category` and the attributes, and arguments of
            `read_picture` in the column `picture`. The index has the keys of the examples.
        attributes: Names of the attributes.
        read_picture: Function that reads a picture, see `Source.read_picture`.
        stop_at_bad: Whether to raise `UnusableItem` instead of leaving an item out.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> png = io.BytesIO()
        >>> Image.new("RGB", (8, 8)).save(png, "PNG")
        >>> rows = pd.DataFrame(
        ...     {"item": ["1", "2"], "category": "Tops", "picture": [png.getvalue(), b"damaged"]}
        ... )
        >>> examples = ItemExamples(rows, (), bytes, stop_at_bad=False)
        >>> [(key, example["item"], len(example["pictures"])) for key, example in examples()]
        [(0, '1', 1)]
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
        """Yields the key and the features of each item.

        Raises:
            UnusableItem: If a picture cannot be used and `stop_at_bad` is set.
        """
        pictures = _map_in_threads(self._picture, self.rows["picture"])
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
            # TFDS keeps all examples of a shard until the shard is written, to count them.
            example["pictures"] = []

    def _picture(self, reference: Any) -> bytes | UnusablePicture:
        try:
            return usable_picture(self.read_picture, reference)
        except UnusablePicture as error:
            return error


class InteractionExamples:
    """The examples of some interactions, of which one shard is made.

    Args:
        rows: Table with text columns `user`, `item` and `time`. The index has the keys of the
            examples.
        attributes: Names of the attributes of items.

    Example:
        >>> rows = pd.DataFrame({"user": ["ann"], "item": ["1"], "time": ["2025-01-02"]})
        >>> next(InteractionExamples(rows, ())())[1]["user"]
        'ann'
    """

    def __init__(self, rows: pd.DataFrame, attributes: tuple[str, ...]) -> None:
        self.rows = rows
        self.attributes = attributes

    def __call__(self) -> Iterator[Example]:
        """Yields the key and the features of each interaction."""
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


def _map_in_threads(function: Callable[[Any], Any], values: Iterable[Any]) -> Iterator[Any]:
    """Maps in order, reading `READ_AHEAD` values ahead; `Executor.map` reads all of them."""
    values = iter(values)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: deque[Future[Any]] = deque(
            pool.submit(function, value) for value in islice(values, READ_AHEAD)
        )
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, value) for value in islice(values, 1))
            yield result
