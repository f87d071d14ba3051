"""Tables of purchases and items as shops should not export them, in CSV and in Parquet."""

import csv
import decimal
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[list[str]]  # the header first

CELLS = [
    *("", " ", "NaN", "nan", "None", "null", "NULL", "inf", "-0", "1e400", "0x1F", "TRUE", "#REF!"),
    *("00", "0001.0", "1e3", "٣", "é", "e\u0301", "\u202e", "\0", "\x7f", "\x1b[31m", "\ufeff"),
    *("🧥", "\U0010ffff", "a\nb", "a\r\nb", "a\rb", 'a"b', "a,b", "a;b", "a\tb", "=1+1", "../../x"),
    *("/etc/passwd", "x" * 300, "y" * 100_000, "%s%n", "{0}", "\\", "\\x00", "'", "  0001  "),
]
TIMES = [
    "0000-00-00",
    "2020-13-45",
    "99999-01-01",
    "31.12.2020",
    "yesterday",
    "-1",
    "1e18",
    "12:00",
]


def csv_bytes(rows: Rows, delimiter: str = ",", line_end: str = "\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def strange_cells(rng: np.random.Generator, rows: Rows) -> bytes:
    rows = [list(row) for row in rows]
    for _ in range(rng.integers(1, 12)):
        row = rng.integers(0 if rng.random() < 0.2 else 1, len(rows))
        rows[row][rng.integers(len(rows[0]))] = str(CELLS[rng.integers(len(CELLS))])
    return csv_bytes(rows)


def strange_times(rng: np.random.Generator, rows: Rows) -> bytes:
    rows = [list(row) for row in rows]
    for row in rows[1:]:
        if rng.random() < 0.5:
            row[-1] = str(rng.choice(TIMES + CELLS[:13]))
    return csv_bytes(rows)


def other_columns(rng: np.random.Generator, rows: Rows) -> bytes:
    """Missing, doubled, renamed, moved, without a name."""
    columns = list(zip(*rows, strict=True))
    at = int(rng.integers(len(columns)))
    rename = ("", " ", "user", "item", "time", "category", "a.b", "x" * 5000, "é\n", "index")
    name = str(rng.choice(rename))
    changed = (
        columns[:at] + columns[at + 1 :],
        [*columns, columns[at]],
        [*columns[:at], (name, *columns[at][1:]), *columns[at + 1 :]],
        columns[::-1],
        [*columns, *[(f"more {n}", *columns[at][1:]) for n in range(300)]],
        [*columns, (name, *columns[0][1:])],
    )[rng.integers(6)]
    return csv_bytes([list(row) for row in zip(*changed, strict=True)])


def ragged(rng: np.random.Generator, rows: Rows) -> bytes:
    lines = csv_bytes(rows).split(b"\n")
    for _ in range(rng.integers(1, 4)):
        at = rng.integers(len(lines))
        piece = (b",", b",,,,", b'"', b'""', b'"\n', b"\n\n", b" ", b"\t\t", b";;")[rng.integers(9)]
        where = rng.integers(len(lines[at]) + 1)
        lines[at] = lines[at][:where] + piece + lines[at][where:]
    return b"\n".join(lines)


def mixed_line_ends(rng: np.random.Generator, rows: Rows) -> bytes:
    ends = (b"\n", b"\r\n", b"\r", b"\n\r", b"\r\r\n", b"\x0b", b"\xe2\x80\xa8")
    ends = ends[: rng.integers(2, 8)]
    lines = csv_bytes(rows).split(b"\n")
    return b"".join(line + ends[rng.integers(len(ends))] for line in lines)


def another_encoding(rng: np.random.Generator, rows: Rows) -> bytes:
    rows = [*rows, ["é"] * len(rows[0])]
    names = ("latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp500", "utf-8-sig")
    text = csv_bytes(rows).decode()
    return text.encode(str(rng.choice(names)), "replace")


def another_delimiter(rng: np.random.Generator, rows: Rows) -> bytes:
    delimiters = (";", "\t", "|", ":", " ")
    half = len(rows) // 2 if rng.random() < 0.5 else len(rows)
    other = delimiters[rng.integers(len(delimiters))]
    return csv_bytes(rows[:half], other) + csv_bytes(rows[half:])


def huge_field(rng: np.random.Generator, rows: Rows) -> bytes:
    size = int(rng.choice([2**17, 2**20, 2**24, 2**25]))
    start = b'"' if rng.random() < 0.5 else b""
    lines = csv_bytes(rows).split(b"\n", 1)
    filling = b"x" * size if rng.random() < 0.5 else b"x\n" * (size // 2)
    at = rng.integers(3)
    if at == 0:
        return start + filling + csv_bytes(rows)
    if at == 1:
        return lines[0] + b"\n" + start + filling + b",\n" + lines[1]
    return lines[0] + b'\n"' + filling + b'",x,Shoes\n' + lines[1]  # as it should be


def few_rows(rng: np.random.Generator, rows: Rows) -> bytes:
    return (
        csv_bytes(rows[:1]),
        csv_bytes(rows[:1]).rstrip(b"\n"),
        csv_bytes(rows[1:]),
        csv_bytes(rows[:2]),
        csv_bytes(rows * 3),
        csv_bytes([*rows[:1], *[[""] * len(rows[0])] * 5]),
    )[rng.integers(6)]


def parquet_types(rng: np.random.Generator, rows: Rows) -> bytes:
    """Columns of Parquet in types that are not text."""
    header, *body = rows
    count = len(body)
    odd = (
        lambda: pa.array(np.arange(count), pa.int32()),
        lambda: pa.array(np.arange(count) / 3),
        lambda: pa.array([None] * count),
        lambda: pa.array([b"\xff\xfe"] * count),
        lambda: pa.array([["a"]] * count),
        lambda: pa.array([{"a": 1}] * count),
        lambda: pa.array([True] * count),
        lambda: pa.array([decimal.Decimal("1.50")] * count),
        lambda: pa.array(np.arange(count), pa.timestamp("ns", "Asia/Tokyo")),
        lambda: pa.array([2**50, *range(count - 1)], pa.timestamp("s")),
        lambda: pa.array(np.arange(count), pa.duration("s")),
        lambda: pa.array(np.arange(count), pa.time64("us")),
        lambda: pa.array(np.arange(count, dtype="int32"), pa.date32()),
        lambda: pa.array(["x"] * count).dictionary_encode(),
        lambda: pa.array(["x", None] * count)[:count],
        lambda: pa.array([str(CELLS[n % len(CELLS)]) for n in range(count)]),
    )
    columns = [pa.array([row[at] for row in body]) for at in range(len(header))]
    names = list(header)
    for _ in range(rng.integers(1, 3)):
        at = rng.integers(len(columns))
        columns[at] = odd[rng.integers(len(odd))]()
    if rng.random() < 0.1:
        names[rng.integers(len(names))] = str(rng.choice(["", "a.b", "user", "x" * 5000]))
    data = io.BytesIO()
    pq.write_table(pa.table(columns, names), data, row_group_size=int(rng.choice([1, 7, 1000])))
    return data.getvalue()


def parquet_bytes(rows: Rows) -> bytes:
    header, *body = rows
    data = io.BytesIO()
    columns = [pa.array([row[at] for row in body]) for at in range(len(header))]
    pq.write_table(pa.table(columns, header), data)
    return data.getvalue()


TABLE_DAMAGES = (
    strange_cells,
    strange_times,
    other_columns,
    ragged,
    mixed_line_ends,
    another_encoding,
    another_delimiter,
    huge_field,
    few_rows,
    parquet_types,
)
