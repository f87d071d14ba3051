"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Gives a path to write to, and renames it to `path` when the block ends well.

    Readers never see half a file, and what stood at `path` is lost only once its successor is
    complete. The path to write to is in the same folder, which is made where it does not exist,
    and keeps the ending of the name.

    Example:
        >>> with written_aside("runs/a/metrics.json") as aside:
        ...     aside.write_text("{}")
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
