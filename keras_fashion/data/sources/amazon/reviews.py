"""Amazon Reviews: what people reviewed, and products with the addresses of their pictures."""

import difflib
import re
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from keras_fashion.data.sources.amazon.editions import (
    Edition,
    Record,
    editions_of_item,
    editions_of_review,
    text,
)
from keras_fashion.data.sources.amazon.json_lines import json_lines
from keras_fashion.data.sources.amazon.k_core import k_core
from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher
from keras_fashion.data.sources.web_pictures.picture_folder import find_pictures, stem
from keras_fashion.errors import InputError

_ENOUGH_TO_RECOGNIZE = 1000  # records
_ID_FIRST = re.compile(rb"\{['\"](?:parent_)?asin['\"]: ?['\"](\w+)['\"]")


class AmazonReviews(Source):
    """Amazon Reviews of 2014, 2018 or 2023, as downloaded: reviews and metadata, plain or gzip.

    Which edition it is, is seen from the records. Every review is an interaction, whatever its
    rating, as in the paper; its time becomes a date. The items are those of the metadata that
    somebody reviewed, in the order of the metadata.

    The category of an item is its path from below the department ("Clothing, Shoes & Jewelry")
    down to `category_level`, such as "Women / Clothing / Dresses". Of several paths (2014) the
    first counts that is deep enough, or else the deepest; if categories are chosen, among those
    with a chosen category at any level.

    The files are read as streams. What stays in memory is, for a review, 16 bytes, and the ids;
    for an item that can be in the catalogue, its category and the address of its picture.

    Args:
        reviews: File of the reviews.
        metadata: File of the items, of the same edition.
        pictures: Folder of the pictures: `picture_folder`.
        categories: Take only items in one of these, at any level, in capitals or not.
        category_level: How far down a path becomes the category; the department is level 1.
        core: Take only users and items that have so many of each other: `k_core`. Items without a
            picture do not count, unless their pictures are yet to be found undecodable.
        fetcher: Fetches into `pictures` what is missing; None makes do with what is there.

    Raises:
        InputError: If a file cannot be read or is of no edition, or they are of different ones.
    """

    name = "amazon_reviews"
    description = (
        "Products of Amazon with the vendor's picture, and who reviewed them. Every review counts "
        "as an interaction, whatever its rating."
    )
    homepage = "https://amazon-reviews-2023.github.io/"
    citation = """@inproceedings{mcauley2015image,
  title={Image-based recommendations on styles and substitutes},
  author={McAuley, Julian and Targett, Christopher and Shi, Qinfeng and van den Hengel, Anton},
  booktitle={SIGIR},
  year={2015}
}
@inproceedings{ni2019justifying,
  title={Justifying recommendations using distantly-labeled reviews and fine-grained aspects},
  author={Ni, Jianmo and Li, Jiacheng and McAuley, Julian},
  booktitle={EMNLP-IJCNLP},
  year={2019}
}
@article{hou2024bridging,
  title={Bridging language and items for retrieval and recommendation},
  author={Hou, Yupeng and Li, Jiacheng and He, Zhankui and Yan, An and Chen, Xiusi and McAuley,
    Julian},
  journal={arXiv preprint arXiv:2403.03952},
  year={2024}
}"""
    licence = "Pictures belong to their vendors; the reviews are given for research."

    def __init__(
        self,
        reviews: str | Path,
        metadata: str | Path,
        pictures: str | Path,
        *,
        categories: Sequence[str] = (),
        category_level: int = 4,
        core: int | None = None,
        fetcher: PictureFetcher | None = None,
    ) -> None:
        self.reviews, self.metadata = Path(reviews), Path(metadata)
        self.pictures = Path(pictures)
        self.categories = {name.strip().casefold(): name for name in categories}
        self.category_level = category_level
        self.core = core
        self.fetcher = fetcher
        if (core is not None and core < 1) or category_level < 1:
            raise InputError("--core and --category-level begin at 1: give a larger number")
        self.edition = _recognize(self.reviews, self.metadata)
        self._kept: _Reviews | None = None

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items, after their pictures were fetched if there is a fetcher."""
        reviews = self._read_reviews(skip)
        _say(f"Amazon Reviews {self.edition.year}: {reviews.summary()}")
        if self.core:  # sooner is quicker: the core of the items chosen lies within that of all
            reviews = self._core(reviews)
            _say(f"of these with {self.core} or more of each other: {reviews.summary()}")
        items = self._read_metadata(skip, reviews)
        there = find_pictures(self.pictures, set(items["item"].map(stem)))
        can_be = (items["category"] != "") & (
            (items["address"] != "") | items["item"].map(stem).isin(there.keys())
        )
        reviews = self._only(reviews, items["item"][can_be])
        wanted = can_be & items["item"].isin(reviews.reviewed_ids())
        _say(f"of these with a category and a picture: {reviews.summary()}")
        there = self._fetched(items[wanted], there)
        picture = items["item"].map(lambda item: there.get(stem(item)))
        self._kept = self._only(reviews, items["item"][wanted & picture.notna()])
        listed = items["item"].isin(self._kept.reviewed_ids()) | (wanted & picture.isna()) | ~can_be
        frame = items[["item", "category"]].assign(picture=picture.map(str, na_action="ignore"))
        return frame[listed].set_axis(items["line"][listed], axis=0)

    def interactions(self) -> pd.DataFrame:
        """Lists the reviews of the items that `items` has listed with a picture."""
        if self._kept is None:
            raise RuntimeError("items() comes first: it finds out which items there are")
        return self._kept.table()

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads a picture by its path."""
        return _read_file

    def item_place(self, index: int) -> str:
        """The line of the metadata."""
        return f"{self.metadata.name} line {index}"

    def interaction_place(self, index: int) -> str:
        """The line of the reviews."""
        return f"{self.reviews.name} line {index}"

    def _read_reviews(self, skip: Skip) -> "_Reviews":
        edition = self.edition
        users: dict[str, int] = {}
        items: dict[str, int] = {}
        columns = user, item, day, line = array("i"), array("i"), array("i"), array("I")
        for number, record in json_lines(self.reviews, skip):
            user_id, item_id = text(record.get(edition.user)), text(record.get(edition.item))
            if not user_id or not item_id:
                place = self.interaction_place(number)
                skip("review without a user or an item", place, f"{user_id}, {item_id}")
                continue
            user.append(users.setdefault(user_id, len(users)))
            item.append(items.setdefault(item_id, len(items)))
            day.append(edition.day(record))
            line.append(number)
        return _Reviews(list(users), items, *(np.asarray(column) for column in columns))

    def _read_metadata(self, skip: Skip, reviews: "_Reviews") -> pd.DataFrame:
        """The items that were reviewed and are in a category that is wanted."""
        reviewed = set(reviews.reviewed_ids())
        named: Counter[str] = Counter()
        rows: list[tuple[str, str, str, int]] = []
        reviewed_bytes = {item.encode() for item in reviewed}

        def is_wanted(line: bytes) -> bool:
            """Saves most of the time where few items are wanted: parsing is what costs it."""
            found = _ID_FIRST.match(line)
            return found is None or found[1] in reviewed_bytes

        if self.edition.year == 2023:  # its id is not the first of a record
            is_wanted = None
        for number, record in json_lines(self.metadata, skip, is_wanted):
            item = text(record.get(self.edition.item))
            if not item:
                skip("item without an id", self.item_place(number), "")
            elif item in reviewed:
                paths = self.edition.paths(record)
                category = self._category(paths)
                if category is not None:
                    rows.append((item, category, self.edition.address(record), number))
                elif self.categories:
                    named.update({name for path in paths for name in path})
        if not rows:
            raise self._no_items(named)
        return pd.DataFrame(rows, columns=["item", "category", "address", "line"])

    def _category(self, paths: list[list[str]]) -> str | None:
        """An item's category: empty if there is none, None if it is in none that is wanted."""
        if self.categories:
            paths = [
                path for path in paths if any(name.casefold() in self.categories for name in path)
            ]
            if not paths:
                return None
        deepest = max(paths, key=lambda path: min(len(path), self.category_level), default=[])
        return " / ".join(deepest[1 : self.category_level] or deepest[:1])

    def _no_items(self, named: Counter[str]) -> InputError:
        if not named:
            return InputError(
                f"{self.metadata} has none of the items in {self.reviews}"
                + (f" that are left with --core {self.core}" if self.core else "")
                + ": give the metadata of the same department"
            )
        near = [
            match
            for name in self.categories.values()
            for match in difflib.get_close_matches(name, named, n=2, cutoff=0.6)
        ]
        frequent = near or [name for name, _ in named.most_common(12)]
        return InputError(
            f"{self.metadata} has no reviewed item in --category "
            f"{' or '.join(self.categories.values())}; there {'is' if near else 'are'} "
            f"{', '.join(map(repr, frequent))}"
        )

    def _only(self, reviews: "_Reviews", items: pd.Series) -> "_Reviews":
        kept = reviews.of_items(items)
        return self._core(kept) if self.core else kept

    def _core(self, reviews: "_Reviews") -> "_Reviews":
        kept = reviews.core(self.core)
        if not len(kept.user):
            raise InputError(
                f"--core {self.core} leaves nothing of the {reviews.summary()}: give a smaller one"
            )
        return kept

    def _fetched(self, wanted: pd.DataFrame, there: dict[str, Path]) -> dict[str, Path]:
        """The pictures that are there in the end, by stem."""
        with_address = wanted[wanted["address"] != ""].drop_duplicates("item")
        addresses = dict(zip(with_address["item"], with_address["address"], strict=True))
        if self.fetcher is not None:
            counts = self.fetcher.fetch(addresses)
            shown = [f"{count:,} {what}" for what, count in counts.most_common(6)]
            others = counts.total() - sum(count for _, count in counts.most_common(6))
            shown += [f"{others:,} others"] if others else []
            _say(
                f"pictures: {', '.join(shown)}; each is listed in {self.pictures / 'manifest.csv'}"
            )
            return find_pictures(self.pictures, set(wanted["item"].map(stem)))
        missing = sum(stem(item) not in there for item in addresses)
        if missing:
            _say(f"{missing:,} of {len(addresses):,} pictures are not in {self.pictures}")
        if missing == len(addresses) and not there:
            raise InputError(
                f"{self.pictures} has none of the {missing:,} pictures yet: prepare without "
                "--check and --no-fetch to fetch them"
            )
        return there


