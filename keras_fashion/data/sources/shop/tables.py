"""Detection of the format of a shop's table."""

from pathlib import Path

from keras_fashion.data.sources.shop.csv_table import CsvTable
from keras_fashion.data.sources.shop.parquet_table import ParquetTable
from keras_fashion.data.sources.shop.text_table import TextTable
from keras_fashion.errors import InputError

PARQUET = b"PAR1"
UNSUPPORTED = {
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xff\xfe": 'text in UTF-16 (Excel\'s "Unicode text")',
    b"\xfe\xff": "text in UTF-16",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}
"""First bytes of formats that people export instead of CSV."""


def open_table(path: Path) -> TextTable:
    r"""Opens a CSV or Parquet file. The first bytes decide on the format, not the name.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is neither CSV nor Parquet, or cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "orders.csv"
        >>> _ = path.write_text("customer,sku\n7,0108\n")
        >>> open_table(path).read(["sku"])["sku"].tolist()
        ['0108']
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise InputError(f"{path} is not a file: a pipe cannot be read twice")
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    for magic, kind in UNSUPPORTED.items():
        if start.startswith(magic):
            raise InputError(f"{path} is {kind}: save it as CSV in UTF-8, or as Parquet")
    return ParquetTable(path) if start.startswith(PARQUET) else CsvTable(path)
