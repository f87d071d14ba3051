"""Prints what the terms of the drift of an atelier are worth, and how well models recover them.

    python tests/benchmarks/drifting_atelier.py CATALOGUE RUN RUN ...

The purchases of the test part, or of the runs' test part, are ranked by the true utilities on their
day and by an oracle that knows the drift in part only. Of a term that it does not know it has the
mean over the days before the test part, which is what a model without time can learn of it at best.

A run with `--time-terms` gets two correlations with the truth (`drift_recovery`), of what changed
from year to year and of what recurs every year, over the months of its training. With `--history`,
what users bought holds a part of the trend; a second line has the correlations of the time terms
with the mean history of the month's buyers added, which is what all users like in the month.
"""

import click
import numpy as np

from keras_fashion.app import Run
from keras_fashion.data import Catalogue, Oracle, TemporalSplit, TimeCut, temporal_split
from keras_fashion.data.purchase_times import months_of_days, parse_day
from keras_fashion.data.sources.atelier import Drift, drift_recovery
from keras_fashion.data.sources.atelier.drift import TERMS
from keras_fashion.data.sources.atelier.shoppers import garment_features
from keras_fashion.evaluation import rank_held_out
from keras_fashion.models import HeldOutVectors, ScoringVectors
from keras_fashion.models.purchase_histories import mean_of_purchases


@click.command(help=__doc__)
@click.argument("catalogue", type=click.Path(exists=True))
@click.argument("runs", nargs=-1, type=click.Path(exists=True))
@click.option("--split-time", default="2025-10-01", show_default=True)
def main(catalogue: str, runs: tuple[str, ...], split_time: str) -> None:
    cut = Run(runs[0]).time_cut if runs else TimeCut(split_time)
    split = temporal_split(Catalogue.load(catalogue), cut)
    click.echo(split.summary())
    oracle = Oracle.load(catalogue)
    spread = oracle.preferences(np.arange(split.num_users)).std(axis=1).mean()
    click.echo(f"a shopper's own utilities: standard deviation over garments {spread:.2f}")
    best = auc(oracle_vectors(oracle, oracle.drift, split), split)
    for name, drift in known_in_part(oracle.drift, split, parse_day(cut.test_from)).items():
        show(f"oracle {name}", auc(oracle_vectors(oracle, drift, split), split), best)
    for run in map(Run, runs):
        show(run.path.name, auc(run.held_out_vectors(split, "test"), split), best)
        terms = getattr(run.model, "time_terms", None)
        if terms is not None:
            months = np.arange(terms.first_month, terms.last_month + 1)
            embeddings = run.vectors.items[:, -terms.embedding_size :]
            predicted = terms.style(months).numpy() @ embeddings.T
            predicted += terms.bias(np.arange(split.num_items)[None], months[:, None]).numpy()
            middles = months.astype("datetime64[M]").astype("datetime64[D]").astype(int) + 14
            trend, season = drift_recovery(oracle, predicted, middles)
            click.echo(f"    recovery: trend {trend:.3f}, season {season:.3f}")
            if run.model.with_history:
                predicted += mean_histories(run, split, months) @ embeddings.T
                trend, season = drift_recovery(oracle, predicted, middles)
                click.echo(f"    with mean history: trend {trend:.3f}, season {season:.3f}")


def mean_histories(run: Run, split: TemporalSplit, months: np.ndarray) -> np.ndarray:
    """Returns the mean over the purchases of each month of what their users are made of, (M, K)."""
    embeddings = run.vectors.items[:, run.model.latent_size :]
    rows, bought, ages = split.bought_before("train")
    means = mean_of_purchases(
        embeddings - embeddings.mean(axis=0),
        *(rows, bought, len(split.train), ages, run.model.recency),
    ).numpy()
    month = months_of_days(split.train_days)
    return np.stack([means[month == each].mean(axis=0) for each in months])


def known_in_part(drift: Drift, split: TemporalSplit, until: int) -> dict[str, Drift]:
    """Returns the drift, and what is known of it without some of its terms."""
    return {
        "with all terms": drift,
        "without trend": drift.without(["trend"], until),
        "without season": drift.without(["season"], until),
        "without categories by month": drift.without(["category"], until),
        "without season and categories by month": drift.without(["season", "category"], until),
        "without time": drift.without(TERMS, until),
        "whose trend ends with training": drift.persisting(int(split.train_days.max()) + 1),
    }


def oracle_vectors(oracle: Oracle, drift: Drift, split: TemporalSplit) -> HeldOutVectors:
    known = Oracle(oracle.garments, oracle.shoppers, oracle.popularity, drift)
    vectors = known.vectors_at(split.test[:, 0], split.test_days)
    return HeldOutVectors(vectors, garment_features(oracle.garments), oracle.popularity)


def auc(vectors: HeldOutVectors | ScoringVectors, split: TemporalSplit) -> float:
    return rank_held_out(vectors, split).means()["auc_all"]


def show(name: str, auc: float, best: float) -> None:
    click.echo(f"{name:48} AUC {auc:.4f}, {auc / best:.3f} of the oracle's")


if __name__ == "__main__":
    main()
