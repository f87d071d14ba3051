"""The tables of items and interactions that the six objects of a DVBPR file hold."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from keras_fashion.data.sources.dvbpr.pickled_arrays import PickledArray, Span
from keras_fashion.data.sources.dvbpr.released_data import PARTS, Counts
from keras_fashion.errors import InputError

KEYS = ("productid", "imgs", "c", "categories")
"""Keys of the dicts in the file that are used; the other keys hold reviews and metadata."""

DEPARTMENTS = ("Men", "Women")
NO_CATEGORY = "uncategorized"
"""Category of every item of Tradesy, and of the items without a path in the other files."""

LONGEST_ONE_HOT = 512


class NpyContents(NamedTuple):
    """What a DVBPR file holds.

    Attributes:
        items: One row per item, with the columns `item` (id), `category` and `picture` (`Span`,
            bytes or text of Latin-1; None where there is none).
        interactions: One row per interaction, with the columns `user`, `item` (ids) and `part`
            (categorical of `PARTS`).
        counts: Numbers of users, items, interactions and categories.
    """

    items: pd.DataFrame
    interactions: pd.DataFrame
    counts: Counts


def parse_contents(value: Any, num_bytes: int) -> NpyContents:
    """Makes tables out of the unpickled objects.

    Args:
        value: An array of six objects: the training, validation and test interactions by user, the
            items, the number of users and the number of items.
        num_bytes: Size of the file. A part cannot have more interactions.

    Returns:
        The tables. Ids are the numbers in the file, with leading zeros so that they sort alike.

    Raises:
        InputError: If the objects have another layout.

    Example:
        >>> from keras_fashion.data.sources.dvbpr.pickled_arrays import PickledDType
        >>> train, items = {0: [{"productid": 1}]}, {0: {}, 1: {"c": [0.0, 1.0]}}
        >>> six = PickledArray()
        >>> six.fill((6,), PickledDType("O", False, True), [train, {}, {}, items, 1, 2])
        >>> contents = parse_contents(six, num_bytes=1000)
        >>> contents.items["category"].tolist()
        ['uncategorized', 'category-1']
        >>> contents.interactions.to_numpy().tolist()
        [['0', '1', 'train']]
    """
    six = value.elements() if isinstance(value, PickledArray) else None
    if six is None or len(six) != 6:
        raise InputError("it holds no array of six objects, as the data of DVBPR do")
    *parts, items, num_users, num_items = six
    if type(num_users) is not int or type(num_items) is not int:
        raise InputError("its last two objects are not numbers: of users, and of items")
    records = dict(sorted(_enumerate(items, "the items")))
    pairs = [_interactions(part, name, num_bytes) for part, name in zip(parts, PARTS, strict=True)]
    users = np.concatenate([part_users for part_users, _ in pairs])
    user_items = np.concatenate([part_items for _, part_items in pairs])
    num_users = max(num_users, 1, users.max(initial=0) + 1)
    num_items = max(num_items, 1, user_items.max(initial=0) + 1, max(records, default=0) + 1)
    categories = [_category(record) for record in records.values()]
    pictures = [_picture(record) for record in records.values()]
    item_table = pd.DataFrame(
        {
            "item": _ids(np.fromiter(records, np.int64), num_items),
            "category": [category or NO_CATEGORY for category in categories],
            "picture": pd.Series(pictures, dtype=object),
        }
    )
    part_codes = np.repeat(np.arange(3), [len(part_users) for part_users, _ in pairs])
    interactions = pd.DataFrame(
        {
            "user": _ids(users, num_users),
            "item": _ids(user_items, num_items),
            "part": pd.Categorical.from_codes(part_codes, PARTS),
        }
    )
    is_train = interactions["part"] == PARTS[0]
    counts = Counts(
        users=len(np.unique(users)),
        items=len(item_table),
        train=int((is_train & ~interactions.duplicated()).sum()),
        interactions=int((~interactions.duplicated(["user", "item"])).sum()),
        categories=len(set(categories) - {None}) or None,
    )
    return NpyContents(item_table, interactions, counts)


def _ids(numbers: np.ndarray, count: int) -> np.ndarray:
    """Writes numbers below a count as text that sorts as they do."""
    num_digits = len(str(count - 1))
    distinct, inverse = np.unique(numbers, return_inverse=True)
    texts = np.array([f"{number:0{num_digits}d}" for number in distinct.tolist()], dtype=object)
    return texts[inverse] if len(texts) else texts


def _as_list(value: Any) -> Any:
    return value.elements() if isinstance(value, PickledArray) else value


def _enumerate(container: Any, what: str) -> Iterator[tuple[int, Any]]:
    """Yields the values of a list or dict with their numbers."""
    container = _as_list(container)
    if isinstance(container, list):
        return enumerate(container)
    if not isinstance(container, dict) or any(type(key) is not int or key < 0 for key in container):
        raise InputError(f"{what} are neither a list nor a dict of whole numbers")
    return iter(container.items())


def _interactions(part: Any, name: str, num_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the users and the items of a part, (n,) int64 each."""
    rows = [
        (user, _as_list(entries)) for user, entries in _enumerate(part, f"the {name} interactions")
    ]
    for user, entries in rows:
        if not isinstance(entries, list):
            raise InputError(f"user {user} has no list of {name} interactions")
    # Many users may refer to one list, which the file then has only once.
    if sum(len(entries) for _, entries in rows) > num_bytes:
        raise InputError(f"it claims more {name} interactions than it has bytes")
    users = np.repeat(
        np.array([user for user, _ in rows], np.int64), [len(entries) for _, entries in rows]
    )
    items: list[int] = []
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
    """Returns the category of an item, or None where the file has none."""
    if not isinstance(record, dict):
        return None
    one_hot = _as_list(record.get("c"))
    if isinstance(one_hot, list):
        return _category_of_one_hot(one_hot)
    paths = record.get("categories")
    return _category_of_paths(paths) if isinstance(paths, list) else None


def _category_of_one_hot(row: list[Any]) -> str | None:
    places = [place for place, value in enumerate(row[:LONGEST_ONE_HOT]) if value]
    return f"category-{places[0]:0{len(str(len(row) - 1))}d}" if len(places) == 1 else None


def _category_of_paths(paths: list[Any]) -> str | None:
    paths = [path for path in paths[:20] if isinstance(path, list) and path]
    for path in paths:
        if len(path) > 2 and _text(path[1]) in DEPARTMENTS:
            return " > ".join(_text(node) for node in path[2:4])
    return (_text(paths[0][-1]) or None) if paths else None


def _text(value: Any) -> str:
    """Decodes bytes, or text of Latin-1 that was made of such bytes, as UTF-8 where they are."""
    text = value.decode("latin1") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    try:
        return text.encode("latin1").decode()
    except UnicodeError:
        return text
