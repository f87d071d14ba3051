"""What retrieval of the k best of a million items costs, exactly and by FAISS.

    python tests/benchmarks/retrieval.py
    taskset -c 0 python tests/benchmarks/retrieval.py   # on one core

Item vectors lie about centers of unequal weight, as styles do; users are made from eight items
each, as the models with `--history` make them. All ways take turns, so that whatever else the
machine does falls on all alike. Times are the quickest of the rounds, wall clock.
"""

import json
import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from keras_fashion.app.cli.startup import quiet_tensorflow

if TYPE_CHECKING:
    from keras_fashion.models.scoring_vectors import ScoringVectors


@click.command()
@click.option(
    "--items", "num_items", type=click.IntRange(1000), default=1_000_000, show_default=True
)
@click.option("--size", type=click.IntRange(1), default=50, show_default=True, help="Dimensions.")
@click.option("--users", "num_users", type=click.IntRange(2), default=256, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--recall", type=click.FloatRange(0, 1), default=0.95, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def retrieval(
    num_items: int,
    size: int,
    num_users: int,
    rounds: int,
    recall: float,
    as_json: bool,
) -> None:
    """Prints milliseconds a call for one user and for many, and their ratios."""
    quiet_tensorflow()
    import tensorflow as tf

    from keras_fashion.models.faiss_retriever import FaissRetriever
    from keras_fashion.models.retrieval import ItemRetriever, top_items

    vectors = clustered(num_items, size, 2 * num_users)
    # FAISS is set by half of the users and measured on the others.
    setting, vectors = (vectors._replace(users=half) for half in np.split(vectors.users, 2))
    exact = ItemRetriever(vectors)
    started = time.perf_counter()
    approximate = FaissRetriever(setting, recall=recall)
    building = time.perf_counter() - started
    twentieth = np.random.default_rng(0).random(num_items) < 0.05
    seen = np.random.default_rng(1).integers(0, num_items, (num_users, 20))
    tables = tf.constant(vectors.users), tf.constant(vectors.items)
    nothing = np.array([], int)

    report: dict[str, Any] = {
        "items": num_items,
        "dimensions": size,
        "cores": len(os.sched_getaffinity(0)),
        "probes": approximate.num_probes,
        "building_seconds": building,
        "recall": {},
        "milliseconds": {},
    }
    for k in (10, 100):
        wanted, _ = exact.best(vectors.users, k)
        found, _ = approximate.best(vectors.users, k)
        report["recall"][k] = float(
            np.mean([np.isin(*rows).mean() for rows in zip(wanted, found, strict=True)])
        )
        for count in (1, num_users):
            users, bought = vectors.users[:count], list(seen[:count])
            calls: dict[str, Callable[[], Any]] = {
                "product": partial(tf.matmul, tables[0][:count], tables[1], transpose_b=True),
                "exact": partial(exact.best, users, k),
                "exact, 20 seen": partial(exact.best, users, k, bought),
                "exact, a twentieth": partial(exact.best, users, k, allowed=twentieth),
                "FAISS": partial(approximate.best, users, k),
            }
            if count == 1:
                calls["top_items"] = partial(top_items, vectors, 0, k, nothing)
                calls["sorted whole"] = partial(sorted_whole, vectors, k)
            report["milliseconds"][f"{count} users, k {k}"] = quickest(calls, rounds)

    if as_json:
        click.echo(json.dumps(report))
        return
    click.echo(
        f"{num_items:,} items of {size} dimensions, {report['cores']} cores; FAISS built and "
        f"measured in {building:.0f} s, {approximate.num_probes} lists, recall "
        + ", ".join(f"@{k} {share:.3f}" for k, share in report["recall"].items())
    )
    for case, times in report["milliseconds"].items():
        click.echo(f"{case}\n{'':22}{'ms':>9}{'of exact':>10}")
        for name, milliseconds in times.items():
            click.echo(f"  {name:20}{milliseconds:9.1f}{milliseconds / times['exact']:10.2f}")


def sorted_whole(vectors: "ScoringVectors", k: int) -> np.ndarray:
    """The k best items of the first user, by a sort of all of them."""
    return np.argsort(-vectors.scores(np.array([0]))[0], kind="stable")[:k]


def clustered(num_items: int, size: int, num_users: int) -> "ScoringVectors":
    """Items about 2,000 centers, a few of which hold most; users of eight items each."""
    from keras_fashion.models.scoring_vectors import ScoringVectors

    rng = np.random.default_rng(0)
    spread = 1 / np.sqrt(1 + np.arange(size))
    weight = 1 / np.arange(10, 2010)
    center = rng.choice(2000, num_items, p=weight / weight.sum())
    centers = (spread * rng.normal(size=(2000, size))).astype(np.float32)
    items = centers[center]
    items += (0.5 * spread).astype(np.float32) * rng.standard_normal(items.shape, np.float32)
    users = items[rng.integers(0, num_items, (num_users, 8))].mean(axis=1) - items.mean(axis=0)
    return ScoringVectors(users, items, 0.3 * rng.standard_normal(num_items, np.float32))


def quickest(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Milliseconds of the quickest round of each call, taken in turns after one to warm up."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: min(each[1:]) for name, each in times.items()}


if __name__ == "__main__":
    retrieval()
