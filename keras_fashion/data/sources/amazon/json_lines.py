"""Reads a file with one record per line, plain or gzip, whatever its lines hold."""

import ast
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from keras_fashion.data.sources.source import Skip
from keras_fashion.errors import InputError

LONGEST_LINE = 2**24
"""Number of bytes of the longest line that is read. A longer one is never in memory as a whole."""

LONGEST_LITERAL = 2**20
"""Number of bytes of the longest line in Python's own notation that is read, because its syntax
tree takes hundreds of bytes for each of them."""

_MALFORMED = (ValueError, SyntaxError, TypeError, RecursionError, MemoryError)


def read_json_lines(
    path: Path,
    skip: Skip,
    is_wanted: Callable[[bytes], bool] | None = None,
    show_progress: bool = True,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Reads the records of a file one by one.

    A line is a JSON object in UTF-8, or a dictionary as Python 2 printed it ("loose JSON", with
    single quotes), of which only literals are read. Blank lines are ignored.

    Args:
        path: The file. Its content shows whether it is gzip.
        skip: Called for each line that is neither, or too long.
        is_wanted: Called with each line before it is parsed; lines for which it returns False are
            ignored. By default all lines are parsed.
        show_progress: Whether to show on stderr how much of the file has been read.

    Yields:
        The number of the line, from 1, and the record.

    Raises:
        InputError: If the file cannot be read, or is gzip that is damaged.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "reviews.json"
        >>> _ = path.write_text('{"asin": "B1"}' + chr(10) + "{'asin': 'B2'}" + chr(10) + "B3")
        >>> list(read_json_lines(path, skip=print, show_progress=False))
        line is not JSON reviews.json line 3 B3
        [(1, {'asin': 'B1'}), (2, {'asin': 'B2'})]
    """
    try:
        with (
            open(path, "rb") as raw,
            tqdm(
                desc=f"reading {path.name}",
                total=path.stat().st_size,
                unit="B",
                unit_scale=True,
                disable=not show_progress,
            ) as progress,
        ):
            is_gzip = raw.peek(2)[:2] == b"\x1f\x8b"
            lines = io.BufferedReader(gzip.GzipFile(fileobj=raw), 2**20) if is_gzip else raw
            for number, line in _numbered_lines(lines, path, skip):
                if number % 10_000 == 0:
                    progress.update(raw.tell() - progress.n)
                if is_wanted is not None and not is_wanted(line):
                    continue
                record = _parse(line)
                if record is not None:
                    yield number, record
                elif line.strip():
                    skip("line is not JSON", f"{path.name} line {number}", _beginning(line))
            progress.update(raw.tell() - progress.n)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path} is damaged or incomplete ({error}): get it again, or unpack what there is "
            "with zcat and give that"
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _numbered_lines(
    lines: io.BufferedIOBase, path: Path, skip: Skip
) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        skip("line is too long", f"{path.name} line {number}", _beginning(line))
        while line and not line.endswith(b"\n"):
            line = lines.readline(LONGEST_LINE)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        text = line.decode()
        if line[:2] == b"{'":
            record = ast.literal_eval(text.strip()) if len(line) < LONGEST_LITERAL else None
        else:
            record = json.loads(text)
    except _MALFORMED:
        return None
    return record if isinstance(record, dict) else None


def _beginning(line: bytes) -> str:
    return line[:80].decode("utf-8", "backslashreplace").strip()
