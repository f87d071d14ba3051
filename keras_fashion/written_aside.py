"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Gives a path to write to, and renames it to `path` when the block ends well.

    Readers never see half a file, and what stood at `path` is lost only once its successor is
    complete and on the disk, so that a power cut leaves the one or the other. The path to write to
    is in the same folder, which is made where it does not exist, and keeps the ending of the name.
    Its name is unique: processes on different machines or in different containers may have the
    same process number.

    Args:
        path: File to write.

    Yields:
        The path to write to.

    Example:
        >>> with written_aside("runs/a/metrics.json") as aside:
        ...     aside.write_text("{}")
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{uuid4().hex}.{path.name}")
    try:
        yield aside
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Returns when a file, or the names in a folder, are on the disk (`fsync`)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
