"""The editions of Amazon Reviews: 2014, 2018 and 2023, and what their records call things."""

import html
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

LONGEST_NAME = 60
"""Characters of a category's name; the metadata of 2018 hold descriptions among them."""

Record = Mapping[str, Any]
Path = list[str]
"""Names of categories, from the department down."""


class Edition(ABC):
    """How an edition writes reviews and items.

    Attributes:
        year: By which it is known.
        user: Key of the user's id in a review.
        item: Key of the item's id in a review and in the metadata.
        time: Key of the time of a review.
        ticks: Of that time in a day.
        own_keys: Keys that tell 2014 from 2018.
    """

    year: ClassVar[int]
    user: ClassVar[str]
    item: ClassVar[str]
    time: ClassVar[str]
    ticks: ClassVar[int]
    own_keys: ClassVar[frozenset[str]] = frozenset()

    def paths(self, record: Record) -> list[Path]:
        """The paths of categories that an item of the metadata is in."""
        return [path for path in map(_clean, self._paths(record)) if path]

    def address(self, record: Record) -> str:
        """The address of an item's picture, empty where there is none."""
        addresses = (text(address).strip() for address in self._addresses(record))
        return next(filter(None, addresses), "")

    def day(self, record: Record) -> int:
        """The day of a review, counted from 1970; -1 if it is not known."""
        try:
            day = int(record[self.time]) // self.ticks
        except (KeyError, TypeError, ValueError, OverflowError):
            return -1
        return day if 0 <= day < 100_000 else -1

    @abstractmethod
    def _paths(self, record: Record) -> Iterable[Any]:
        """Lists of what should be names."""

    @abstractmethod
    def _addresses(self, record: Record) -> Iterable[Any]:
        """What should be addresses, the best first."""


class Edition2014(Edition):
    """McAuley et al. 2015: `imUrl`, and paths of categories; metadata in Python's notation."""

    year = 2014
    user, item, time, ticks = "reviewerID", "asin", "unixReviewTime", 86_400
    own_keys = frozenset({"helpful", "imUrl", "categories", "salesRank", "related"})

    def _paths(self, record: Record) -> Iterable[Any]:
        return items_of(record.get("categories"))

    def _addresses(self, record: Record) -> Iterable[Any]:
        yield record.get("imUrl")


class Edition2018(Edition):
    """Ni et al. 2019: one path, lists of thumbnails and of large pictures."""

    year = 2018
    user, item, time, ticks = "reviewerID", "asin", "unixReviewTime", 86_400
    own_keys = frozenset({"verified", "style", "vote", "image", "category", "main_cat", "rank"})
    own_keys |= {"imageURL", "imageURLHighRes", "also_buy", "also_view"}

    def _paths(self, record: Record) -> Iterable[Any]:
        yield record.get("category") or [record.get("main_cat")]

    def _addresses(self, record: Record) -> Iterable[Any]:
        for key in ("imageURLHighRes", "imageURL", "image"):
            yield from items_of(record.get(key))


class Edition2023(Edition):
    """Hou et al. 2024: one path, and pictures in three sizes, of which the middle one is taken."""

    year = 2023
    user, item, time, ticks = "user_id", "parent_asin", "timestamp", 86_400_000

    def _paths(self, record: Record) -> Iterable[Any]:
        yield record.get("categories") or [record.get("main_category")]

    def _addresses(self, record: Record) -> Iterable[Any]:
        images = [image for image in items_of(record.get("images")) if isinstance(image, dict)]
        images.sort(key=lambda image: image.get("variant") != "MAIN")
        for image in images:
            for size in ("large", "hi_res", "thumb"):
                yield image.get(size)


_2014, _2018, _2023 = Edition2014(), Edition2018(), Edition2023()


def editions_of_review(record: Record) -> set[Edition]:
    """The editions that a review can be of: none if it is no review, often two."""
    if {_2023.user, _2023.item} <= record.keys():
        return {_2023}
    return _older(record) if {_2014.user, _2014.item} <= record.keys() else set()


def editions_of_item(record: Record) -> set[Edition]:
    """The editions that a record of the metadata can be of: none if it is no such record."""
    if {_2014.user, _2023.user} & record.keys():
        return set()
    if _2023.item in record:
        return {_2023}
    return _older(record) if _2014.item in record else set()


def _older(record: Record) -> set[Edition]:
    return {each for each in (_2014, _2018) if each.own_keys & record.keys()} or {_2014, _2018}


def text(value: Any) -> str:
    """What can be written as text, as it is; anything else is empty."""
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return ""
    return value


def items_of(value: Any) -> Iterator[Any]:
    """The items of a list; something else is taken for the only one."""
    yield from value if isinstance(value, list) else [value]


def _clean(path: Any) -> Path:
    """The names of a path down to the first that is none."""
    names: Path = []
    for name in items_of(path):
        name = " ".join(html.unescape(text(name)).split())
        if not name or "<" in name or len(name) > LONGEST_NAME:
            break
        names.append(name)
    return names
