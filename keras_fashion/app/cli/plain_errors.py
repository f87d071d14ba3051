"""Commands whose errors are one line on stderr, and which accept option names of version 0.1."""

import re
from typing import Any

import click

from keras_fashion.errors import InputError, TryAgain

RENAMED_OPTIONS = {
    "--encoder-regularisation": "--encoder-regularization",
    "--metrics-count": "--num-metrics-pictures",
    "--regularisation": "--regularization",
    "--style-size": "--embedding-size",
    "--together": "--aggregation",
}
"""Option names of version 0.1 and what replaces them. They are accepted until version 0.3."""


class PlainCommand(click.Command):
    """A click command that reports a user's mistake without a stack trace.

    An `InputError` or an `OSError` becomes `Error: <message>` on stderr with exit code 1, and a
    `TryAgain` becomes its message with its own exit code. The library writes the name of an
    argument in backticks; where the command has such a parameter, the message shows the option's
    name instead.

    An option name from `RENAMED_OPTIONS` is replaced by the new one while the arguments are
    parsed, with a warning on stderr.

    Example:
        >>> import click
        >>> from click.testing import CliRunner
        >>> @click.command(cls=PlainCommand)
        ... @click.option("--epochs", type=int)
        ... def train(epochs):
        ...     raise InputError("`epochs` must be at least 1.")
        >>> print(CliRunner().invoke(train, ["--epochs", "0"]).output)
        Error: --epochs must be at least 1.
        <BLANKLINE>
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments, with old option names replaced.

        Args:
            ctx: Context of the command.
            args: Arguments of the command.

        Returns:
            The arguments that are left.
        """
        return super().parse_args(ctx, with_new_options(ctx, args))

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command.

        Args:
            ctx: Context of the command.

        Returns:
            What the command's function returns.

        Raises:
            click.ClickException: If the command failed because of what the user gave.
        """
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise click.ClickException(with_option_names(str(error), ctx.command)) from error
        except OSError as error:
            raise click.ClickException(str(error)) from error
        except TryAgain as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)


class PlainGroup(PlainCommand, click.Group):
    """A click group whose own errors are plain and whose `command` makes a `PlainCommand`."""

    command_class = PlainCommand


def with_option_names(message: str, command: click.Command) -> str:
    """Replaces argument names in backticks by the names of a command's parameters.

    Args:
        message: Message of the library, such as "`batch_size` must be at least 2."
        command: Command whose parameters are looked up. An option is shown by its longest name,
            an argument by its metavar.

    Returns:
        The message, such as "--batch-size must be at least 2." A name that the command does not
        have is left as it is.

    Example:
        >>> import click
        >>> option = click.Option(["--batch-size"])
        >>> train = click.Command("train", params=[option])
        >>> with_option_names("`batch_size` must be at least `minimum`.", train)
        '--batch-size must be at least `minimum`.'
    """
    shown = {
        param.name: max(param.opts, key=len)
        if isinstance(param, click.Option)
        else param.human_readable_name
        for param in command.params
    }
    return re.sub(r"`(\w+)`", lambda found: shown.get(found[1], found[0]), message)


def with_new_options(ctx: click.Context, args: list[str]) -> list[str]:
    """Replaces old option names by those that the command has now, with a warning for each.

    Args:
        ctx: Context of the command.
        args: Arguments of the command. Those after `--` are not options.

    Returns:
        The arguments with the new names.
    """
    known = {name for param in ctx.command.params for name in param.opts}
    end = args.index("--") if "--" in args else len(args)
    replaced = []
    for argument in args[:end]:
        old, equals, value = argument.partition("=")
        new = RENAMED_OPTIONS.get(old)
        if new in known and old not in known:
            if not ctx.resilient_parsing:
                click.echo(f"Warning: {old} is deprecated, use {new} instead.", err=True)
            argument = new + equals + value
        replaced.append(argument)
    return replaced + args[end:]
