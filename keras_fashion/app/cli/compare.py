"""`keras-fashion compare`: the metrics of several recommenders side by side."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import (
    EXISTING,
    default_ks,
    json_option,
    ks_option,
    part_option,
    seed_option,
)
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("runs", type=EXISTING, nargs=-1, required=True, metavar="RUN...")
@part_option
@ks_option
@seed_option("Seed of the resampling.")
@json_option
@click.option("--latex", is_flag=True, help="Print LaTeX that needs no package.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="HTML file to write in addition.",
)
def compare(
    runs: tuple[Path, ...],
    part: str,
    ks: tuple[int, ...],
    seed: int,
    as_json: bool,
    latex: bool,
    out: Path | None,
) -> None:
    """Compare recommenders of one catalogue and one split.

    Every metric has a 95 % interval over users, and random scores and PopRank are measured beside
    the runs. The matched AUC of each model is tested against that of the run named first, paired
    over the same users.
    """
    if as_json and latex:
        raise click.UsageError("--json and --latex exclude each other.")
    quiet_tensorflow()
    from keras_fashion.app.comparison import compare_runs
    from keras_fashion.app.report.comparison_table import (
        comparison_latex,
        comparison_text,
        write_comparison,
    )
    from keras_fashion.app.run import Run

    trained = [Run(run) for run in runs]
    ks = default_ks(ks, trained[0].split.num_items)
    click.echo(trained[0].catalogue.summary(), err=True)
    click.echo(trained[0].split.summary(), err=True)
    comparison = compare_runs(trained, part, ks, seed)
    if out is not None:
        write_comparison(out, comparison, trained[0].catalogue.name)
    if as_json:
        click.echo(json.dumps({"runs": [str(run) for run in runs]} | comparison.as_json()))
    elif latex:
        click.echo(comparison_latex(comparison))
    else:
        click.echo(comparison_text(comparison))
