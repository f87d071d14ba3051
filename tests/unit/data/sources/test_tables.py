import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keras_fashion.data.sources.shop.csv_table import CsvTable
from keras_fashion.data.sources.shop.parquet_table import ParquetTable
from keras_fashion.data.sources.shop.tables import open_table
from keras_fashion.errors import InputError


def test_the_content_decides_and_not_the_name(tmp_path):
    pq.write_table(pa.table({"a": ["1"]}), tmp_path / "x.csv")
    (tmp_path / "x.parquet").write_text("a\n1\n")
    assert isinstance(open_table(tmp_path / "x.csv"), ParquetTable)
    assert isinstance(open_table(tmp_path / "x.parquet"), CsvTable)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"PK\x03\x04...", "zip file or an Excel workbook: save it as CSV in UTF-8"),
        (b"\xd0\xcf\x11\xe0....", "old Excel workbook"),
        ("a,b\n".encode("utf-16"), "text in UTF-16"),
        (b"BZh91AY", "bzip2"),
    ],
)
def test_what_is_neither_is_named(tmp_path, content, match):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=f"x.csv is .*{match}"):
        open_table(tmp_path / "x.csv")


def test_folders_pipes_and_nothing(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        open_table(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        open_table(tmp_path / "x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="a pipe cannot be read twice"):
        open_table(tmp_path / "pipe")
