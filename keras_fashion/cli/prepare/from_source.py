"""What all commands of `prepare` share: their options, and what they do with a source."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

from keras_fashion.cli.quiet_tensorflow import quiet_tensorflow
from keras_fashion.datasets.source import Source

OPTIONS = (
    click.option("--out", type=click.Path(path_type=Path), help="Folder to make."),
    click.option("--name", help="Of the catalogue.  [default: that of the --out folder]"),
    click.option(
        "--on-bad",
        type=click.Choice(["skip", "refuse"]),
        default="skip",
        show_default=True,
        help="Leave out what cannot be used, counted and listed, or stop at it.",
    ),
    click.option(
        "--check", is_flag=True, help="Read everything, write nothing, and say what would be done."
    ),
    click.option(
        "--beam-runner",
        help="Read and write pictures on an Apache Beam runner: DirectRunner, FlinkRunner, "
        "SparkRunner, DataflowRunner.  [default: this process]",
    ),
    click.option(
        "--beam-option",
        "beam_options",
        multiple=True,
        metavar="NAME=VALUE",
        help="Of the runner, such as direct_num_workers=2; may be given several times.",
    ),
)


def from_source(make: Callable[..., Source]) -> Callable[..., None]:
    """Makes a command's function of one that turns the command's own options into a source."""

    @wraps(make)
    def run(
        out: Path | None,
        name: str | None,
        on_bad: Literal["skip", "refuse"],
        check: bool,
        beam_runner: str | None,
        beam_options: tuple[str, ...],
        **own: Any,
    ) -> None:
        if (out is None) is not check:
            raise click.UsageError("give either --out FOLDER or --check.")
        quiet_tensorflow()
        from keras_fashion.catalogue import check as check_source
        from keras_fashion.catalogue import prepare

        source = make(**own)
        if check:
            _say(check_source(source, name or source.name, on_bad), "would make")
            return
        facts = prepare(source, out, name, on_bad, beam_runner, beam_options)
        _say(facts, f"{out}:")
        if facts["skipped"]:
            click.echo(f"  each is listed in {out / 'skipped.csv'}")

    for decorate in reversed(OPTIONS):
        run = decorate(run)
    return run


def _say(facts: dict, beginning: str) -> None:
    attributes = f" with {len(facts['attributes'])} attribute(s)" if facts["attributes"] else ""
    click.echo(
        f"{beginning} {facts['items']:,} items in {len(facts['categories'])} categories"
        f"{attributes}, {facts['users']:,} users, {facts['interactions']:,} interactions"
    )
    for reason, count in facts["skipped"].items():
        click.echo(f"  left out: {count:,} x {reason}")
