"""Commands with plain errors: what is printed, and the option names of version 0.1."""

import click
import pytest
from click.testing import CliRunner

from keras_fashion.app.cli.main import main
from keras_fashion.app.cli.plain_errors import (
    RENAMED_OPTIONS,
    PlainCommand,
    PlainGroup,
    with_option_names,
)
from keras_fashion.errors import InputError, TryAgain


def failing(error):
    """A group with a command `fail` that raises an error."""

    @click.group(cls=PlainGroup)
    def group():
        pass

    @group.command()
    @click.argument("catalogue")
    @click.argument("runs", metavar="RUN...", nargs=-1)
    @click.option("--batch-size", type=int)
    @click.option("-k", "--k", "ks", multiple=True)
    @click.option("--flip/--no-flip", "flip", default=True)
    def fail(**given):
        raise error

    return group


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("`batch_size` is 99, above the 24 items.", "--batch-size is 99, above the 24 items."),
        ("Give `ks` or `flip`.", "Give --k or --flip."),
        ("`catalogue` is empty; see `runs`.", "CATALOGUE is empty; see RUN...."),
        ("`picture_size` and `Catalogue.load`", "`picture_size` and `Catalogue.load`"),
        ("batch_size", "batch_size"),
    ],
)
def test_argument_names_in_backticks_become_those_of_the_command(message, shown):
    group = failing(InputError(message))
    assert with_option_names(message, group.commands["fail"]) == shown
    result = CliRunner().invoke(group, ["fail", "here"])
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr == f"Error: {shown}\n"


def test_errors_of_files_are_a_line_as_they_are():
    result = CliRunner().invoke(failing(OSError("`batch_size` is a folder")), ["fail", "here"])
    assert (result.exit_code, result.stderr) == (1, "Error: `batch_size` is a folder\n")


def test_what_is_to_be_tried_again_has_its_own_exit_code():
    result = CliRunner().invoke(failing(TryAgain("stopped")), ["fail", "here"])
    assert (result.exit_code, result.stderr) == (75, "stopped\n")


def test_other_errors_keep_their_stack_trace():
    result = CliRunner().invoke(failing(ValueError("a fault of ours")), ["fail", "here"])
    assert isinstance(result.exception, ValueError) and "Error: " not in result.stderr


def echo(*names):
    """A group with a command `show` that prints the values of options."""

    @click.group(cls=PlainGroup)
    def group():
        pass

    @group.command()
    @click.argument("words", nargs=-1)
    def show(words, **given):
        click.echo(f"{words} {given}")

    show.params += [click.Option([name]) for name in names]
    return group


@pytest.mark.parametrize(("old", "new"), RENAMED_OPTIONS.items())
def test_old_names_of_options_work_with_a_warning(old, new):
    group = echo(new)
    expected = CliRunner().invoke(group, ["show", new, "3"])
    assert expected.stderr == "" and "'3'" in expected.stdout
    for arguments in ([old, "3"], [f"{old}=3"]):
        result = CliRunner().invoke(group, ["show", *arguments])
        assert result.exit_code == 0, result.stderr
        assert result.stdout == expected.stdout
        assert result.stderr == f"Warning: {old} is deprecated, use {new} instead.\n"
    assert old not in CliRunner().invoke(group, ["show", "--help"]).output


def test_a_value_keeps_its_equals_sign():
    result = CliRunner().invoke(echo("--aggregation"), ["show", "--together=a=b"])
    assert "'a=b'" in result.stdout


def test_old_names_are_unknown_to_a_command_without_the_new_one():
    result = CliRunner().invoke(echo("--epochs"), ["show", "--style-size", "3"])
    assert result.exit_code == 2 and "No such option" in result.stderr


def test_a_command_with_an_option_of_the_old_name_keeps_it():
    group = echo("--together", "--aggregation")
    result = CliRunner().invoke(group, ["show", "--together", "3"])
    assert "'together': '3'" in result.stdout and result.stderr == ""


def test_words_after_two_dashes_are_not_options():
    result = CliRunner().invoke(echo("--aggregation"), ["show", "--", "--together", "x"])
    assert "('--together', 'x')" in result.stdout and result.stderr == ""


def commands_of(command, context):
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from commands_of(command.get_command(context, name), context)


def test_every_command_is_a_plain_one():
    commands = list(commands_of(main, click.Context(main)))
    assert {"main", "shop", "design", "bprmf", "gan"} <= {command.name for command in commands}
    for command in commands:
        kind = PlainGroup if isinstance(command, click.Group) else PlainCommand
        assert isinstance(command, kind), command.name


def test_every_new_name_is_that_of_an_option():
    commands = commands_of(main, click.Context(main))
    names = {name for command in commands for param in command.params for name in param.opts}
    assert set(RENAMED_OPTIONS.values()) <= names
    assert names.isdisjoint(RENAMED_OPTIONS)


def test_an_old_name_on_the_command_line(call):
    arguments = ("--clusters", 2, "--together=mean", "--category", "Tops", "--out", "x")
    result = call("design", ".", ".", *arguments)
    assert result.exit_code == 2 and "are for a group of --user" in result.stderr
    assert result.stderr.startswith("Warning: --together is deprecated, use --aggregation instead.")
