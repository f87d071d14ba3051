"""Checks the rows of a source and reports those that are left out.

`usable_items` and `usable_interactions` select the rows that a catalogue can contain. They report
every other row, with one reason, to a `Skip`; the one that `prepare` passes is `Skipped`, which
counts and lists the rows or refuses them.
"""

import csv
from collections import Counter
from collections.abc import Callable
from typing import IO, Literal

import numpy as np
import pandas as pd

from keras_fashion.data.purchase_times import UNKNOWN_DAY, parse_days
from keras_fashion.data.sources.source import Skip, printable
from keras_fashion.errors import InputError

LONGEST_ID = 256
"""Maximum number of characters of an id, category or attribute. Such texts are in NumPy arrays,
whose every row has the size of the longest text."""

HARMLESS = frozenset({"duplicate interaction", "picture of an unknown item"})
"""Reasons that are never refused, because they are normal in good data: a purchase log contains
repeated purchases, of which the earliest is kept, and a picture archive often covers more items
than were chosen."""


class Skipped:
    """Counts and lists the records that are left out, or refuses them; a `Skip`.

    Args:
        on_bad: "skip" to leave out records that cannot be used, "refuse" to raise an error.
        file: Open text file to list the records in as CSV with the columns reason, where and
            value; None lists nothing.

    Attributes:
        on_bad: "skip" or "refuse".
        counts: Number of records that were left out, by reason.

    Example:
        >>> skipped = Skipped("skip")
        >>> skipped("empty id", "items.csv, row 7", "")
        >>> dict(skipped.counts)
        {'empty id': 1}
    """

    def __init__(self, on_bad: Literal["skip", "refuse"], file: IO[str] | None = None) -> None:
        self.on_bad = on_bad
        self.counts: Counter[str] = Counter()
        self._rows = None if file is None else csv.writer(file, lineterminator="\n")
        if self._rows is not None:
            self._rows.writerow(["reason", "where", "value"])

    def __call__(self, reason: str, where: str, value: str) -> None:
        """Leaves a record out.

        Args:
            reason: Short fixed phrase, such as "item without a picture".
            where: File and row, or the name of the picture.
            value: The id or other text that identifies the record.

        Raises:
            InputError: If `on_bad` is "refuse" and the reason is not in `HARMLESS`.
        """
        if self.on_bad == "refuse" and reason not in HARMLESS:
            raise InputError(
                f"{printable(where)}: {reason} ({value[:300]!r}). Correct it, or leave it out: "
                "`on_bad` skip"
            )
        self.counts[reason] += 1
        if self._rows is not None:
            self._rows.writerow([reason, where, value])


def usable_items(items: pd.DataFrame, skip: Skip, place: Callable[[int], str]) -> pd.DataFrame:
    """Selects the items with a unique id, a category and a picture.

    Args:
        items: Table as `Source.items` returns it.
        skip: Called for each row that is left out.
        place: Function that describes where the row of an index comes from.

    Returns:
        The other rows with the index 0, 1, 2, ... and their previous index in the column `index`.
        Blank attributes are replaced with "", which stands for "not known".

    Example:
        >>> items = pd.DataFrame(
        ...     {"item": ["1", "2"], "category": ["Tops", ""], "picture": [b"jpeg", b"jpeg"]}
        ... )
        >>> skipped = Skipped("skip")
        >>> usable_items(items, skipped, "row {}".format)["item"].tolist()
        ['1']
        >>> dict(skipped.counts)
        {'item without a category': 1}
    """
    item = items["item"]
    reasons = {
        "empty id": item.str.strip() == "",
        **_bad_ids(item),
        "item without a category": items["category"].str.strip() == "",
        **_bad_texts(items.drop(columns=["item", "picture"])),
        "item without a picture": items["picture"].isna(),
    }
    bad = np.logical_or.reduce(list(reasons.values()))
    reasons["duplicate item"] = ~bad & item.where(~bad, None).duplicated()
    kept = _without(items, reasons, skip, place, item)
    for name in kept.columns.difference(["item", "category", "picture"]):
        kept[name] = kept[name].mask(kept[name].str.strip() == "", "")
    return kept.reset_index(names="index")


