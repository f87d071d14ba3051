"""`keras-fashion evaluate`: a recommender's exact ranking metrics."""

import json
import time
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow

PART = click.option(
    "--part",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Which held-out interactions.",
)

KS = click.option(
    "-k",
    "--k",
    "ks",
    type=click.IntRange(1),
    multiple=True,
    help="Length of a list for recall, NDCG and coverage; may be given several times.  "
    "[default: 10]",
)


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@PART
@KS
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(run: Path, part: str, ks: tuple[int, ...], as_json: bool) -> None:
    """Exact AUC and top-k metrics over the whole catalogue, beside random and PopRank.

    auc_matched compares only with items of equally many training interactions,
    which leaves popularity next to nothing to gain.
    """
    quiet_tensorflow()
    from keras_fashion.app.report.comparison_table import metric_label, metric_tables
    from keras_fashion.app.run import Run
    from keras_fashion.evaluation.ranking import rank_held_out
    from keras_fashion.evaluation.reference_models import baselines

    trained = Run(run)
    split = trained.split
    ks = lists_that_fit(ks, split.num_items)
    click.echo(trained.catalogue.summary(), err=True)
    click.echo(split.summary(), err=True)
    vectors = trained.vectors
    started = time.monotonic()
    measured = rank_held_out(vectors, split, part, ks).means()
    seconds = time.monotonic() - started
    rows = {
        name: rank_held_out(each, split, part, ks).means()
        for name, each in baselines(split).items()
    } | {trained.config["model"]: measured}
    trained.write_json(
        "metrics.json", trained.metrics | {part: measured, "evaluation_seconds": seconds}
    )
    if as_json:
        result = {"run": str(run), "part": part, "models": rows, "seconds": seconds}
        click.echo(json.dumps(result))
        return
    for number, metrics in enumerate(metric_tables(list(measured))):
        title = "" if number else "AUC"
        click.echo(f"{title:12}" + "".join(f"{metric_label(name):>13}" for name in metrics))
        for name, row in rows.items():
            cells = (row[metric] for metric in metrics)
            texts = (f"{'-' if cell is None else f'{cell:.4f}':>13}" for cell in cells)
            click.echo(f"{name:12}" + "".join(texts))


def lists_that_fit(ks: tuple[int, ...], items: int) -> tuple[int, ...]:
    """The lengths asked for, or 10; one longer than the catalogue is a mistake of usage."""
    if not ks:
        return (min(10, items),)
    if max(ks) > items:
        raise click.BadParameter(
            f"{max(ks)} is above the {items:,} items of the catalogue.", param_hint="--k"
        )
    return ks
