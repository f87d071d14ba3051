"""What became of each address: the file `manifest.csv` beside fetched pictures."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal

from keras_fashion.atomic_files import atomic_write
from keras_fashion.errors import InputError

FILE = "manifest.csv"


@dataclass(frozen=True)
class Fetched:
    """What became of an item's picture.

    Attributes:
        item: Id of the item.
        address: Where the picture is.
        outcome: "ok"; "failed", where the same is to be expected every time; "try again".
        reason: Why it failed, empty where it did not.
        bytes: Of the picture, 0 where there is none.
        attempts: How many were made in the run that had this outcome.
    """

    item: str
    address: str
    outcome: Literal["ok", "failed", "try again"]
    reason: str
    bytes: int
    attempts: int


COLUMNS = [field.name for field in fields(Fetched)]


class PictureManifest:
    """The file `manifest.csv`: a row an item, that of its last outcome.

    Rows are appended and flushed one by one, so that a process that is killed loses none; the
    file is rewritten without what later rows replaced whenever it is opened. Use it as a context
    manager.

    Args:
        folder: Where the file is or will be.

    Attributes:
        rows: The outcomes by item.

    Raises:
        InputError: If the file is none of ours.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.rows: dict[str, Fetched] = {}
        if self.path.exists():
            self._read()

    def __enter__(self) -> "PictureManifest":
        with (
            atomic_write(self.path) as aside,
            open(aside, "w", encoding="utf-8", newline="") as file,
        ):
            writer = _csv_writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(astuple(row) for row in self.rows.values())
        self._file = open(self.path, "a", encoding="utf-8", newline="")
        self._writer = _csv_writer(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, row: Fetched) -> None:
        """Writes an outcome."""
        self._writer.writerow(astuple(row))
        self._file.flush()
        self.rows[row.item] = row

    def _read(self) -> None:
        text = self.path.read_bytes().decode("utf-8", "replace").replace("\0", "")
        whole, _, _ = text.rpartition("\n")  # what a killed process wrote last may lack its end
        limit = csv.field_size_limit(len(whole) + 1)  # by default it stumbles over a long address
        try:
            self._take(whole)
        finally:
            csv.field_size_limit(limit)

    def _take(self, whole: str) -> None:
        rows = csv.reader(io.StringIO(whole, newline=""))
        if whole and next(rows, None) != COLUMNS:
            raise InputError(
                f"{self.path} is not a manifest of fetched pictures (its first row should be "
                f"{','.join(COLUMNS)}): move it away, or give another folder of pictures"
            )
        for fields_ in rows:
            try:
                item, address, outcome, reason, size, attempts = fields_
                row = Fetched(item, address, outcome, reason, int(size), int(attempts))
            except ValueError:
                continue  # torn, so its picture is looked at again
            if outcome in ("ok", "failed", "try again"):
                self.rows[item] = row


def _csv_writer(file: IO[str]) -> Any:
    """All text is quoted: else a carriage return in an id could make a row of its own."""
    return csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
