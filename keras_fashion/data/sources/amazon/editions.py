"""The editions of Amazon Reviews (2014, 2018 and 2023) and the keys of their records."""

import html
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from keras_fashion.data.sources.amazon.json_lines import read_json_lines
from keras_fashion.errors import InputError

LONGEST_NAME = 60
"""Number of characters of the longest category name; the metadata of 2018 hold descriptions among
the names."""

_NUM_RECORDS_TO_RECOGNIZE = 1000

Record = Mapping[str, Any]
CategoryPath = list[str]
"""Names of categories, from the department down."""


class Edition(ABC):
    """The format of the reviews and items of an edition.

    Attributes:
        year: The year that names the edition.
        user_key: Key of the user's id in a review.
        item_key: Key of the item's id in a review and in the metadata.
        time_key: Key of the time of a review.
        ticks_per_day: Units of that time in a day.
        own_keys: Keys that distinguish 2014 and 2018 from each other.

    Example:
        >>> edition = Edition2014()
        >>> edition.category_paths({"categories": [["Clothing", "Women", "Dresses"]]})
        [['Clothing', 'Women', 'Dresses']]
        >>> edition.day({"unixReviewTime": 86400})
        1
    """

    year: ClassVar[int]
    user_key: ClassVar[str]
    item_key: ClassVar[str]
    time_key: ClassVar[str]
    ticks_per_day: ClassVar[int]
    own_keys: ClassVar[frozenset[str]] = frozenset()

    def category_paths(self, record: Record) -> list[CategoryPath]:
        """Returns the paths of categories of an item of the metadata."""
        return [path for path in map(_clean_path, self._raw_paths(record)) if path]

    def picture_address(self, record: Record) -> str:
        """Returns the address of an item's picture, or "" if there is none."""
        addresses = (as_text(address).strip() for address in self._raw_addresses(record))
        return next(filter(None, addresses), "")

    def day(self, record: Record) -> int:
        """Returns the day of a review, counted from 1970, or -1 if it is not known."""
        try:
            day = int(record[self.time_key]) // self.ticks_per_day
        except (KeyError, TypeError, ValueError, OverflowError):
            return -1
        return day if 0 <= day < 100_000 else -1

    @abstractmethod
    def _raw_paths(self, record: Record) -> Iterable[Any]:
        """Yields what should be lists of names."""

    @abstractmethod
    def _raw_addresses(self, record: Record) -> Iterable[Any]:
        """Yields what should be addresses, the best first."""


class Edition2014(Edition):
    """McAuley et al. 2015: `imUrl`, and paths of categories; metadata in Python's notation."""

    year = 2014
    user_key, item_key = "reviewerID", "asin"
    time_key, ticks_per_day = "unixReviewTime", 86_400
    own_keys = frozenset({"helpful", "imUrl", "categories", "salesRank", "related"})

    def _raw_paths(self, record: Record) -> Iterable[Any]:
        return _as_iterator(record.get("categories"))

    def _raw_addresses(self, record: Record) -> Iterable[Any]:
        yield record.get("imUrl")


class Edition2018(Edition):
    """Ni et al. 2019: one path, and lists of thumbnails and of large pictures."""

    year = 2018
    user_key, item_key = "reviewerID", "asin"
    time_key, ticks_per_day = "unixReviewTime", 86_400
    own_keys = frozenset({"verified", "style", "vote", "image", "category", "main_cat", "rank"})
    own_keys |= {"imageURL", "imageURLHighRes", "also_buy", "also_view"}

    def _raw_paths(self, record: Record) -> Iterable[Any]:
        yield record.get("category") or [record.get("main_cat")]

    def _raw_addresses(self, record: Record) -> Iterable[Any]:
        for key in ("imageURLHighRes", "imageURL", "image"):
            yield from _as_iterator(record.get(key))


class Edition2023(Edition):
    """Hou et al. 2024: one path, and pictures in three sizes, of which the middle one is used."""

    year = 2023
    user_key, item_key = "user_id", "parent_asin"
    time_key, ticks_per_day = "timestamp", 86_400_000

    def _raw_paths(self, record: Record) -> Iterable[Any]:
        yield record.get("categories") or [record.get("main_category")]

    def _raw_addresses(self, record: Record) -> Iterable[Any]:
        images = [each for each in _as_iterator(record.get("images")) if isinstance(each, dict)]
        images.sort(key=lambda image: image.get("variant") != "MAIN")
        for image in images:
            for size in ("large", "hi_res", "thumb"):
                yield image.get(size)


