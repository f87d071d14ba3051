"""Reads a file of a record a line, plain or gzip, whatever its lines hold."""

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
"""Bytes. A longer one is left out; it is never in memory as a whole."""

LONGEST_LITERAL = 2**20
"""Bytes of a line in Python's own notation, whose syntax tree takes hundreds for each of them."""

_MALFORMED = (ValueError, SyntaxError, TypeError, RecursionError, MemoryError)


def json_lines(
    path: Path,
    skip: Skip,
    is_wanted: Callable[[bytes], bool] | None = None,
    show_progress: bool = True,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Gives the records of a file one by one.

    A line is a JSON object in UTF-8, or what Python 2 printed of a dictionary ("loose JSON", with
    single quotes), of which only literals are read. Blank lines are passed over.

    Args:
        path: The file; that it is gzip is seen from its content.
        skip: Told of each line that is neither.
        is_wanted: Told of each line first; those that it does not want are not looked at.
        show_progress: Whether to show on stderr how much of the file is read.

    Yields:
        Number of the line, from 1, and the record.

    Raises:
        InputError: If the file cannot be read, or is gzip that is damaged.
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
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            lines = io.BufferedReader(gzip.GzipFile(fileobj=raw), 2**20) if packed else raw
            for number, line in _numbered(lines, path, skip):
                if number % 10_000 == 0:
                    progress.update(raw.tell() - progress.n)
                if is_wanted is not None and not is_wanted(line):
                    continue
                record = _record(line)
                if record is not None:
                    yield number, record
                elif line.strip():
                    skip("line is not JSON", f"{path.name} line {number}", _shown(line))
            progress.update(raw.tell() - progress.n)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path} is damaged or incomplete ({error}): get it again, or unpack what there is "
            "with zcat and give that"
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _numbered(lines: io.BufferedIOBase, path: Path, skip: Skip) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        skip("line is too long", f"{path.name} line {number}", _shown(line))
        while line and not line.endswith(b"\n"):
            line = lines.readline(LONGEST_LINE)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        text = line.decode()
        if line[:2] == b"{'":
            record = ast.literal_eval(text.strip()) if len(line) < LONGEST_LITERAL else None
        else:
            record = json.loads(text)
    except _MALFORMED:
        return None
    return record if isinstance(record, dict) else None


def _shown(line: bytes) -> str:
    return line[:80].decode("utf-8", "backslashreplace").strip()
