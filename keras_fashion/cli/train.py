"""`keras-fashion train`: a model on a catalogue, into a run folder."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from keras_fashion.cli.quiet_tensorflow import quiet_tensorflow
from keras_fashion.training.options import (
    BPRMFOptions,
    DVBPROptions,
    GANOptions,
    NoOptions,
    VBPROptions,
)

SPLIT = click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of user, item, part (train, valid, test).  [default: leave one out]",
)

RANGES = {int: click.IntRange(1), float: click.FloatRange(0)}
"""All counts and sizes are at least 1; no rate or weight is negative."""


def _command(name: str, options: type, help: str, has_split: bool = True) -> click.Command:
    """A command that calls the training function of this name with options of this class."""

    def run(catalogue: Path, out: Path, seed: int, **chosen: Any) -> None:
        quiet_tensorflow()
        from keras_fashion import training
        from keras_fashion.catalogue import Catalogue

        loaded = Catalogue.load(catalogue)
        click.echo(loaded.summary(), err=True)
        rest = {"split": chosen.pop("split")} if has_split else {}
        getattr(training, f"train_{name}")(loaded, out, options(**chosen), seed=seed, **rest)
        click.echo(out)

    decorators: list[Callable] = [
        click.argument("catalogue", type=click.Path(exists=True, path_type=Path)),
        click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folder."),
        *([SPLIT] if has_split else []),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**32 - 1),
            default=0,
            show_default=True,
            help="Of the whole run.",
        ),
    ]
    for field in fields(options):
        choices = field.metadata["choices"]
        decorators.append(
            click.option(
                f"--{field.name.replace('_', '-')}",
                type=click.Choice(choices) if choices else RANGES[type(field.default)],
                default=field.default,
                show_default=True,
                help=field.metadata["help"],
            )
        )
    for decorate in reversed(decorators):
        run = decorate(run)
    return click.command(name, help=help)(run)


@click.group()
def train() -> None:
    """Train a model on a prepared catalogue, into a new run folder.

    Progress goes to stderr and, with losses, AUC and sample grids, to TensorBoard's logs in the
    run folder. Ctrl-C ends a training early and keeps the best epoch so far.
    """


for command in (
    _command("random", NoOptions, "Random scores: the floor of every table."),
    _command("poprank", NoOptions, "Popularity: everybody gets what sells."),
    _command("visrank", NoOptions, "What looks like what the user bought."),
    _command("bprmf", BPRMFOptions, "Matrix factorisation: who bought what, nothing else."),
    _command("vbpr", VBPROptions, "Matrix factorisation that sees frozen features."),
    _command("dvbpr", DVBPROptions, "Learns style from the pixels, end to end."),
    _command("gan", GANOptions, "A conditional GAN that draws garments.", has_split=False),
):
    train.add_command(command)
