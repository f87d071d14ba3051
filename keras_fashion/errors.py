"""The exceptions that the package raises, and the check that it can run here at all.

This module imports neither TensorFlow nor Keras, so that everything may import it.
"""

import json
import os
import sys
from pathlib import Path


class InputError(ValueError):
    """Raised when something that the caller gave cannot be used.

    The message names the file, row, column or argument and says what to do about it. Names of
    arguments are in backticks: a command line that prints the message can replace them with the
    spelling of its options. It is a `ValueError`, so that callers who do not know this package
    catch it too.

    Example:
        >>> from keras_fashion.data import Catalogue
        >>> try:
        ...     Catalogue.load("no/such/folder")
        ... except InputError as error:
        ...     print(str(error)[:45])
        no/such/folder is not a prepared catalogue (i
    """


class ScoresDiverged(InputError):
    """Raised when the scores of a model are not finite: its training has diverged.

    Example:
        >>> issubclass(ScoresDiverged, InputError)
        True
    """


class Interrupted(InputError):
    """Raised when Ctrl-C has stopped work of which nothing can be used yet.

    Example:
        >>> issubclass(Interrupted, InputError)
        True
    """


class TryAgain(Exception):
    """Raised when work has stopped early through no fault of the caller; a new call continues it.

    Attributes:
        exit_code: The status with which a process should exit, 75: `EX_TEMPFAIL` of `sysexits.h`.
            It differs from 143, which a shell reports for a process that SIGTERM has ended before
            the process could save anything.

    Example:
        >>> TryAgain.exit_code
        75
    """

    exit_code = 75


class Terminated(TryAgain):
    """Raised when the process has received SIGTERM and has saved its work."""


class WorkerLost(TryAgain):
    """Raised when another worker of a distributed training has ended or cannot be reached."""


def first_line(error: Exception) -> str:
    r"""Returns the first line of an error's message, or its class name if it has no message.

    Args:
        error: The exception. TensorFlow's have an attribute `message`, which is preferred.

    Returns:
        One line of text.

    Example:
        >>> first_line(OSError("no space left\nmore detail"))
        'no space left'
        >>> first_line(KeyboardInterrupt())
        'KeyboardInterrupt'
    """
    return next(iter(str(getattr(error, "message", error)).splitlines()), type(error).__name__)


def require_platform() -> None:
    """Checks that Keras runs on TensorFlow and that the operating system is supported.

    Call it before Keras is imported, because Keras takes its backend from the environment
    variable `KERAS_BACKEND` or from `keras.json` (in `KERAS_HOME`, by default `~/.keras`) at
    import. Only these two are read; neither Keras nor TensorFlow is imported.

    Raises:
        InputError: If another backend than TensorFlow is configured, or on Windows.

    Example:
        >>> require_platform()
    """
    if sys.platform == "win32":
        raise InputError(
            "keras_fashion does not run on Windows: it needs POSIX (fcntl, pread), and TensorFlow "
            "has no GPU build there. Use WSL 2 (https://learn.microsoft.com/windows/wsl/install)."
        )
    if backend := os.environ.get("KERAS_BACKEND"):
        if backend != "tensorflow":
            raise InputError(
                f"keras_fashion trains with TensorFlow, but KERAS_BACKEND is {backend!r}: unset "
                "KERAS_BACKEND or set it to tensorflow."
            )
        return
    path = _keras_config_path()
    backend = _configured_backend(path)
    if backend != "tensorflow":
        raise InputError(
            f"keras_fashion trains with TensorFlow, but the backend in {path} is {backend!r}: "
            "change it to tensorflow, or set KERAS_BACKEND to tensorflow."
        )


def _keras_config_path() -> Path:
    """Returns the path of Keras's configuration file, found as `keras.src.backend.config` does."""
    home = os.environ.get("KERAS_HOME")
    if home is None:
        user = os.path.expanduser("~")
        home = os.path.join(user if os.access(user, os.W_OK) else "/tmp", ".keras")
    return Path(os.path.expanduser(home)) / "keras.json"


def _configured_backend(path: Path) -> str:
    """Returns the backend in Keras's configuration file; a file that is not JSON sets none."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "tensorflow"
    return str(config.get("backend", "tensorflow")) if isinstance(config, dict) else "tensorflow"


class TrainingFailed(InputError):
    """A training that diverged or collapsed, and would do so again if it were resumed or repeated.

    The message says what happened and what may help.
    """
