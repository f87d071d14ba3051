"""`keras-fashion train`: a model on a catalogue, into a run folder."""

from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click

from keras_fashion.app.cli.parameters import CheckpointScheduleParam, DevicesParam, PictureSizeParam
from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow
from keras_fashion.app.training.options import (
    BiasedMFOptions,
    BPRMFOptions,
    CategoryFrequencyOptions,
    CategoryPopularityOptions,
    CheckpointSchedule,
    DVBPROptions,
    FitOptions,
    FMOptions,
    GANOptions,
    ModelOptions,
    PictureSize,
    PopRankOptions,
    RandomOptions,
    VBPROptions,
    VisRankMaxOptions,
    VisRankOptions,
    WARPOptions,
)
from keras_fashion.app.training.stop_signals import sigterm_raises

SPLIT = click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of user, item, part (train, valid, test).  [default: leave one out]",
)

SPLIT_SEED = click.option(
    "--split-seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides which interactions are left out, where there is no --split.",
)

DEVICES = click.option(
    "--devices",
    type=DevicesParam(),
    default="auto",
    show_default=True,
    help="auto: all GPUs, or the processor; cpu; a number of GPUs; or multi-worker: the machines "
    "of TF_CONFIG, on each of which the same command is started. They share each batch, and "
    "learn from it what one device would.",
)

CHECKPOINT_EVERY = click.option(
    "--checkpoint-every",
    "schedule",
    type=CheckpointScheduleParam(),
    default="2m",
    show_default=True,
    help="How often to write what it takes to go on: 500 (steps), 30s, 10m or 2h. The last three "
    "are kept.",
)


class Models(click.Group):
    """A command for each model, in the order in which they were added."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a model; a usage error that lists them all for any other name."""
        command = super().get_command(ctx, cmd_name)
        if command is None:
            ctx.fail(f"no model {cmd_name!r}; there are {', '.join(self.commands)}.")
        return command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The models' names, for the help: content-unaware ones first, click would sort them."""
        return list(self.commands)


@click.group(cls=Models)
def train() -> None:
    """Train a model on a prepared catalogue, into a run folder.

    Progress goes to stderr and, with losses, AUC and sample grids, to TensorBoard's logs in the
    run folder. A training that was stopped goes on when the same command is given again: with the
    next step after Ctrl-C or SIGTERM, from the last checkpoint after all else. Exit code 75, after
    SIGTERM and where another machine is lost, means just that: give it again.
    """


def train_command(options: type[ModelOptions]) -> click.Command:
    """The command that trains the model of a class of options."""
    is_recommender = options is not GANOptions

    @sigterm_raises()
    def run(
        catalogue: Path,
        out: Path,
        seed: int,
        devices: str | None = None,
        schedule: CheckpointSchedule = CheckpointSchedule(),
        **chosen: Any,
    ) -> None:
        quiet_tensorflow()
        from keras_fashion.app import training
        from keras_fashion.data import Catalogue
        from keras_fashion.distribution.devices import strategy_for

        strategy = strategy_for(devices) if devices else None
        loaded = Catalogue.load(catalogue)
        click.echo(loaded.summary(), err=True)
        if is_recommender:
            split, split_seed = chosen.pop("split"), chosen.pop("split_seed")
            training.train_recommender(
                loaded, out, options(**chosen), split, seed, strategy, schedule, split_seed
            )
        else:
            training.train_gan(loaded, out, options(**chosen), seed, strategy, schedule)
        click.echo(out)

    decorators: list[Callable] = [
        click.argument("catalogue", type=click.Path(exists=True, path_type=Path)),
        click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folder."),
        *([SPLIT, SPLIT_SEED] if is_recommender else []),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**32 - 1),
            default=0,
            show_default=True,
            help="Of weights and order.",
        ),
        *([DEVICES, CHECKPOINT_EVERY] if issubclass(options, FitOptions | GANOptions) else []),
        *(option(field) for field in fields(options)),
    ]
    for decorate in reversed(decorators):
        run = decorate(run)
    return click.command(options.model, help=options.__doc__)(run)


def option(field: Field) -> Callable:
    """The click option of a field; its default says of what type it is.

    A whole number is at least the field's minimum, no rate or weight is negative, a switch is
    `--name/--no-name`, and an option of several values may be given several times.
    """
    name, default = field.name.replace("_", "-"), field.default
    flag = f"--{name}/--no-{name}" if isinstance(default, bool) else f"--{name}"
    several = isinstance(default, tuple)
    kind: Any = str
    if isinstance(default, PictureSize):
        several, kind, default = False, PictureSizeParam(), f"{default.height}x{default.width}"
    elif field.metadata["choices"]:
        kind = click.Choice(field.metadata["choices"])
    elif isinstance(default, bool):
        kind = bool
    elif isinstance(default, int):
        kind = click.IntRange(field.metadata["minimum"])
    elif isinstance(default, float):
        kind = click.FloatRange(0)
    return click.option(
        flag,
        field.name,
        type=kind,
        multiple=several,
        default=default,
        show_default=True,
        help=field.metadata["help"] + ("; may be given several times" if several else ""),
    )


for each in (
    RandomOptions,
    PopRankOptions,
    BiasedMFOptions,
    BPRMFOptions,
    WARPOptions,
    CategoryPopularityOptions,
    CategoryFrequencyOptions,
    VisRankOptions,
    VisRankMaxOptions,
    FMOptions,
    VBPROptions,
    DVBPROptions,
    GANOptions,
):
    train.add_command(train_command(each))
