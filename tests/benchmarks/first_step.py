"""What somebody waits for at the beginning: a GAN's first step, a first design, a first redesign.

Processor seconds, each round in a new process, medians over the rounds. A first step or design is
tracing, the optimization of the graph and one step; the second one shows what the step alone is.

    python tests/benchmarks/first_step.py
    python tests/benchmarks/first_step.py --width 4 --picture-size 16   # next to no arithmetic
    python tests/benchmarks/first_step.py --package ../other   # another checkout of the package

With `--package` the two checkouts take turns, so that they meet the same machine.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click

ROOT = Path(__file__).parents[2]
CATEGORIES, USERS, BATCH, STEPS = 12, 8, 16, 3


def measure(width: int, size: int) -> dict[str, float]:
    """Processor seconds of everything, in this process."""
    seconds = {}

    def timed(name: str, run: Callable[[], object]) -> object:
        began = time.process_time()
        result = run()
        seconds[name] = time.process_time() - began
        return result

    timed("import TensorFlow", lambda: __import__("tensorflow"))
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_fashion.app.training.loop import _compile_step, _make_iterator
    from keras_fashion.data import labeled_pictures
    from keras_fashion.design import PreferenceMaximizer, redesign
    from keras_fashion.models import DVBPR, GAN_PRESETS, CompactEncoder

    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (64, size, size, 3), np.uint8)
    kinds = random.integers(0, CATEGORIES, 64)
    gan = timed(
        "build the GAN", lambda: GAN_PRESETS["default"].make(CATEGORIES, (size, size), width)
    )
    matched = {}
    if hasattr(gan, "match"):  # In an older checkout, a GAN matches no features.
        from random_bank import random_bank

        bank = random_bank(pictures)
        gan.match(bank.features)
        matched = {"features": bank.rows}
    step = _compile_step(gan)
    batches = _make_iterator(
        gan, lambda start, _: labeled_pictures(pictures, kinds, BATCH, 0, **matched), 0
    )
    for number in range(STEPS):
        name = ["first step of the GAN", "second step"][min(number, 1)]
        timed(name, lambda: tf.nest.map_structure(np.array, step(batches)))

    user_embedding = DVBPR(USERS, 10, CompactEncoder(8, (min(size, 32),) * 2))
    user_embedding.theta.assign(keras.random.normal(user_embedding.theta.shape, seed=0))
    maximizer = PreferenceMaximizer(user_embedding, gan)
    timed("a category's sample of the prior", lambda: maximizer.prior_sample([0]))
    timed("first design, after the sample", lambda: maximizer.design([0], 0))
    timed("second design", lambda: maximizer.design([1], 0))
    timed("first redesign", lambda: redesign(maximizer, 0, pictures[0], 0))
    timed("second redesign", lambda: redesign(maximizer, 1, pictures[1], 0))
    return seconds


@click.command(help=__doc__)
@click.option("--width", default=64, show_default=True, help="Of the GAN.")
@click.option("--picture-size", default=64, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option(
    "--package",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another checkout to compare with.",
)
@click.option("--once", is_flag=True, hidden=True, help="In this process, as JSON.")
def main(width: int, picture_size: int, rounds: int, package: Path | None, once: bool) -> None:
    if once:
        click.echo(json.dumps(measure(width, picture_size)))
        return
    checkouts = {"here": ROOT} | ({"there": package.resolve()} if package else {})
    found: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    options = ["--width", str(width), "--picture-size", str(picture_size), "--once"]
    for _ in range(rounds):
        for name, checkout in checkouts.items():
            done = subprocess.run(
                [sys.executable, __file__, *options],
                env=os.environ | {"PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "2"},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=True,
                text=True,
            )
            found[name].append(json.loads(done.stdout))
    click.echo(f"{'processor seconds':36}" + "".join(f"{name:>8}" for name in checkouts))
    for each in found["here"][0]:
        row = [median(seconds[each] for seconds in rows) for rows in found.values()]
        ratio = f"{row[0] / row[1]:8.2f}" if package else ""
        click.echo(f"{each:36}" + "".join(f"{value:8.2f}" for value in row) + ratio)


if __name__ == "__main__":
    main()
