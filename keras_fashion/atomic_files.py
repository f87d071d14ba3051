"""Files and folders that are written completely or not at all.

Locking is that of the library `filelock`. What is ours is the order of syncing and renaming, which
lets a power cut leave the old content or the new, and which no library in the environment does for
whole folders.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from keras_fashion.errors import InputError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path to write to, and renames it to `path` when the block succeeds.

    Readers never see half a file. The previous content of `path` is replaced only once the new
    content is complete and synced to the disk, so that a power cut leaves the one or the other. If
    the block raises, `path` stays as it was.

    The temporary file is in the same folder, which is created if it does not exist, and keeps the
    suffix of the name. Its name is unique: processes on different machines or in different
    containers may have the same process number.

    Args:
        path: File to write.

    Yields:
        The temporary path.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "runs" / "a" / "metrics.json"
        >>> with atomic_write(path) as temporary:
        ...     _ = temporary.write_text("{}")
        >>> path.read_text()
        '{}'
        >>> [each.name for each in path.parent.iterdir()]
        ['metrics.json']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid4().hex}.{path.name}")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yields a temporary folder to fill, and renames it to `path` when the block succeeds.

    All files are synced to the disk before the folder is renamed, so that a power cut leaves a
    complete folder or none. If the block raises, nothing is left behind.

    The temporary folder is `.<name>.preparing` beside `path`, guarded by the lock file
    `.<name>.preparing.lock`. The operating system releases the lock when the process ends, however
    it ends. What a killed process left in the temporary folder is removed by the next call, and
    the lock file is removed at the end.

    Args:
        path: Folder to create. It may exist if it is empty; its parents are created.

    Yields:
        The temporary folder, which is empty.

    Raises:
        InputError: If `path` is taken, cannot be created, or is being created by another process.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "catalogues" / "shop"
        >>> with atomic_folder(path) as folder:
        ...     _ = (folder / "items.csv").write_text("item,category")
        ...     print(path.exists())
        False
        >>> [str(each.relative_to(path.parent)) for each in path.parent.rglob("*")]
        ['shop', 'shop/items.csv']
    """
    path = Path(path).absolute()
    _require_free(path)
    temporary = path.with_name(f".{path.name}.preparing")
    lock = FileLock(temporary.with_name(f"{temporary.name}.lock"), timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(f"{path} is being made by another process: wait for it") from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be created ({error.strerror}): give a place that can be written"
        ) from error
    try:
        _require_free(path)  # Another process may have finished it before the lock was acquired.
        try:
            if temporary.exists():
                shutil.rmtree(temporary)
            temporary.mkdir()
            yield temporary
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _publish(temporary, path)
    finally:
        # While the lock is still held: filelock refuses a lock file that was removed meanwhile, so
        # that no two processes can hold locks on different files of the same name.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk (`os.fsync`).

    Args:
        path: An existing file or folder.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_free(path: Path) -> None:
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(
            f"{path} exists and is not an empty folder: give another place or remove it first"
        )


def _publish(temporary: Path, path: Path) -> None:
    try:
        for each in (*temporary.rglob("*"), temporary):
            sync(each)
        temporary.rename(path)
        sync(path.parent)
    except OSError as error:
        raise InputError(
            f"{path} was taken while it was made ({error.strerror}): what was made is in "
            f"{temporary}, rename it"
        ) from error
