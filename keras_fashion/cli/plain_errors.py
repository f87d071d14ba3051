"""A user's mistake ends in one line on stderr, not in a stack trace."""

from typing import Any

import click

from keras_fashion.errors import InputError


class PlainErrors(click.Group):
    """A click group that prints InputError and file errors as one line and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except (InputError, OSError) as error:
            raise click.ClickException(str(error)) from error
