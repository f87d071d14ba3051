import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_fashion.data.sources.shop.csv_table import CsvTable
from keras_fashion.errors import InputError


@pytest.fixture
def table(tmp_path):
    def table(data):
        path = tmp_path / "table.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return CsvTable(path)

    return table


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_delimiters_line_ends_marks_and_packing(table, line_end, delimiter, mark, pack):
    rows = ["id,price,note", '007,"1,5;2",', '"0;8",9,"say ""hé"""']
    text = line_end.join(rows)
    if delimiter != ",":
        text = text.replace(",", delimiter)
    found = table(pack((mark + text).encode()))
    assert found.columns == ["id", "price", "note"]
    frame = found.read(["note", "id"])
    assert frame.columns.tolist() == ["note", "id"]
    assert frame["id"].tolist() == ["007", "0;8"]
    assert frame["note"].tolist() == ["", 'say "hé"']


def test_only_the_first_rows(table):
    found = table("n\n" + "".join(f"{n:03}\n" for n in range(500)))
    assert found.read(["n"], 3)["n"].tolist() == ["000", "001", "002"]
    assert len(found.read(["n"])) == 500
    assert found.read(["n"], 9999).index.tolist() == list(range(500))
    assert found.row_name(0) == "table.csv row 2"


def test_nothing_is_converted(table):
    values = ["007", "1e3", "NA", "nan", "null", "True", "2020-01-01", " x ", "-0", "1.10"]
    assert table("x\n" + "\n".join(values)).read(["x"])["x"].tolist() == values


def test_no_rows(table):
    for header in ("a,b", "a,b\n", "a,b\r\n\r\n"):
        frame = table(header).read(["b"])
        assert len(frame) == 0 and frame["b"].dtype == "str"
    assert table("a,b\n1,2").read([]).columns.empty


def test_headers_that_cannot_be(table):
    for data, match in (
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b",,\n1,2,3", "is empty"),
        ("a,b\n".encode("utf-16-be"), "UTF-16"),
        ("a,b\n".encode("utf-32-le"), "UTF-16 or UTF-32"),
        (b"\0\0\0\0\0", "no text"),
        (b'"' + b"x" * 200_000, "no header that can be read"),
    ):
        with pytest.raises(InputError, match=match):
            table(data)


def test_lines_before_the_header_may_be_blank(table):
    found = table("\n\na,b\n1,2\n")
    assert found.columns == ["a", "b"]
    assert found.read(["b"])["b"].tolist() == ["2"]


def test_a_missing_column_is_named_with_the_argument(table):
    found = table("customer,article,article\n")
    assert found.check_column("customer", "user_column") == "customer"
    with pytest.raises(InputError, match="no column 'custom'.*`user_column` .did you mean 'cust"):
        found.check_column("custom", "user_column")
    with pytest.raises(InputError, match="several columns 'article'"):
        found.check_column("article", "item_column")
    wide = table(",".join(f"column {n}" for n in range(5000)))
    with pytest.raises(InputError, match="and 4960 more") as caught:
        wide.check_column("x", "item_column")
    assert len(str(caught.value)) < 1000


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_whatever_the_standard_library_writes_is_read(tmp_path_factory, rows, delimiter):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    path.write_bytes(text.getvalue().encode())
    frame = CsvTable(path).read(["a", "b"])
    assert list(frame.itertuples(index=False, name=None)) == rows
