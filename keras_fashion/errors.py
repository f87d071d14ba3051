"""The exceptions that are no fault of this package's."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message names the file, row, column or option and says what to do. The command line
    prints it as one line; a library caller catches it as a `ValueError`.
    """


class Terminated(Exception):
    """The process was told to end (SIGTERM), and has kept all that it takes to go on.

    Attributes:
        exit_code: What the command line leaves with: EX_TEMPFAIL of sysexits.h, "try again". It
            is not 143, which a shell reports of a process that SIGTERM has ended before it could
            keep anything.
    """

    exit_code = 75
