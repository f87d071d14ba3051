"""`keras-fashion tune`: searches for the settings of a recommender, on validation."""

import json
import shlex
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from keras_fashion.app.cli.parameters import EXISTING, json_option, seed_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow
from keras_fashion.app.cli.train import (
    CHECKPOINT_EVERY,
    DEVICES,
    SPLITS,
    SUMMARIES,
    ModelGroup,
    option,
    take_split,
)
from keras_fashion.app.training.options import (
    CheckpointSchedule,
    FitOptions,
    ModelOptions,
)
from keras_fashion.app.training.stop_signals import raise_on_sigterm
from keras_fashion.models.fit_settings import SearchChoices, SearchRange
from keras_fashion.models.registry import RECOMMENDERS

if TYPE_CHECKING:
    from keras_fashion.app.tuning import Trial, Tuning

SHOWN = 5
"""Number of trials in the table, beside that of the default settings."""

MONITOR = click.option(
    "--monitor",
    type=click.Choice(["auc", "auc_matched"]),
    default="auc",
    show_default=True,
    help="Validation AUC that is maximized. Popularity gains little on auc_matched.",
)


def tune_command(options: type[ModelOptions]) -> click.Command:
    """Creates the command that searches for the settings of a model.

    Args:
        options: Class of the model's options.
    """

    @raise_on_sigterm()
    @click.pass_context
    def run(
        ctx: click.Context,
        catalogue: Path,
        trials: int,
        out: Path,
        seed: int,
        split_seed: int,
        monitor: str,
        as_json: bool,
        devices: str | None = None,
        schedule: CheckpointSchedule = CheckpointSchedule(),
        **chosen: Any,
    ) -> None:
        quiet_tensorflow()
        import tensorflow

        from keras_fashion.app.tuning import tune_recommender
        from keras_fashion.data import Catalogue
        from keras_fashion.distribution.devices import strategy_for

        # It warns of functions that are traced several times: each trial traces its own model.
        tensorflow.get_logger().setLevel("ERROR")
        split = take_split(chosen)
        given = {
            name: value
            for name, value in chosen.items()
            if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
        }
        strategy = strategy_for(devices) if devices else None
        loaded = Catalogue.load(catalogue)
        click.echo(loaded.summary(), err=True)
        result = tune_recommender(
            loaded,
            out,
            options.model,
            trials,
            given,
            monitor,
            split,
            seed,
            strategy,
            schedule,
            split_seed,
        )
        if result.interrupted:
            click.echo("interrupted; run the same command again to continue", err=True)
        click.echo(json.dumps(result.as_json()) if as_json else tuning_text(result))

    is_trained = issubclass(options, FitOptions)
    decorators: list[Callable[..., Any]] = [
        click.argument("catalogue", type=EXISTING),
        click.option(
            "--trials",
            type=click.IntRange(1),
            required=True,
            help="Number of trainings, of which the first has the default settings. A search that "
            "has ended is continued if it is given more.",
        ),
        click.option(
            "--out", type=click.Path(path_type=Path), required=True, help="Folder of the search."
        ),
        *SPLITS,
        seed_option("Seed of all trainings and of the settings that are tried."),
        *([DEVICES, CHECKPOINT_EVERY] if is_trained else []),
        MONITOR,
        json_option,
        *(
            option(field, search_note(field.metadata["searched"]))
            for field in fields(options)
            if field.name != "monitor"
        ),
    ]
    command: Any = run
    for decorate in reversed(decorators):
        command = decorate(command)
    summary = f"Search for the settings of {options.model}: {SUMMARIES[options.model]}"
    return click.command(options.model, cls=PlainCommand, help=summary)(command)


def search_note(searched: SearchRange | SearchChoices | None) -> str:
    """Returns a sentence for the help that says what is searched unless the option is given.

    Args:
        searched: What is searched; None for nothing.

    Example:
        >>> search_note(SearchChoices((0, 16, 64)))
        'Searched among 0, 16, 64.'
        >>> search_note(SearchRange(1e-4, 1.0))
        'Searched from 0.0001 to 1.'
    """
    if searched is None:
        return ""
    if isinstance(searched, SearchChoices):
        return f"Searched among {', '.join(map(str, searched.values))}."
    return f"Searched from {searched.low:g} to {searched.high:g}."


@click.group(
    cls=ModelGroup,
    summaries={name: SUMMARIES[name] for name in RECOMMENDERS},
    make_command=tune_command,
)
def tune() -> None:
    """Search for the settings of a recommender, on the validation part only.

    Each trial is a training like that of `train`. The first has the default settings; further
    settings are proposed by Optuna from the ranges in the help of the options. An option that is
    given is not searched. The runs of the default and of the best settings are kept. A search
    that was stopped continues when the same command is given again.
    """


def tuning_text(result: "Tuning") -> str:
    """Returns the best trials as a table, what they took, and how to go on.

    Args:
        result: Result of the search.
    """
    best, default, count = result.best, result.default, len(result.trials)
    shown = result.ranking[:SHOWN]
    shown += [default] if default not in shown else []
    lines = [f"{'trial':>5}  {'auc':>6}  {'auc_matched':>11}  {'seconds':>7}  settings"]
    lines += [_row(trial, type(result.request.options)) for trial in shown]
    failed = count - len(result.ranking)
    lines += [
        "",
        f"trials: {count} in {timedelta(seconds=round(result.seconds))}"
        + f", of which {failed} failed" * bool(failed),
        f"validation {result.monitor}: {_metric(best, result.monitor)} of the best of {count} "
        f"(trial {best.number}), {_metric(default, result.monitor)} of the default settings",
    ]
    runs = [str(run.path) for run in (result.best_run, result.default_run)]
    if best == default:
        return "\n".join([*lines, "", "no trial is better than the default settings"])
    return "\n".join(
        [
            *lines,
            f"The best of {count} is optimistic, since the same purchases chose it. Measure the "
            "test part with",
            f"  {shlex.join(['keras-fashion', 'compare', *runs])}",
            "and train with the best settings by",
            f"  {result.command()}",
        ]
    )


def _row(trial: "Trial", options: type[ModelOptions]) -> str:
    settings = shlex.join(options(**trial.settings).arguments()) or "default"
    return (
        f"{trial.number:>5}  {_metric(trial, 'auc'):>6}  {_metric(trial, 'auc_matched'):>11}  "
        f"{trial.seconds:>7.0f}  {settings}"
    )


def _metric(trial: "Trial", name: str) -> str:
    value = trial.metrics.get(name)
    return "failed" if trial.failed else "" if value is None else f"{value:.4f}"
