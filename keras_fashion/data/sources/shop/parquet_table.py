"""Parquet files, read as text."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keras_fashion.data.sources.shop.text_table import TextTable
from keras_fashion.data.sources.source import printable
from keras_fashion.errors import InputError

DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError)


class ParquetTable(TextTable):
    """A Parquet file without nested columns.

    Integers and decimals become text exactly; dates and times become ISO 8601, in UTC if they
    have a time zone. Floating-point columns are refused: an id that was converted to one may have
    lost digits, and 108.0 is not the id 108.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file cannot be read or has no columns.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "items.parquet"
        >>> pq.write_table(pa.table({"sku": [108, None]}), path)
        >>> ParquetTable(path).read(["sku"])["sku"].tolist()
        ['108', '']
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.columns = pq.read_schema(path).names
        except DAMAGED as error:
            raise InputError(self._damage(error)) from error
        if not self.columns:
            raise InputError(f"{path} is empty: it has no columns")

    def read(self, columns: Sequence[str], rows: int | None = None) -> pd.DataFrame:
        """Reads columns; see `TextTable.read`."""
        columns = list(dict.fromkeys(columns))
        try:
            with pq.ParquetFile(self.path) as file:
                schema = pa.schema([file.schema_arrow.field(name) for name in columns])
                for field in schema:
                    self._refuse_type(field)
                if rows is None:
                    table = file.read(columns=columns)
                else:
                    first = next(file.iter_batches(max(rows, 1), columns=columns), None)
                    table = pa.Table.from_batches([] if first is None else [first], schema)
            text = pa.table({name: _as_text(table[name]) for name in columns})
        except InputError:
            raise
        except DAMAGED as error:
            raise InputError(self._damage(error)) from error
        return text.to_pandas().astype("str")

    def _refuse_type(self, field: pa.Field) -> None:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_floating(kind):
            raise InputError(
                f"{self.path}: column {field.name!r} holds floating-point numbers ({kind}), which "
                "do not keep ids and codes exactly: store it as text or as integers"
            )
        if pa.types.is_nested(kind):
            raise InputError(
                f"{self.path}: column {field.name!r} holds {printable(str(kind))}: store one text "
                "a row"
            )

    def _damage(self, error: Exception) -> str:
        why = printable(str(error).strip())
        return f"{self.path} cannot be read as Parquet ({why}): is it complete?"


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        column = _iso_8601(column)
    return pc.fill_null(column.cast(pa.string()), "")


def _iso_8601(column: pa.ChunkedArray) -> pa.ChunkedArray:
    zone = "Z" if column.type.tz else ""
    column = column.cast(pa.int64()).cast(
        pa.timestamp(column.type.unit)
    )  # in UTC, without a time zone
    with suppress(pa.ArrowInvalid):  # for times with fractions of a second
        column = column.cast(pa.timestamp("s"))
    return pc.strftime(  # pyright: ignore[reportAttributeAccessIssue]
        column, f"%Y-%m-%dT%H:%M:%S{zone}"
    )
