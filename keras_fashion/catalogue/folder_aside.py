"""Folders that are there whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_fashion.errors import InputError
from keras_fashion.written_aside import sync


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
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
