"""`keras-fashion compare`: recommenders side by side."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.evaluate import KS, PART, lists_that_fit
from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument(
    "runs", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True, metavar="RUN..."
)
@PART
@KS
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the resampling.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--latex", is_flag=True, help="Print LaTeX, without packages.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="HTML file to write as well."
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
    """Compare recommenders trained on one catalogue and one split.

    Every metric comes with an interval of 95 % over users, and random scores and PopRank stand
    beside the runs. The run named first is the one that the others' matched AUC is tested
    against, in pairs over the same users.
    """
    if as_json and latex:
        raise click.UsageError("--json and --latex exclude each other.")
    quiet_tensorflow()
    from keras_fashion.app.report.comparison_table import (
        comparison_latex,
        comparison_text,
        write_comparison,
    )
    from keras_fashion.app.run import Run
    from keras_fashion.app.comparison import compare_runs

    trained = [Run(run) for run in runs]
    ks = lists_that_fit(ks, trained[0].split.num_items)
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
