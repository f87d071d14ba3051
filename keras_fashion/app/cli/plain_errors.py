"""A user's mistake ends in one line on stderr, not in a stack trace."""

from typing import Any

import click

from keras_fashion.errors import InputError, TryAgain


class PlainErrors:
    """Mixed into a click command: InputError, file errors, TryAgain are a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except (InputError, OSError) as error:
            raise click.ClickException(str(error)) from error
        except TryAgain as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)


class PlainGroup(PlainErrors, click.Group):
    """A click group with plain errors."""


class PlainCommand(PlainErrors, click.Command):
    """A click command with plain errors."""
