"""A file with a row a record, read as text."""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from keras_fashion.datasets.printable import printable
from keras_fashion.errors import InputError

SHOWN_COLUMNS = 40


class TextTable(ABC):
    """Columns of a file as text, so that ids keep their leading zeros.

    Args:
        path: The file.

    Attributes:
        path: The file.
        columns: Names of its columns, in their order.

    Raises:
        InputError: If the file cannot be read or names no columns.
    """

    first_row = 1
    """Number of the first record's row, for people."""

    path: Path
    columns: list[str]

    @abstractmethod
    def read(self, columns: Sequence[str], rows: int | None = None) -> pd.DataFrame:
        """Reads columns.

        Args:
            columns: Names that the file has once each.
            rows: How many rows, at most, from the start; None for all.

        Returns:
            Text columns with index 0, 1, 2, ...; a missing value is the empty text.

        Raises:
            InputError: If the file is damaged or a column cannot become text exactly.
        """

    def place(self, index: int) -> str:
        """File and row of the record of this index, for messages."""
        return f"{self.path.name} row {index + self.first_row}"

    def find(self, column: str, option: str) -> str:
        """Returns the name of a column if the file has it once.

        Args:
            column: Its name.
            option: The option that gives the name, for the message.

        Raises:
            InputError: If it is missing or there are several.
        """
        if self.columns.count(column) == 1:
            return column
        near = difflib.get_close_matches(column, self.columns, n=1, cutoff=0.5)
        guess = f" (did you mean {near[0][:100]!r}?)" if near and near[0] != column else ""
        found = "several columns" if column in self.columns else "no column"
        raise InputError(
            f"{self.path} has {found} {column!r}; its columns are {names(self.columns)}. "
            f"Name the right one with {option}{guess}"
        )


def names(columns: Sequence[str]) -> str:
    """The names of columns for a message, which stays readable when there are thousands."""
    shown = [printable(column, 100) for column in columns[:SHOWN_COLUMNS]]
    more = len(columns) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
