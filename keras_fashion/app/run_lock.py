"""The lock by which only one process at a time trains into a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from keras_fashion.errors import InputError


@contextmanager
def lock_run(path: Path) -> Iterator[None]:
    """Prevents other processes from training into a run folder while the block runs.

    The lock file is `.<name>.lock` beside the folder, because the folder itself may be replaced.
    The operating system releases the lock when the process ends, however it ends. On a file system
    that cannot lock files there is no lock.

    Args:
        path: Path of the run folder, which need not exist.

    Raises:
        InputError: If another process holds the lock.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "run"
        >>> with lock_run(path):
        ...     print([each.name for each in path.parent.iterdir()])
        ['.run.lock']
        >>> list(path.parent.iterdir())
        []
    """
    lock_file = path.absolute().with_name(f".{path.absolute().name}.lock")
    # It tries again for a moment, because the last holder may just have removed its lock file.
    lock = FileLock(lock_file, timeout=0.2)
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"{path} is being trained by another process; wait until it ends, or stop it."
        ) from error
    except OSError:
        pass
    try:
        yield
    finally:
        if lock.is_locked:
            # While the lock is still held: filelock refuses a lock file that was removed meanwhile.
            lock_file.unlink(missing_ok=True)
            lock.release()
