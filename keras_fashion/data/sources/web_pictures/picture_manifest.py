"""The file `manifest.csv`, which records what became of the address of each item."""

import csv
import io
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, cast, get_args

from keras_fashion.atomic_files import atomic_write
from keras_fashion.errors import InputError

Outcome = Literal["ok", "failed", "try again"]


class Fetched(NamedTuple):
    """What became of an item's address; the fields are the columns of the file.

    Attributes:
        item: Id of the item.
        address: Address of its picture.
        outcome: "ok"; "failed" if another attempt would fail, too; otherwise "try again".
        reason: Reason of the failure, or an empty text.
        bytes: Size of the picture, or 0.
        attempts: Number of attempts in the run that had this outcome.
    """

    item: str
    address: str
    outcome: Outcome
    reason: str
    bytes: int
    attempts: int


class PictureManifest:
    """The last outcome of each item, kept in a file.

    Rows are appended and flushed one by one, so that a killed process loses none. Opening the
    manifest as a context manager rewrites the file without the rows that later ones replaced.

    Args:
        folder: Folder of the file. The file need not exist.

    Attributes:
        rows: Last outcome of each item.

    Raises:
        InputError: If the file is not a manifest.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with PictureManifest(folder) as manifest:
        ...     manifest.add(Fetched("0108", "http://a/b.jpg", "ok", "", 1234, 1))
        >>> PictureManifest(folder).rows["0108"].outcome
        'ok'
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "manifest.csv"
        self.rows: dict[str, Fetched] = {}
        if self.path.exists():
            self._read()

    def __enter__(self) -> "PictureManifest":
        with (
            atomic_write(self.path) as aside,
            open(aside, "w", encoding="utf-8", newline="") as file,
        ):
            writer = _writer(file)
            writer.writerow(Fetched._fields)
            writer.writerows(self.rows.values())
        self._file = open(self.path, "a", encoding="utf-8", newline="")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row: Fetched) -> None:
        """Writes an outcome."""
        _writer(self._file).writerow(row)
        self._file.flush()
        self.rows[row.item] = row

    def _read(self) -> None:
        text = self.path.read_bytes().decode("utf-8", "replace").replace("\0", "")
        whole, _, _ = text.rpartition("\n")  # the last row of a killed process may be incomplete
        limit = csv.field_size_limit(len(whole) + 1)  # an address may be longer than the default
        try:
            rows = csv.reader(io.StringIO(whole, newline=""))
            if whole and next(rows, None) != list(Fetched._fields):
                raise InputError(
                    f"{self.path} is not a manifest of fetched pictures (its first row should be "
                    f"{','.join(Fetched._fields)}): move it away, or give another folder of "
                    "pictures"
                )
            for fields in rows:
                try:
                    item, address, outcome, reason, size, attempts = fields
                    numbers = int(size), int(attempts)
                except ValueError:
                    continue  # a damaged row, so that this picture is looked for again
                if outcome in get_args(Outcome):
                    known = cast(Outcome, outcome)
                    self.rows[item] = Fetched(item, address, known, reason, *numbers)
        finally:
            csv.field_size_limit(limit)


def _writer(file: IO[str]) -> Any:
    """Returns a CSV writer that quotes all text, so that no id can start a row of its own."""
    return csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
