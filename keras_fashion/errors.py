"""The exceptions that are no fault of this package's, and what is said of others."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message names the file, row, column or option and says what to do. The command line
    prints it as one line; a library caller catches it as a `ValueError`.
    """


class ScoresDiverged(InputError):
    """A model's scores are no finite numbers: its training has diverged."""


class TryAgain(Exception):
    """The command ended before its end, by no mistake of its user's: the same one goes on.

    Attributes:
        exit_code: What the command line leaves with: EX_TEMPFAIL of sysexits.h. It is not 143,
            which a shell reports of a process that SIGTERM has ended before it could keep anything.
    """

    exit_code = 75


class Terminated(TryAgain):
    """The process was told to end (SIGTERM)."""


class WorkerLost(TryAgain):
    """Another worker of the training has ended, is out of reach or has not come."""


def first_line(error: Exception) -> str:
    """Of its message, for a line of ours; its class's name where it has none."""
    return next(iter(str(getattr(error, "message", error)).splitlines()), type(error).__name__)
