"""`keras-fashion evaluate`: exact ranking metrics of a recommender."""

import json
import time
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import (
    EXISTING,
    default_ks,
    json_option,
    ks_option,
    part_option,
)
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("run", type=EXISTING)
@part_option
@ks_option
@json_option
def evaluate(run: Path, part: str, ks: tuple[int, ...], as_json: bool) -> None:
    """Measure the AUC and top-k metrics of a recommender.

    They are exact, over the whole catalogue, and printed beside those of random scores and PopRank.
    The metric auc_matched compares a held-out item only with items of equally many training
    interactions, so that popularity gains little. Coverage, diversity, novelty and popularity lift
    describe the lists, whatever was held out.
    """
    quiet_tensorflow()
    from keras_fashion.app.report.comparison_table import means_text
    from keras_fashion.app.run import Run
    from keras_fashion.evaluation.comparison import baselines
    from keras_fashion.evaluation.ranking import rank_held_out
    from keras_fashion.features import item_style

    trained = Run(run)
    split = trained.split
    ks = default_ks(ks, split.num_items)
    click.echo(trained.catalogue.summary(), err=True)
    click.echo(split.summary(), err=True)
    vectors, style = trained.held_out_vectors(split, part), item_style(trained.catalogue)
    started = time.monotonic()
    measured = rank_held_out(vectors, split, part, ks, style=style).means()
    seconds = time.monotonic() - started
    rows = {
        name: rank_held_out(each, split, part, ks, style=style).means()
        for name, each in baselines(split).items()
    } | {trained.config["model"]: measured}
    trained.write_json(
        "metrics.json", trained.metrics | {part: measured, "evaluation_seconds": seconds}
    )
    if as_json:
        result = {"run": str(run), "part": part, "models": rows, "seconds": seconds}
        click.echo(json.dumps(result))
    else:
        click.echo(means_text(rows))
