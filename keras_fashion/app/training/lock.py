"""One process at a time trains into a run folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_fashion.errors import InputError


@contextmanager
def run_lock(run: Path) -> Iterator[None]:
    """Keeps other processes from training into a folder, for a `with` block or until this one ends.

    By a file beside it, `.NAME.lock`, since the folder itself may be made anew. Where the file
    system knows no locks there is none.

    Args:
        run: The folder, which need not exist.

    Raises:
        InputError: If another process holds the lock.
    """
    path = run.absolute().with_name(f".{run.absolute().name}.lock")
    lock = _locked(path)
    if lock is None:
        yield
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _locked(path: Path) -> int | None:
    """The open file; None if it cannot be locked by anybody."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it may have removed the file after it was opened here.
        if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except BlockingIOError as error:
        os.close(lock)
        run = path.with_name(path.name.removeprefix(".").removesuffix(".lock"))
        raise InputError(
            f"{run} is being trained by another process; wait for it, or end it."
        ) from error
    except OSError:
        os.close(lock)
        return None
    os.close(lock)
    return _locked(path)
