r"""Recommenders that are trained anew for each month, as a shop would use them.

    python recipes/rolling_windows.py catalogues/hm --start 2019-09-01 --end 2020-08-31 \
        --out runs/rolling

For each window every model learns from what was bought before, and is tested on what is bought
within the window among what is on sale on that day. One split in time shows one season; this shows
how much a result depends on it. The runs and a page with all metrics of a window are in its folder
under --out; a second start takes up what is finished.
"""

from pathlib import Path

import click

from keras_fashion.app.cli import PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
import numpy as np
import pandas as pd

from keras_fashion.app import (
    ModelOptions,
    compare_runs,
    recommender_options,
    require_finished,
    train_recommender,
)
from keras_fashion.app.report import write_comparison
from keras_fashion.data import Catalogue, rolling_cuts

ROWS: dict[str, ModelOptions] = {
    "recentpop": recommender_options("recentpop"),
    "decayedpop": recommender_options("decayedpop"),
    "visrank": recommender_options("visrank", features=("attributes",)),
    "vbpr": recommender_options("vbpr", features=("attributes",), history=64),
}
"""The models. The others are compared with the first; random scores and PopRank stand beside."""


@click.command(cls=PlainCommand)
@click.argument("catalogue", type=click.Path(exists=True, path_type=Path))
@click.option("--start", required=True, metavar="DATE", help="First day of the first window.")
@click.option("--end", required=True, metavar="DATE", help="Last day that a window may have.")
@click.option(
    "--months", type=click.IntRange(1), default=1, show_default=True, help="Length of a window."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folders.")
@click.option("--only", multiple=True, type=click.Choice(list(ROWS)), help="Some models only.")
def rolling_windows(
    catalogue: Path, start: str, end: str, months: int, out: Path, only: tuple[str, ...]
) -> None:
    """Trains each model for each window and prints the matched AUC by window."""
    loaded = Catalogue.load(catalogue)
    names = list(only or ROWS)
    rows = []
    for cut in rolling_cuts(start, end, months=months):
        folder = out / cut.test_from
        runs = []
        for name in names:
            click.echo(f"{cut.test_from} to {cut.test_until}: {name}", err=True)
            runs.append(require_finished(train_recommender(loaded, folder / name, ROWS[name], cut)))
        comparison = compare_runs(runs)
        write_comparison(folder / "comparison.html", comparison, loaded.name)
        split = runs[0].split
        rows.append(
            {
                "window": cut.test_from,
                "users": comparison.users,
                "purchases": len(split.test),
                "of new items": np.mean(split.training_counts[split.test[:, 1]] == 0),
            }
            | {
                name: getattr(measured["auc_matched"], "mean", np.nan)
                for name, measured in comparison.models.items()
            }
        )
    table = pd.DataFrame(rows).set_index("window")
    click.echo(table.to_string(float_format="{:.3f}".format))
    click.echo(f"\nMatched AUC, mean over {len(table)} windows and its standard error")
    scores = table.iloc[:, 3:]
    others = scores.drop(columns=names[0]).sub(scores[names[0]], axis=0)
    every = scores.join(others.rename(columns=lambda name: f"{name} - {names[0]}"))
    summary = pd.DataFrame({"mean": every.mean(), "error": every.sem()})
    click.echo(summary.to_string(float_format="{:.3f}".format, header=False))


if __name__ == "__main__":
    rolling_windows()
