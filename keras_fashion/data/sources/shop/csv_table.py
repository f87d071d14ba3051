"""CSV files, plain or compressed with gzip, read as text.

They are read with pyarrow: pandas 3.1 accepts rows with too many or too few fields silently when it
reads only some of the columns.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pandas as pd
import pyarrow as pa
from pyarrow import csv as pa_csv

from keras_fashion.data.sources.bounded_stream import BoundedStream
from keras_fashion.data.sources.shop.text_table import TextTable
from keras_fashion.data.sources.source import printable
from keras_fashion.errors import InputError

DELIMITERS = (",", ";", "\t")
GZIP = b"\x1f\x8b"
MAX_HEADER_SIZE = 2**20
MAX_ROW_SIZE = 2**24
DAMAGED = (pa.ArrowException, OSError, EOFError, zlib.error, ValueError)


class CsvTable(TextTable):
    r"""A CSV file in UTF-8 with a header, with or without a byte order mark.

    Fields are separated by commas, semicolons or tabs, whichever gives the header most fields.
    Rows are numbered as in a spreadsheet: the header is row 1, and blank lines do not count.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file cannot be read, is not UTF-8 or has no header.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "items.csv"
        >>> _ = path.write_text("sku;color\n0108;red\n0207;\n")
        >>> table = CsvTable(path)
        >>> table.columns
        ['sku', 'color']
        >>> table.read(["sku"], rows=1)["sku"].tolist()
        ['0108']
    """

    first_row = 2

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb") as file:
                self._gzip = file.read(2) == GZIP
            with self._open() as file:
                start = file.read(MAX_HEADER_SIZE)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        if b"\0" in start[:4]:
            raise InputError(f"{path} is text in UTF-16 or UTF-32, or no text: save it as UTF-8")
        try:
            text = codecs.getincrementaldecoder("utf-8-sig")().decode(start)
        except UnicodeDecodeError as error:
            raise InputError(self._not_utf8()) from error
        try:
            headers = {delimiter: _first_row(text, delimiter) for delimiter in DELIMITERS}
        except csv.Error as error:
            raise InputError(f"{path} has no header that can be read: {error}") from error
        self._delimiter = max(DELIMITERS, key=lambda delimiter: len(headers[delimiter]))
        self.columns = headers[self._delimiter]
        if not any(self.columns):
            raise InputError(f"{path} is empty: it needs a header that names its columns")

    def read(self, columns: Sequence[str], rows: int | None = None) -> pd.DataFrame:
        """Reads columns; see `TextTable.read`."""
        columns = list(dict.fromkeys(columns))
        none = pd.DataFrame({name: [] for name in columns}, dtype="str")
        if not columns:  # for which pyarrow would read all columns
            return none
        try:
            with self._open() as file:
                reader = pa_csv.open_csv(
                    file,
                    # With threads, pyarrow's errors do not name the row.
                    pa_csv.ReadOptions(use_threads=False, block_size=MAX_ROW_SIZE),
                    pa_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                    pa_csv.ConvertOptions(
                        include_columns=columns,
                        column_types=dict.fromkeys(columns, pa.string()),
                        strings_can_be_null=False,
                    ),
                )
                batches, read = [], 0
                for batch in reader:
                    batches.append(batch)
                    read += batch.num_rows
                    if rows is not None and read >= rows:
                        break
            table = pa.Table.from_batches(batches, reader.schema).slice(0, rows)
        except InputError:
            raise
        except DAMAGED as error:
            if "cannot infer number of columns" in str(error):  # the file ends within its header
                return none
            raise InputError(self._damage(str(error))) from error
        return table.to_pandas().astype("str")

    def _open(self) -> IO[bytes]:
        if not self._gzip:
            return open(self.path, "rb")
        packed = self.path.stat().st_size
        return io.BufferedReader(BoundedStream(gzip.GzipFile(self.path), packed, self.path))

    def _damage(self, error: str) -> str:
        if "UTF8" in error:
            return self._not_utf8()
        if "block size" in error:
            return (
                f"{self.path} has a row of more than {MAX_ROW_SIZE // 2**20} MiB: a double quote "
                "is probably not closed"
            )
        return (
            f"{self.path}: {printable(error)}. Each row needs as many fields as the header, and a "
            "field with a comma or a line break in it needs double quotes"
        )

    def _not_utf8(self) -> str:
        with self._open() as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    place = f"line {number}, byte {error.start + 1} of the line"
                    return f"{self.path}: {place}, is not UTF-8. Save it with the encoding UTF-8"
        return f"{self.path} is not UTF-8. Save it with the encoding UTF-8"


def _first_row(text: str, delimiter: str) -> list[str]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return next((row for row in rows if row), [])