def usable_interactions(
    interactions: pd.DataFrame, known_items: pd.Series, skip: Skip, place: Callable[[int], str]
) -> pd.DataFrame:
    """Selects the distinct interactions with known items; of repeated ones the earliest.

    Args:
        interactions: Table as `Source.interactions` returns it.
        known_items: Ids of the items of the catalogue.
        skip: Called for each row that is left out.
        place: Function that describes where the row of an index comes from.

    Returns:
        Text columns `user`, `item` and `time` with the index 0, 1, 2, ...; a time of "" stands for
        "not known".

    Example:
        >>> bought = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": ["1", "1", "7"]})
        >>> skipped = Skipped("skip")
        >>> rows = usable_interactions(bought, pd.Series(["1"]), skipped, "row {}".format)
        >>> rows.values.tolist()
        [['ann', '1', '']]
        >>> dict(skipped.counts)
        {'duplicate interaction': 1, 'interaction on unknown item': 1}
    """
    frame = interactions.reindex(columns=["user", "item", "time"], fill_value="")
    user, item = frame["user"], frame["item"]
    reasons = {
        "empty id": (user.str.strip() == "") | (item.str.strip() == ""),
        **_bad_ids(user),
        "interaction on unknown item": ~item.isin(known_items),
        "duplicate interaction": _is_repeated(frame),
    }
    kept = _without(frame, reasons, skip, place, user + ", " + item)
    return kept.fillna("").astype("str").reset_index(drop=True)


def _is_repeated(interactions: pd.DataFrame) -> pd.Series:
    """Returns which rows are not the earliest of their user and item, of one day not the first."""
    pairs = ["user", "item"]
    places = np.flatnonzero(interactions.duplicated(pairs, keep=False))
    several = interactions.iloc[places]
    try:
        days = parse_days(several["time"].fillna("").astype(str).to_numpy(), "time")
    except InputError:  # Times that cannot be read are refused where they are needed.
        days = np.zeros(len(several), np.int32)
    # A purchase of an unknown day comes after those of known days.
    order = np.argsort(np.where(days == UNKNOWN_DAY, np.iinfo(np.int32).max, days), kind="stable")
    repeated = np.zeros(len(interactions), bool)
    repeated[places[order]] = several.iloc[order].duplicated(pairs)
    return pd.Series(repeated, interactions.index)


def _bad_ids(ids: pd.Series) -> dict[str, pd.Series]:
    return {
        f"id of more than {LONGEST_ID} characters": ids.str.len() > LONGEST_ID,
        "id with a zero character": ids.str.contains("\0", regex=False),
    }


def _bad_texts(columns: pd.DataFrame) -> dict[str, pd.Series]:
    """Returns the rows of which the category or an attribute cannot be stored, by reason."""
    longest = columns.apply(lambda column: column.str.len()).max(axis=1)
    zero = columns.apply(lambda column: column.str.contains("\0", regex=False)).any(axis=1)
    return {
        f"category or attribute of more than {LONGEST_ID} characters": longest > LONGEST_ID,
        "category or attribute with a zero character": zero,
    }


def _without(
    frame: pd.DataFrame,
    reasons: dict[str, pd.Series],
    skip: Skip,
    place: Callable[[int], str],
    value: pd.Series,
) -> pd.DataFrame:
    """Returns the rows for which no reason holds, and reports the others with their first one."""
    names = list(reasons)
    reason = np.select(list(reasons.values()), np.arange(len(names)), -1)
    bad = np.flatnonzero(reason >= 0)
    for index, number, which in zip(frame.index[bad], reason[bad], value.iloc[bad], strict=True):
        skip(names[number], place(index), which)
    return frame[reason < 0].copy()
