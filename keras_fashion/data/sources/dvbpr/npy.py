"""The four `.npy` files of the DVBPR paper."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from keras_fashion.data.sources.dvbpr.plain_pickle import Array, Span, read_plain_pickle
from keras_fashion.data.sources.dvbpr.released_data import PARTS, Counts, compared, partition
from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.errors import InputError

KEYS = ("productid", "imgs", "c", "categories")
"""All that is kept of the file's dicts; reviews and metadata are not."""

DEPARTMENTS = ("Men", "Women")

LONGEST_ONE_HOT = 512

NO_CATEGORY = "uncategorized"
"""Of every item of Tradesy, and of items without a path in a file that has paths."""


class DVBPRNpy(Source):
    """Amazon Fashion, Women, Men or Tradesy as released with DVBPR (Kang et al., ICDM 2017).

    Such a file is a NumPy object array of six: training, validation and test interactions by user,
    the items, and the numbers of users and items. It is a pickle, written by Python 2, of 2 to 6
    GB: `read_plain_pickle` runs nothing that it says, and leaves the pictures in it until they are
    asked for. The same saved again by Python 3 is accepted, whether read as bytes or as Latin-1.

    Ids are the numbers of users and items in the file, with as many leading zeros as it takes for
    the catalogue's order to be the file's: row 17 of another implementation's embeddings is the
    catalogue's user 17, too.

    The interactions of the three parts are the catalogue's; which is in which part stands in
    `split.csv` beside it, for `keras-fashion train ... --split`. See `partition` for the cases in
    which the two cannot agree.

    Categories: Amazon Fashion has one of six for each item, as numbers without names: `category-0`
    to `category-5`. Women and Men have Amazon's paths, such as Clothing, Shoes & Jewelry > Men >
    Shoes > Boots > Snow; the category is the two levels below the department ("Shoes > Boots") of
    the first path through Men or Women, or the end of the first path. Which level the paper's 53
    and 50 categories are is not known; how many there are here is said when the file is read.
    Tradesy has none: all items are `NO_CATEGORY`.

    Args:
        path: The file.

    Raises:
        InputError: If the file is not there or is not a NumPy array of six objects.
    """

    name = "dvbpr"
    description = (
        "Clothing with a picture each, and who reviewed or wanted it: one of the data sets of "
        "Visually-Aware Fashion Recommendation and Design With Generative Image Models, with its "
        "partition in training, validation and test."
    )
    homepage = "https://github.com/kang205/DVBPR"
    citation = """@inproceedings{kang2017visually,
  title={Visually-Aware Fashion Recommendation and Design With Generative Image Models},
  author={Kang, Wang-Cheng and Fang, Chen and Wang, Zhaowen and McAuley, Julian},
  booktitle={IEEE International Conference on Data Mining (ICDM)},
  pages={207--216},
  year={2017}
}"""
    licence = "None is stated; pictures and reviews are Amazon's, Tradesy's and their users'."

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with _opened(self.path):
            pass

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items in the file's order; see `Source.items`."""
        return self._contents.items

    def interactions(self) -> pd.DataFrame:
        """Lists training, then validation, then test; see `Source.interactions`."""
        return self._contents.interactions[["user", "item"]]

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads a picture where it lies in the file."""
        return ReadSpan(str(self.path))

    def item_place(self, index: int) -> str:
        """Names the item as the file does."""
        return f"{self.path.name} item {int(self._contents.items.at[index, 'item'])}"

    def interaction_place(self, index: int) -> str:
        """Names the part."""
        return f"{self.path.name} {self._contents.interactions.at[index, 'part']}"

    def write_extras(self, folder: Path) -> None:
        """Writes the file's partition of the interactions that the catalogue kept: `split.csv`."""
        kept = pd.read_parquet(folder / "interactions.parquet", columns=["user", "item"])
        rows, remarks = partition(self._contents.interactions, kept)
        rows.to_csv(folder / "split.csv", index=False)
        counts = rows["part"].value_counts()
        held_out = f"{counts.get('valid', 0):,} validation and {counts.get('test', 0):,} test"
        said = [f"split.csv: {counts.get('train', 0):,} training, {held_out} interactions"]
        print("\n  ".join([*said, *remarks]), file=sys.stderr)

    @cached_property
    def _contents(self) -> "_Contents":
        with _opened(self.path) as file:
            value = read_plain_pickle(file, KEYS)
            size = os.fstat(file.fileno()).st_size
        try:
            contents = _Contents.of(value, size)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error
        print(compared(self.path.name, contents.counts), file=sys.stderr)
        return contents


@dataclass(frozen=True)
class ReadSpan:
    """Reads a picture of a file, or gives one that has been read.

    Args:
        path: The file.
    """

    path: str

    def __call__(self, picture: Span | bytes | str) -> bytes:
        """Gives the picture's bytes.

        Raises:
            OSError: If the file cannot be read.
            ValueError: If the file has become shorter or is another one.
        """
        is_text = isinstance(picture, str)
        if isinstance(picture, Span):
            is_text = picture.is_text
            with open(self.path, "rb") as file:
                file.seek(picture.offset)
                data = file.read(picture.length)
            if len(data) != picture.length:
                raise ValueError(f"{self.path} has become shorter")
            picture = data.decode() if is_text else data
        return picture.encode("latin1") if is_text else picture


