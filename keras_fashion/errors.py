"""The one exception a user's mistake raises."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message names the file, row, column or option and says what to do. The command line
    prints it as one line; a library caller catches it as a `ValueError`.
    """
