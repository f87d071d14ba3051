"""Tell CSV from Parquet, and from what is neither."""

from pathlib import Path

from keras_fashion.datasets.shop.csv_table import CsvTable
from keras_fashion.datasets.shop.parquet_table import ParquetTable
from keras_fashion.datasets.shop.text_table import TextTable
from keras_fashion.errors import InputError

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
    return ParquetTable(path) if start.startswith(PARQUET) else CsvTable(path)