_2014, _2018, _2023 = Edition2014(), Edition2018(), Edition2023()


def editions_of_review(record: Record) -> set[Edition]:
    """Returns the editions that a review can be of: none if it is not a review, often two."""
    if {_2023.user_key, _2023.item_key} <= record.keys():
        return {_2023}
    is_older = {_2014.user_key, _2014.item_key} <= record.keys()
    return _older_editions(record) if is_older else set()


def editions_of_item(record: Record) -> set[Edition]:
    """Returns the editions that a record of the metadata can be of: none if it is not one."""
    if {_2014.user_key, _2023.user_key} & record.keys():
        return set()
    if _2023.item_key in record:
        return {_2023}
    return _older_editions(record) if _2014.item_key in record else set()


def recognize_edition(reviews: Path, metadata: Path) -> Edition:
    """Recognizes the edition of two files by the keys of their first records.

    Args:
        reviews: File of the reviews.
        metadata: File of the items.

    Raises:
        InputError: If a file cannot be read or is of no edition, or they are of different ones.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> reviews, metadata = folder / "reviews.json", folder / "metadata.json"
        >>> _ = reviews.write_text('{"user_id": "ann", "parent_asin": "B1"}')
        >>> _ = metadata.write_text('{"parent_asin": "B1"}')
        >>> recognize_edition(reviews, metadata).year
        2023
    """
    by_reviews = _editions(reviews, editions_of_review, editions_of_item, "reviews", "metadata")
    by_items = _editions(metadata, editions_of_item, editions_of_review, "metadata", "reviews")
    both = by_reviews & by_items
    if not both:
        years = [min(each.year for each in editions) for editions in (by_reviews, by_items)]
        raise InputError(
            f"{reviews} is of Amazon Reviews {years[0]} and {metadata} of {years[1]}: take both "
            "of the same edition"
        )
    return min(both, key=lambda edition: edition.year)


def as_text(value: Any) -> str:
    """Returns a text that can be encoded as it is, and "" for anything else."""
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return ""
    return value


def _editions(
    path: Path,
    editions_of: Callable[[Record], set[Edition]],
    editions_of_other: Callable[[Record], set[Edition]],
    argument: str,
    other_argument: str,
) -> set[Edition]:
    """Returns the editions that a file can be of."""
    found: Counter[Edition] = Counter()
    records = read_json_lines(path, _ignore, show_progress=False)
    first = None
    for _, record in islice(records, _NUM_RECORDS_TO_RECOGNIZE):
        first = record if first is None else first
        editions = editions_of(record)
        if len(editions) == 1:
            return editions
        found.update(editions)
    if found:
        return set(found)
    if first is None:
        raise InputError(f"{path} has no line of JSON: give the {argument} as they are downloaded")
    swapped = f"; it should be given as `{other_argument}`" if editions_of_other(first) else ""
    keys = ", ".join(map(str, list(first)[:12]))
    raise InputError(
        f"{path} holds no {argument} of Amazon Reviews 2014, 2018 or 2023, but records of {keys}"
        f"{swapped}"
    )


def _ignore(reason: str, where: str, value: str) -> None:
    """Leaves a line out without a report, because it is read again later."""


def _older_editions(record: Record) -> set[Edition]:
    return {each for each in (_2014, _2018) if each.own_keys & record.keys()} or {_2014, _2018}


def _as_iterator(value: Any) -> Iterator[Any]:
    """Yields the items of a list, or a single value that is not a list."""
    yield from value if isinstance(value, list) else [value]


def _clean_path(path: Any) -> CategoryPath:
    """Returns the names of a path, up to the first that is not a name."""
    names: CategoryPath = []
    for name in _as_iterator(path):
        name = " ".join(html.unescape(as_text(name)).split())
        if not name or "<" in name or len(name) > LONGEST_NAME:
            break
        names.append(name)
    return names