class _Contents(NamedTuple):
    """What is wanted of a file: the items, the interactions with their part, and the counts."""

    items: pd.DataFrame
    interactions: pd.DataFrame
    counts: Counts

    @classmethod
    def of(cls, value: Any, size: int) -> "_Contents":
        six = value.elements() if isinstance(value, Array) else None
        if six is None or len(six) != 6:
            raise InputError("it holds no array of six objects, as the data of DVBPR do")
        *parts, items, num_users, num_items = six
        if type(num_users) is not int or type(num_items) is not int:
            raise InputError("its last two objects are no numbers: of users, and of items")
        records = dict(sorted(_numbered(items, "the items")))
        numbers = [_interactions(part, name, size) for part, name in zip(parts, PARTS, strict=True)]
        users = np.concatenate([part[0] for part in numbers])
        item_of = np.concatenate([part[1] for part in numbers])
        user_ids = _Ids(max(num_users, 1, users.max(initial=0) + 1))
        item_ids = _Ids(max(num_items, 1, item_of.max(initial=0) + 1, max(records, default=0) + 1))
        categories = [_category(record) for record in records.values()]
        table = pd.DataFrame(
            {
                "item": item_ids(np.fromiter(records, np.int64)),
                "category": [category or NO_CATEGORY for category in categories],
                "picture": pd.Series(
                    [_picture(record) for record in records.values()], dtype=object
                ),
            }
        )
        sizes = [len(part[0]) for part in numbers]
        interactions = pd.DataFrame(
            {
                "user": user_ids(users),
                "item": item_ids(item_of),
                "part": pd.Categorical.from_codes(np.repeat(np.arange(3), sizes), PARTS),
            }
        )
        trained = interactions["part"] == PARTS[0]
        named = set(categories) - {None}
        counts = Counts(
            users=len(np.unique(users)),
            items=len(table),
            train=int((~interactions[trained].duplicated(["user", "item"])).sum()),
            interactions=int((~interactions.duplicated(["user", "item"])).sum()),
            categories=len(named) or None,
        )
        return cls(table, interactions, counts)


class _Ids:
    """Text of numbers below a count, which sorts as they do."""

    def __init__(self, count: int) -> None:
        self.digits = len(str(count - 1))

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        distinct, at = np.unique(numbers, return_inverse=True)
        texts = np.array([f"{n:0{self.digits}d}" for n in distinct.tolist()], dtype=object)
        return texts[at] if len(texts) else texts


def _opened(path: Path) -> BinaryIO:
    """Opens a file at the pickle after NumPy's header."""
    try:
        file = open(path, "rb")  # noqa: SIM115 (it is returned)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(file)
        if shape != (6,) or dtype != np.dtype(object):
            raise ValueError(f"an array of {dtype} {shape}")
    except Exception as error:  # a broken header makes NumPy's parser raise nearly anything
        file.close()
        raise InputError(
            f"{path} is not one of DVBPR's files, which are NumPy arrays (.npy) of six objects: "
            f"{str(error)[:200]}"
        ) from error
    return file


def _numbered(container: Any, what: str) -> Iterator[tuple[int, Any]]:
    """The values of a list or dict with their numbers."""
    if isinstance(container, Array):
        container = container.elements()
    if isinstance(container, list):
        return enumerate(container)
    if not isinstance(container, dict) or any(type(key) is not int or key < 0 for key in container):
        raise InputError(f"{what} are neither a list nor a dict of whole numbers")
    return iter(container.items())


def _interactions(part: Any, name: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The users and items of a part, (n,) int64 each."""
    rows = [
        (user, entries.elements() if isinstance(entries, Array) else entries)
        for user, entries in _numbered(part, f"the {name} interactions")
    ]
    for user, entries in rows:
        if not isinstance(entries, list):
            raise InputError(f"user {user} has no list of {name} interactions")
    # A list may be named by many users without being written again.
    if sum(len(entries) for _, entries in rows) > size:
        raise InputError(f"it claims more {name} interactions than it has bytes")
    users = np.repeat(
        np.array([user for user, _ in rows], np.int64), [len(entries) for _, entries in rows]
    )
    items = []
    for user, entries in rows:
        for entry in entries:
            item = entry.get("productid") if isinstance(entry, dict) else entry
            if type(item) is not int or not 0 <= item < 2**63:
                raise InputError(f"a {name} interaction of user {user} has no number of an item")
            items.append(item)
    return users, np.array(items, np.int64)


def _picture(record: Any) -> Span | bytes | str | None:
    picture = record.get("imgs") if isinstance(record, dict) else None
    return picture if picture and isinstance(picture, Span | bytes | str) else None


def _category(record: Any) -> str | None:
    """The category of an item, None where the file has none."""
    if not isinstance(record, dict):
        return None
    if isinstance(record.get("c"), Array | list):
        return _one_hot(record["c"])
    paths = record.get("categories")
    if isinstance(paths, list):
        paths = [path for path in paths[:20] if isinstance(path, list) and path]
        for path in paths:
            if len(path) > 2 and _text(path[1]) in DEPARTMENTS:
                return " > ".join(_text(node) for node in path[2:4])
        if paths:
            return _text(paths[0][-1]) or None
    return None


def _one_hot(row: Array | list) -> str | None:
    row = row.elements() if isinstance(row, Array) else row
    places = [place for place, value in enumerate(row[:LONGEST_ONE_HOT]) if value]
    return f"category-{places[0]:0{len(str(len(row) - 1))}d}" if len(places) == 1 else None


def _text(value: Any) -> str:
    """Text out of bytes, of UTF-8 if they are, or out of what Latin-1 has made of such bytes."""
    text = value.decode("latin1") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    try:
        return text.encode("latin1").decode()
    except UnicodeError:
        return text
