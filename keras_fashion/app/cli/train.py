"""`keras-fashion train`: trains a model on a catalogue, into a run folder."""

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click

from keras_fashion.app.cli.parameters import (
    CheckpointScheduleParam,
    DevicesParam,
    PictureSizeParam,
    seed_option,
)
from keras_fashion.app.cli.plain_errors import PlainCommand, PlainGroup
from keras_fashion.app.cli.startup import quiet_tensorflow
from keras_fashion.app.training.options import (
    CheckpointSchedule,
    FitOptions,
    GANOptions,
    ModelOptions,
    PictureSize,
    flag,
    negative_flag,
    options_class,
)
from keras_fashion.app.training.stop_signals import raise_on_sigterm
from keras_fashion.models.registry import RECOMMENDERS

SPLIT = click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of user, item, part (train, valid, test).  [default: leave one out]",
)

SPLIT_TIME = click.option(
    "--split-time",
    metavar="DATE",
    help="First day of the test part, YYYY-MM-DD: what was bought before is learned from, and what "
    "was bought from then on is predicted.",
)

VALIDATION_TIME = click.option(
    "--validation-time",
    metavar="DATE",
    help="First day of the validation part, with --split-time.  [default: from which on a tenth of "
    "the purchases before --split-time remains]",
)

TEST_UNTIL = click.option(
    "--test-until",
    metavar="DATE",
    help="Last day of the test part, with --split-time.  [default: the last day there is]",
)

LAST_OUT = click.option(
    "--last-out",
    is_flag=True,
    help="The last purchase of each user is the test part, and the one before it validation. What "
    "others buy later is learned from, which --split-time avoids.",
)

SPLIT_SEED = click.option(
    "--split-seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides which interactions are left out, where there is no --split; with --last-out, "
    "which one of a day comes last.",
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


SUMMARIES = {name: entry.summary for name, entry in RECOMMENDERS.items()} | {
    GANOptions.model: "A conditional GAN that draws garments."
}
"""Name of each model to one sentence about it."""


class ModelGroup(PlainGroup):
    """A command for each model. A model is imported only when its command is used.

    Args:
        *args: Positional arguments of `click.Group`.
        summaries: Name of each model to one sentence about it.
        make_command: Creates the command of a model from the class of its options.
        **kwargs: Further arguments of `click.Group`.
    """

    def __init__(
        self,
        *args: Any,
        summaries: Mapping[str, str],
        make_command: Callable[[type[ModelOptions]], click.Command],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.summaries = summaries
        self.make_command = make_command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of the models in the order of the registry."""
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Returns the command of a model, or ends with a usage error that lists the models."""
        if cmd_name not in self.summaries:
            ctx.fail(f"no model {cmd_name!r}; there are {', '.join(self.summaries)}.")
        if cmd_name == GANOptions.model:
            return self.make_command(GANOptions)
        quiet_tensorflow()
        return self.make_command(options_class(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of models without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


SPLITS = [SPLIT, SPLIT_TIME, VALIDATION_TIME, TEST_UNTIL, LAST_OUT, SPLIT_SEED]


def take_split(chosen: dict[str, Any]) -> Any:
    """Removes the options of the split from those that were chosen.

    Args:
        chosen: Values of the options, by name.

    Returns:
        The split as `train_recommender` takes it; None for leave one out.

    Raises:
        click.UsageError: If the options exclude each other.
    """
    from keras_fashion.data import TimeCut

    file, split_time, validation_time, test_until, last_out = (
        chosen.pop(name)
        for name in ("split", "split_time", "validation_time", "test_until", "last_out")
    )
    if split_time is None and (validation_time is not None or test_until is not None):
        raise click.UsageError("--validation-time and --test-until go with --split-time.")
    if (file is not None) + (split_time is not None) + last_out > 1:
        raise click.UsageError("give one of --split, --split-time and --last-out.")
    if last_out:
        return "last-out"
    return file if split_time is None else TimeCut(split_time, validation_time, test_until)


def train_command(options: type[ModelOptions]) -> click.Command:
    """Creates the command that trains the model of a class of options."""
    is_recommender = options is not GANOptions

    @raise_on_sigterm()
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
            split, split_seed = take_split(chosen), chosen.pop("split_seed")
            training.train_recommender(
                loaded, out, options(**chosen), split, seed, strategy, schedule, split_seed
            )
        else:
            training.train_gan(loaded, out, GANOptions(**chosen), seed, strategy, schedule)
        click.echo(out)

    decorators: list[Callable[..., Any]] = [
        click.argument("catalogue", type=click.Path(exists=True, path_type=Path)),
        click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folder."),
        *(SPLITS if is_recommender else []),
        seed_option("Seed of the initial weights and of the order."),
        *([DEVICES, CHECKPOINT_EVERY] if issubclass(options, FitOptions | GANOptions) else []),
        *(option(field) for field in fields(options)),
    ]
    command: Any = run
    for decorate in reversed(decorators):
        command = decorate(command)
    summary = (options.__doc__ or "").partition("\n")[0]
    return click.command(options.model, cls=PlainCommand, help=summary)(command)


@click.group(cls=ModelGroup, summaries=SUMMARIES, make_command=train_command)
def train() -> None:
    """Train a model on a prepared catalogue, into a run folder.

    Progress goes to stderr and, with losses, AUC and sample grids, to TensorBoard logs in the run
    folder. A training that was stopped is resumed when the same command is given again: with the
    next step after Ctrl-C or SIGTERM, from the last checkpoint otherwise. Exit code 75, after
    SIGTERM or the loss of another machine, means that the command is to be given again.
    """


def option(field: Field[Any], note: str = "") -> Callable[..., Any]:
    """Creates the click option of a field, whose default says of what type it is.

    A whole number is at least the field's minimum, no rate or weight is negative, a switch is
    `--name/--no-name`, and an option of several values may be given several times.

    Args:
        field: Field of the options of a model.
        note: Sentence that is added to the help.
    """
    name, default = flag(field.name), field.default
    if isinstance(default, bool):
        name += f"/{negative_flag(field.name)}"
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
    help_text = f"{field.metadata['help']} {note}".rstrip()
    return click.option(
        name,
        field.name,
        type=kind,
        multiple=several,
        default=default,
        show_default=True,
        help=f"{help_text.rstrip('.')}; may be given several times." if several else help_text,
    )
