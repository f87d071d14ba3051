"""Which rows of a source can be used, and a report of those that cannot."""

import csv
from collections import Counter
from collections.abc import Callable
from typing import IO, Literal

import numpy as np
import pandas as pd

from keras_fashion.data.sources.source import Skip, printable
from keras_fashion.errors import InputError

HARMLESS = frozenset({"duplicate interaction", "picture of an unknown item"})


class Skipped:
    """Counts and lists what is left out; the `Skip` of a source.

    Two reasons never refuse, because they are normal in good data: "duplicate interaction" (a
    purchase log holds repeated purchases; the first row is kept) and "picture of an unknown item"
    (a picture archive often covers more than the items chosen).

    Args:
        on_bad: Whether records that cannot be used are left out or refused.
        file: Where they are listed as CSV (reason, where, value); None lists nothing.

    Attributes:
        counts: How many were left out, by reason.
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
            where: File and row, or the picture's name.
            value: What is left out: an id, or whatever identifies it.

        Raises:
            InputError: Under `on_bad="refuse"`, unless the reason is a harmless one.
        """
        if self.on_bad == "refuse" and reason not in HARMLESS:
            raise InputError(
                f"{printable(where)}: {reason} ({value[:300]!r}). Correct it, or leave it out: "
                "--on-bad skip"
            )
        self.counts[reason] += 1
        if self._rows is not None:
            self._rows.writerow([reason, where, value])


LONGEST_ID = 256
"""Characters. Ids stand in tables with room for the longest in each row."""


def usable_items(items: pd.DataFrame, skip: Skip, place: Callable[[int], str]) -> pd.DataFrame:
    """The items with an id of their own, a category and a picture.

    Args:
        items: As `Source.items` gives them.
        skip: Told of each row that is left out.
        place: Says where the row of an index comes from.

    Returns:
        The other rows with index 0, 1, 2, ...; a blank attribute is empty: not known. The column
        `index` has the index that they had.
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
    """The distinct interactions on known items; of repeated ones the first.

    Args:
        interactions: As `Source.interactions` gives them.
        known_items: Ids of the catalogue's items.
        skip: Told of each row that is left out.
        place: Says where the row of an index comes from.

    Returns:
        Text columns user, item and time (empty: not known), with index 0, 1, 2, ...
    """
    frame = interactions.reindex(columns=["user", "item", "time"], fill_value="")
    user, item = frame["user"], frame["item"]
    reasons = {
        "empty id": (user.str.strip() == "") | (item.str.strip() == ""),
        **_bad_ids(user),
        "interaction on unknown item": ~item.isin(known_items),
        "duplicate interaction": frame.duplicated(["user", "item"]),
    }
    kept = _without(frame, reasons, skip, place, user + ", " + item)
    return kept.fillna("").astype("str").reset_index(drop=True)


def _bad_texts(columns: pd.DataFrame) -> dict[str, pd.Series]:
    """Of the category and attributes, which stand in such tables, too."""
    longest = columns.apply(lambda column: column.str.len()).max(axis=1)
    zero = columns.apply(lambda column: column.str.contains("\0", regex=False)).any(axis=1)
    return {
        f"category or attribute of more than {LONGEST_ID} characters": longest > LONGEST_ID,
        "category or attribute with a zero character": zero,
    }


def _bad_ids(ids: pd.Series) -> dict[str, pd.Series]:
    return {
        f"id of more than {LONGEST_ID} characters": ids.str.len() > LONGEST_ID,
        "id with a zero character": ids.str.contains("\0", regex=False),
    }


def _without(
    frame: pd.DataFrame,
    reasons: dict[str, pd.Series],
    skip: Skip,
    place: Callable[[int], str],
    value: pd.Series,
) -> pd.DataFrame:
    """The rows that no reason holds of; of several the first is told."""
    names = list(reasons)
    reason = np.select(list(reasons.values()), np.arange(len(names)), -1)
    bad = np.flatnonzero(reason >= 0)
    for index, number, which in zip(frame.index[bad], reason[bad], value.iloc[bad], strict=True):
        skip(names[number], place(index), which)
    return frame[reason < 0].copy()
