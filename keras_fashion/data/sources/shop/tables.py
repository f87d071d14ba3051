"""Tables of a shop, in whichever format they are."""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from keras_fashion.data.sources.source import printable
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


PARQUET = b"PAR1"
NEITHER = {
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xff\xfe": 'text in UTF-16 (Excel\'s "Unicode text")',
    b"\xfe\xff": "text in UTF-16",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}


def open_table(path: Path) -> TextTable:
    """Opens a CSV or Parquet file; which it is shows in its first bytes, not in its name.

    Raises:
        InputError: If it is neither, or cannot be read.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise InputError(f"{path} is not a file: a pipe cannot be read twice")
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    for magic, kind in NEITHER.items():
        if start.startswith(magic):
            raise InputError(f"{path} is {kind}: save it as CSV in UTF-8, or as Parquet")
    # Each is a subclass of `TextTable`, which is above.
    from keras_fashion.data.sources.shop.csv_table import CsvTable
    from keras_fashion.data.sources.shop.parquet_table import ParquetTable

    return ParquetTable(path) if start.startswith(PARQUET) else CsvTable(path)
