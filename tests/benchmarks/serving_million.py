"""Measures a served catalogue of a million items: its size, and the times of loading and answers.

Vectors are random, around 1,000 centers, so that approximate search can use their structure. The
bare product and top-k of TensorFlow and the exported `recommend` run in turns.

Usage: python tests/benchmarks/serving_million.py [--items 1000000] [--size 100]
    [--scann PYTHON]: one that has ScaNN (`pip install 'scann[tf]'` in an environment of its own)
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.serving.signatures.recommender import ServedRecommender

USERS, BOUGHT, ROUNDS, K = 200_000, 10, 11, 10


def made_run(items, size, seed=0):
    """Makes what `ServedRecommender` reads of a run."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(1000, size)).astype(np.float32)
    near = centers[rng.integers(1000, size=items)]
    vectors = ScoringVectors(
        centers[rng.integers(1000, size=USERS)]
        + 0.5 * rng.normal(size=(USERS, size)).astype(np.float32),
        near + 0.5 * rng.normal(size=(items, size)).astype(np.float32),
        rng.normal(size=items).astype(np.float32),
    )
    users = np.repeat(np.arange(USERS), BOUGHT)
    bought = np.unique(np.stack([users, rng.integers(items, size=len(users))], 1), axis=0)
    catalogue = SimpleNamespace(
        user_ids=np.char.add("user-", np.arange(USERS).astype(str)),
        item_ids=np.char.add("item-", np.arange(items).astype(str)),
        categories=[f"category-{number}" for number in range(50)],
        item_categories=rng.integers(50, size=items).astype(np.int32),
        interactions=bought.astype(np.int32),
    )
    split = SimpleNamespace(
        num_users=USERS,
        num_items=items,
        train=bought,
        training_counts=np.bincount(bought[:, 1], minlength=items),
    )
    return SimpleNamespace(catalogue=catalogue, split=split, vectors=vectors, model=None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--scann", help="python that has ScaNN")
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.model is not None:
        measure(options.model)
        return
    with tempfile.TemporaryDirectory() as folder:
        ids = Path(folder) / "ids"
        ids.mkdir()
        run = made_run(options.items, options.size)
        started = time.perf_counter()
        served = ServedRecommender(run, ids)
        signatures = {
            name: function.get_concrete_function() for name, function in served.signatures().items()
        }
        model = Path(folder) / "model"
        module = tf.Module()
        module.resources = served.resources
        tf.saved_model.save(module, str(model), signatures=signatures)
        print(f"exported in {time.perf_counter() - started:.1f} s")
        graph = (model / "saved_model.pb").stat().st_size
        whole = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
        print(f"graph {graph / 1e3:.0f} kB of 2 GB; all files {whole / 1e6:.0f} MB")
        del served, signatures, run
        # Loading is measured in a new process.
        subprocess.run([sys.executable, __file__, "--model", str(model)], check=True)
        if options.scann:
            script = Path(__file__).with_name("scann_million.py")
            subprocess.run([options.scann, str(script), str(model)], check=True)


def timed(functions):
    """Returns the median milliseconds of functions that run in turns."""
    times = {name: [] for name in functions}
    for round_number in range(ROUNDS + 1):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            if round_number:  # the first one warms up
                times[name].append((time.perf_counter() - started) * 1e3)
    return {name: float(np.median(each)) for name, each in times.items()}


def measure(model):
    before = resident()
    started = time.perf_counter()
    loaded = tf.saved_model.load(str(model))
    recommend = loaded.signatures["recommend"]
    seconds = time.perf_counter() - started
    recommend(**request(1))
    first = time.perf_counter() - started - seconds
    grown = resident() - before
    print(f"loaded in {seconds:.1f} s, first answer after {first:.2f} s more, {grown:.0f} MB")

    reader = tf.train.load_checkpoint(f"{model}/variables/variables")
    shapes = reader.get_variable_to_shape_map()
    tables = [reader.get_tensor(name) for name, shape in shapes.items() if len(shape) == 2]
    columns, rows = sorted(tables, key=len)  # items are columns, users are rows
    rows = rows[:, :-1]
    table = tf.constant(columns[:-1, : np.flatnonzero(columns[-1] > tf.float32.min)[-1] + 1])

    @tf.function
    def bare(users):
        return tf.math.top_k(tf.matmul(users, table), K)

    for batch in (1, 8, 64):
        users = tf.constant(rows[:batch])
        medians = timed(
            {
                "bare product and top-k": lambda users=users: bare(users),
                "recommend": lambda batch=batch: recommend(**request(batch)),
                "recommend, one category": lambda batch=batch: recommend(
                    **request(batch, "category-7")
                ),
            }
        )
        against = medians["bare product and top-k"]
        for name, each in medians.items():
            print(f"batch {batch:2}  {name:24} {each:7.1f} ms  {each / against:5.2f}", flush=True)


def resident():
    """Returns the resident size of this process in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1e3


def request(batch, category=""):
    return {
        "user_id": tf.constant([f"user-{number}" for number in range(batch)]),
        "k": tf.fill([batch], K),
        "category": tf.fill([batch], category),
        "exclude_seen": tf.fill([batch], True),
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    main()
