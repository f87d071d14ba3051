"""`keras-fashion evaluate`: a recommender's exact AUC."""

import json
import time
from pathlib import Path

import click

from keras_fashion.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--part",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Which held-out interactions.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(run: Path, part: str, as_json: bool) -> None:
    """Exact AUC over the whole catalogue, beside random and PopRank on the same split.

    auc_matched compares only with items of equally many training interactions: it cannot be won
    by popularity.
    """
    quiet_tensorflow()
    from keras_fashion.evaluation.auc import exact_auc
    from keras_fashion.evaluation.baselines import baselines
    from keras_fashion.run import Run

    trained = Run(run)
    click.echo(trained.catalogue.summary(), err=True)
    click.echo(trained.split.summary(), err=True)
    started = time.monotonic()
    aucs = exact_auc(trained.vectors.scores, trained.split, part).means()
    seconds = time.monotonic() - started
    rows = {
        name: exact_auc(vectors.scores, trained.split, part).means()
        for name, vectors in baselines(trained.split).items()
    } | {trained.config["model"]: aucs}
    trained.write_json(
        "metrics.json", trained.metrics | {part: aucs, "evaluation_seconds": seconds}
    )
    if as_json:
        result = {"run": str(run), "part": part, "models": rows, "seconds": seconds}
        click.echo(json.dumps(result))
        return
    click.echo(f"{'':10}" + "".join(f"{name[4:]:>13}" for name in aucs))
    for name, row in rows.items():
        cells = (f"{'-' if value is None else f'{value:.4f}':>13}" for value in row.values())
        click.echo(f"{name:10}" + "".join(cells))
