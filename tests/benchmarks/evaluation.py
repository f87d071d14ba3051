"""Measures the CPU time of the exact evaluation, of the bare matrix product and of Cornac.

    python tests/benchmarks/evaluation.py --peer .venv-peers/bin/python --json

The factors are random, over a synthetic split of H&M's size or over that of a catalogue. The
product and the evaluations are timed in turn, so that other load on the machine affects all of
them equally. Cornac's evaluator runs in between, in its own environment, with the same factors.
Times are medians of the CPU seconds of all threads.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from scipy.sparse import csr_array

from keras_fashion.app.cli.startup import quiet_tensorflow

if TYPE_CHECKING:
    from keras_fashion.data.split import Split

PEER = Path(__file__).with_name("cornac_evaluation.py")


@click.command()
@click.option(
    "--peer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Python of an environment with Cornac.  [default: no peer]",
)
@click.option(
    "--catalogue", type=click.Path(exists=True, path_type=Path), help="Prepared catalogue."
)
@click.option(
    "--split",
    "split_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Split of the catalogue.  [default: leave one out]",
)
@click.option("--factors", type=click.IntRange(1), default=64, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    peer: Path | None,
    catalogue: Path | None,
    split_file: Path | None,
    factors: int,
    rounds: int,
    as_json: bool,
) -> None:
    """Measures the exact evaluation."""
    quiet_tensorflow()
    import tensorflow as tf

    from keras_fashion.data import Catalogue, leave_one_out, read_split
    from keras_fashion.evaluation.ranking import rank_held_out
    from keras_fashion.features import item_style
    from keras_fashion.models.scoring_vectors import ScoringVectors

    if catalogue is None:
        split = like_hm()
        # Ten columns of twenty values each.
        values = np.random.default_rng(0).integers(20, size=(split.num_items, 10))
        columns = (values + 20 * np.arange(10)).ravel()
        rows = np.repeat(np.arange(split.num_items), 10)
        style = csr_array((np.ones(len(rows), np.float32), (rows, columns)))
    else:
        loaded = Catalogue.load(catalogue)
        style = item_style(loaded)
        split = read_split(split_file, loaded) if split_file else leave_one_out(loaded, seed=0)
    rng = np.random.default_rng(0)
    users, items, biases = (
        rng.normal(size=size).astype(np.float32)
        for size in (
            (split.num_users, factors),
            (split.num_items, factors),
            (split.num_items,),
        )
    )
    vectors = ScoringVectors(users, items, biases)
    flat = ScoringVectors(*(np.zeros_like(each) for each in vectors))
    # Products of small whole numbers are exact in any order of summation, and often tie.
    whole = ScoringVectors(*(np.rint(each[..., :8]) for each in (users, items)), 0 * biases)

    tested, every = tf.constant(users[split.test[:, 0]]), tf.constant(items)
    work: dict[str, Callable[[], Any]] = {
        "product": lambda: tf.matmul(tested, every, transpose_b=True),
        "auc": lambda: rank_held_out(vectors, split),
        "auc, lists of 10": lambda: rank_held_out(vectors, split, ks=(10,), style=style),
        "auc, lists of 10 and 50": lambda: rank_held_out(vectors, split, ks=(10, 50), style=style),
        "lists of 10, all items tie": lambda: rank_held_out(flat, split, ks=(10,), style=style),
    }
    first = {name: cpu_seconds(call) for name, call in work.items()}
    times: dict[str, list[float]] = {name: [] for name in work}

    def measure() -> None:
        for _ in range(rounds):
            for name, call in work.items():
                times[name].append(cpu_seconds(call))

    measure()
    report: dict[str, Any] = {
        "tested_users": len(split.test),
        "items": split.num_items,
        "factors": factors,
        "first_call_cpu_ms": {name: 1e3 * seconds for name, seconds in first.items()},
    }
    if peer is not None:
        cornac = cornac_measures(peer, split, vectors, whole)
        measure()
        ours = rank_held_out(vectors, split, ks=(10,)).per_user()
        ties = rank_held_out(whole, split).auc
        # Cornac counts ties as lost: `whole` gives the share below, `whole, turned` that above.
        theirs = (1 + np.array(cornac["whole"]) - np.array(cornac["whole, turned"])) / 2
        report["largest_difference_of_a_user"] = {
            "auc, many ties": float(np.abs(ties - theirs).max()),
            **{
                name: float(np.abs(ours[name] - cornac["users"][name]).max())
                for name in cornac["users"]
            },
        }
        times |= cornac["cpu_seconds"]
        report["cornac"] = cornac["version"]
    report["cpu_ms"] = {name: 1e3 * median(seconds) for name, seconds in times.items()}
    lists = report["cpu_ms"]["auc, lists of 10"]
    report["times_the_product"] = lists / report["cpu_ms"]["product"]
    if peer is not None:
        report["cornac_times_ours"] = {
            name: report["cpu_ms"][name] / lists for name in cornac["cpu_seconds"]
        }
    if as_json:
        click.echo(json.dumps(report))
        return
    click.echo(f"{len(split.test):,} users, {split.num_items:,} items, {factors} factors")
    for name, milliseconds in report["cpu_ms"].items():
        click.echo(f"{name:27} {milliseconds:9.1f} ms of CPU")
    click.echo(
        f"all metrics with lists of 10: {report['times_the_product']:.2f} x the bare product"
    )
    if peer is not None:
        for name, ratio in report["cornac_times_ours"].items():
            click.echo(f"{name}: {ratio:.1f} x that")
        for name, difference in report["largest_difference_of_a_user"].items():
            click.echo(f"largest difference of a user, {name:16} {difference:.1e}")


def like_hm() -> "Split":
    """Makes a split of 887 users with 30 of 17,033 items each, as skewed as H&M's sample."""
    from keras_fashion.data.split import Split

    users, items = 887, 17_033
    rng = np.random.default_rng(0)
    weights = (1 + np.arange(items)) ** -0.3
    owned = np.stack(
        [rng.choice(items, 30, replace=False, p=weights / weights.sum()) for _ in range(users)]
    )
    test, validation, train = (
        np.stack([np.repeat(np.arange(users), each.shape[1]), each.ravel()], 1).astype(np.int32)
        for each in np.split(owned, [1, 2], axis=1)
    )
    return Split(users, items, train, validation, test)


def cornac_measures(peer: Path, split: "Split", *vectors: Any) -> dict[str, Any]:
    """Runs `cornac_evaluation.py` with the same factors, in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        task, answer = Path(folder, "task.npz"), Path(folder, "answer.json")
        arrays = {
            f"{name}_{field}": array
            for name, each in zip(("real", "whole"), vectors, strict=True)
            for field, array in each._asdict().items()
        }
        parts = {part: getattr(split, part) for part in ("train", "validation", "test")}
        np.savez(task, **arrays, **parts)
        # One thread, because its products are of one user, and a second thread would only wait.
        one = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([peer, PEER, task, answer], check=True, env=one)
        return json.loads(answer.read_text())


def cpu_seconds(call: Callable[[], Any]) -> float:
    """Returns the CPU seconds of all threads of this process during a call."""
    started = time.process_time()
    call()
    return time.process_time() - started


if __name__ == "__main__":
    main()