@dataclass(frozen=True)
class _Reviews:
    """Reviews in columns, with users and items as numbers."""

    users: list[str]
    items: dict[str, int]
    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    line: np.ndarray

    def summary(self) -> str:
        users, items = len(np.unique(self.user)), len(np.unique(self.item))
        return f"{len(self.user):,} reviews of {items:,} items by {users:,} users"

    def reviewed_ids(self) -> list[str]:
        is_left = np.bincount(self.item, minlength=len(self.items)) > 0
        return [item for item, left in zip(self.items, is_left, strict=True) if left]

    def of_items(self, items: pd.Series) -> "_Reviews":
        wanted = np.zeros(len(self.items), bool)
        wanted[[self.items[item] for item in items]] = True
        return self._rows(wanted[self.item])

    def core(self, k: int) -> "_Reviews":
        return self._rows(k_core(self.user, self.item, k))

    def _rows(self, kept: np.ndarray) -> "_Reviews":
        columns = (column[kept] for column in (self.user, self.item, self.day, self.line))
        return _Reviews(self.users, self.items, *columns)

    def table(self) -> pd.DataFrame:
        days, day = np.unique(self.day, return_inverse=True)
        dates = np.where(days < 0, "", days.astype("datetime64[D]").astype(str))
        columns = {
            "user": (self.users, self.user),
            "item": (list(self.items), self.item),
            "time": (list(dates), day),
        }
        return pd.DataFrame(
            {
                name: pd.Series(texts, dtype="str").take(codes).array
                for name, (texts, codes) in columns.items()
            },
            index=self.line,
        )


