"""Prints what the terms of the drift of an atelier are worth, by the oracle.

    python tests/benchmarks/drifting_atelier.py CATALOGUE --split-time 2025-10-01

The purchases of the test part are ranked by the true utilities on their day, and by those of an
oracle that knows the drift in part only. A term that it does not know is replaced by its mean over
the days before the test part, which is what a model without time can learn of it at best.
"""

from collections.abc import Sequence
from functools import partial

import click
import numpy as np

from keras_fashion.data import Catalogue, Oracle, TemporalSplit, TimeCut, temporal_split
from keras_fashion.data.purchase_times import parse_day
from keras_fashion.data.sources.atelier.drift import TERMS
from keras_fashion.evaluation import rank_held_out

ROWS: dict[str, Sequence[str]] = {
    "all": (),
    "without trend": ["trend"],
    "without season": ["season"],
    "without categories by month": ["category"],
    "without season and categories by month": ["season", "category"],
    "static": TERMS,
}


@click.command(help=__doc__)
@click.argument("catalogue", type=click.Path(exists=True))
@click.option("--split-time", default="2025-10-01", show_default=True)
def main(catalogue: str, split_time: str) -> None:
    split = temporal_split(Catalogue.load(catalogue), TimeCut(split_time))
    click.echo(split.summary())
    oracle = Oracle.load(catalogue)
    until = parse_day(split_time)
    true = oracle.drift
    assert true is not None, f"{catalogue} has no drift"
    drifts = {name: true.without(terms, until) for name, terms in ROWS.items()}
    drifts["trend that stays as it is before validation"] = true.persisting(
        int(split.validation_days.min())
    )
    aucs = {}
    for name, drift in drifts.items():
        aucs[name] = auc(Oracle(oracle.garments, oracle.shoppers, oracle.popularity, drift), split)
        click.echo(f"{name:45} AUC {aucs[name]:.4f}  {aucs[name] / aucs['all']:.3f} of all")


def auc(oracle: Oracle, split: TemporalSplit) -> float:
    """Returns the mean over users of the AUC of their test purchases, day by day."""
    values, users = [], []
    for day in np.unique(split.test_days):
        of_day = split.with_test_rows(np.flatnonzero(split.test_days == day))
        values.append(rank_held_out(partial(scores_on, oracle, day), of_day).auc)
        users.append(of_day.test[:, 0])
    _, user = np.unique(np.concatenate(users), return_inverse=True)
    return float(np.mean(np.bincount(user, np.concatenate(values)) / np.bincount(user)))


def scores_on(oracle: Oracle, day: int, users: np.ndarray) -> np.ndarray:
    return oracle.scores_at(users, np.full(len(users), day))


if __name__ == "__main__":
    main()
