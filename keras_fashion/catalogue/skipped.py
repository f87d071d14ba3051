"""Records that are left out of a catalogue: counted by reason and listed, or refused."""

import csv
from collections import Counter
from typing import IO, Literal

from keras_fashion.datasets.printable import printable
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