def _recognize(reviews: Path, metadata: Path) -> Edition:
    """The edition that both files are of."""
    by_reviews = _editions(reviews, editions_of_review, editions_of_item, "reviews", "--metadata")
    by_items = _editions(metadata, editions_of_item, editions_of_review, "metadata", "--reviews")
    both = by_reviews & by_items
    if not both:
        years = [min(each.year for each in editions) for editions in (by_reviews, by_items)]
        raise InputError(
            f"{reviews} is of Amazon Reviews {years[0]} and {metadata} of {years[1]}: take both "
            "of the same edition"
        )
    return min(both, key=lambda edition: edition.year)


def _editions(
    path: Path,
    editions_of: Callable[[Record], set[Edition]],
    editions_of_other: Callable[[Record], set[Edition]],
    what: str,
    other: str,
) -> set[Edition]:
    found: Counter[Edition] = Counter()
    records = json_lines(path, lambda *_: None, show_progress=False)
    first = None
    for _, record in islice(records, _ENOUGH_TO_RECOGNIZE):
        first = record if first is None else first
        editions = editions_of(record)
        if len(editions) == 1:
            return editions
        found.update(editions)
    if found:
        return set(found)
    if first is None:
        raise InputError(f"{path} has no line of JSON: give the {what} as they are downloaded")
    swapped = f"; it should be given as {other}" if editions_of_other(first) else ""
    keys = ", ".join(map(str, list(first)[:12]))
    raise InputError(
        f"{path} holds no {what} of Amazon Reviews 2014, 2018 or 2023, but records of {keys}"
        f"{swapped}"
    )


def _read_file(path: str) -> bytes:
    return Path(path).read_bytes()


def _say(line: str) -> None:
    tqdm.write(line, file=sys.stderr)
