"""Files and folders that are written completely or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from keras_fashion.errors import InputError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
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
        >>> with atomic_write("runs/a/metrics.json") as aside:
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


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Gives a folder to write to, and renames it to `path` when the block ends well.

    Otherwise nothing is left behind. All that is in it is on the disk before it is renamed, so that
    a power cut leaves a whole folder or none. The folder stands beside `path` and is called
    `.<name>.preparing`; what a killed process left there is removed first.

    Args:
        path: Folder to make. It may exist if it is empty; its parents are made.

    Raises:
        InputError: If `path` is taken, cannot be created, or is being made by another process.
    """
    path = path.absolute()
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(
            f"{path} exists and is not an empty folder: give another place or remove it first"
        )
    aside = path.with_name(f".{path.name}.preparing")
    try:
        aside.mkdir(parents=True, exist_ok=True)
        lock = os.open(aside, os.O_RDONLY)
    except OSError as error:
        raise InputError(
            f"{path} cannot be created ({error.strerror}): give a place that can be written"
        ) from error
    try:
        try:
            # The lock goes with the process, however that ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{path} is being made by another process: wait for it") from error
        try:
            for leftover in aside.iterdir():
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            yield aside
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        try:
            for each in (*aside.rglob("*"), aside):
                sync(each)
            aside.rename(path)
            sync(path.parent)
        except OSError as error:
            raise InputError(
                f"{path} was taken while it was made ({error.strerror}): what was made is in "
                f"{aside}, rename it"
            ) from error
    finally:
        os.close(lock)
