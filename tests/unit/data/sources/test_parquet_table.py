import datetime
import decimal
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keras_fashion.data.sources.shop.parquet_table import ParquetTable
from keras_fashion.errors import InputError


@pytest.fixture
def written(tmp_path):
    def written(**columns):
        path = tmp_path / "table.parquet"
        pq.write_table(pa.table(columns), path, row_group_size=2)
        return ParquetTable(path)

    return written


MOMENT = datetime.datetime(2020, 2, 29, 13, 5, 7)
ZURICH = zoneinfo.ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["007", None, ""], pa.string(), ["007", "", ""]),
        (["007", "é"], pa.large_string(), ["007", "é"]),
        ([b"007", "é".encode()], pa.binary(), ["007", "é"]),
        ([2**63 - 1, -1, None], pa.int64(), ["9223372036854775807", "-1", ""]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([108, 7], pa.int8(), ["108", "7"]),
        ([decimal.Decimal(10**30)], pa.decimal128(31), ["1" + "0" * 30]),
        ([True, None], pa.bool_(), ["true", ""]),
        (["b", "a", "b", None], pa.dictionary(pa.int8(), pa.string()), ["b", "a", "b", ""]),
        ([MOMENT.date(), None], pa.date32(), ["2020-02-29", ""]),
        ([MOMENT, None], pa.timestamp("ns"), ["2020-02-29T13:05:07", ""]),
        ([MOMENT.replace(microsecond=250_000)], pa.timestamp("ms"), ["2020-02-29T13:05:07.250"]),
        (
            [MOMENT.replace(tzinfo=ZURICH)],
            pa.timestamp("us", "Europe/Zurich"),
            ["2020-02-29T12:05:07Z"],
        ),
    ],
)
def test_types_become_text_exactly(written, values, kind, expected):
    frame = written(x=pa.array(values, kind)).read(["x"])
    assert frame["x"].tolist() == expected
    assert frame["x"].dtype == "str"


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ([108.0, None], "column 'x' holds floating-point numbers .*text or as integers"),
        (np.array([1, 2], np.float16), "floating-point"),
        ([["a"], ["b"]], "column 'x' holds list.*store one text a row"),
        ([{"a": 1}], "holds struct"),
        ([b"\xff\xfe"], "cannot be read as Parquet"),
    ],
)
def test_what_cannot_become_text_is_refused(written, values, match):
    table = written(x=pa.array(values), y=["fine"] * len(values))
    assert table.read(["y"])["y"].tolist() == ["fine"] * len(values)
    with pytest.raises(InputError, match=match):
        table.read(["x"])


def test_some_rows_and_columns(written):
    table = written(a=list("pqrst"), b=[1, 2, 3, 4, 5])
    assert table.columns == ["a", "b"]
    assert table.read(["b", "a"], 3).values.tolist()[:1] == [["1", "p"]]
    assert len(table.read(["a"], 1)) == 1
    assert table.read(["a"])["a"].tolist() == list("pqrst")
    assert table.read(["a"]).index.tolist() == [0, 1, 2, 3, 4]
    assert table.row_name(0) == "table.parquet row 1"


def test_no_rows(written):
    table = written(x=pa.array([], pa.int64()))
    assert len(table.read(["x"])) == len(table.read(["x"], 5)) == 0


def test_an_index_of_pandas_does_not_get_in_the_way(tmp_path):
    frame = pd.DataFrame({"x": ["a", "b"]}, index=["first", "second"])
    frame.to_parquet(tmp_path / "table.parquet")
    read = ParquetTable(tmp_path / "table.parquet").read(["x"])
    assert read["x"].tolist() == ["a", "b"]
    assert read.index.tolist() == [0, 1]


def test_damaged_files_are_refused(written, tmp_path):
    whole = written(x=["a" * 50, "b" * 50]).path.read_bytes()
    path = tmp_path / "cut.parquet"
    for cut in (6, 60, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match="cut.parquet cannot be read as Parquet"):
            ParquetTable(path)
