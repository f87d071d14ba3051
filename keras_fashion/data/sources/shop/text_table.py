"""The abstract base of the tables of a shop, whatever the format of their files."""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from keras_fashion.data.sources.source import printable
from keras_fashion.errors import InputError

MAX_SHOWN_COLUMNS = 40


class TextTable(ABC):
    """A file with named columns, which are read as text so that ids keep their leading zeros.

    Args:
        path: Path of the file.

    Attributes:
        path: Path of the file.
        columns: Names of the columns, in the order of the file.
        first_row: Number of the row of the first record, as the file is shown to people.

    Raises:
        InputError: If the file cannot be read or has no columns.

    Example:
        >>> class NoRows(TextTable):
        ...     path, columns = Path("items.csv"), ["sku", "color"]
        ...
        ...     def read(self, columns, rows=None):
        ...         return pd.DataFrame({name: [] for name in columns}, dtype="str")
        >>> NoRows().check_column("shade", "category_column")
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: items.csv has no column 'shade'; its columns are sku, ...
    """

    path: Path
    columns: list[str]
    first_row: int = 1

    @abstractmethod
    def read(self, columns: Sequence[str], rows: int | None = None) -> pd.DataFrame:
        """Reads columns.

        Args:
            columns: Names of columns that the file has once each.
            rows: Maximum number of rows, from the start; None for all.

        Returns:
            Text columns with index 0, 1, 2, ...; a missing value is an empty text.

        Raises:
            InputError: If the file is damaged, or a column cannot be converted to text exactly.
        """

    def row_name(self, index: int) -> str:
        """Returns the file name and the row of the record of this index, for messages."""
        return f"{self.path.name} row {index + self.first_row}"

    def check_column(self, column: str, argument: str) -> str:
        """Returns the name of a column if the file has it exactly once.

        Args:
            column: Name of the column.
            argument: Name of the argument that gives the column, for the message.

        Raises:
            InputError: If the column is missing, or there are several.
        """
        if self.columns.count(column) == 1:
            return column
        near = difflib.get_close_matches(column, self.columns, n=1, cutoff=0.5)
        guess = f" (did you mean {near[0][:100]!r}?)" if near and near[0] != column else ""
        found = "several columns" if column in self.columns else "no column"
        raise InputError(
            f"{self.path} has {found} {column!r}; its columns are {listed(self.columns)}. "
            f"Name the right one with `{argument}`{guess}"
        )


def listed(columns: Sequence[str]) -> str:
    """Returns the names of columns for a message; of very many, only the first ones."""
    shown = [printable(column, 100) for column in columns[:MAX_SHOWN_COLUMNS]]
    more = len(columns) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
