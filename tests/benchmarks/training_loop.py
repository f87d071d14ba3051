"""Measures what the loop, a strategy and checkpoints cost on one device (`make bench-training`).

It prints the median time of a step in milliseconds, for Keras's `fit`, for our loop, and for our
loop in a MirroredStrategy of one device. They take turns, and the first steps of each are omitted.
Then it prints the time of a checkpoint, also for a million users.
"""

import tempfile
import time
from pathlib import Path

import click
import keras
import numpy as np
import tensorflow as tf
from random_bank import random_bank

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import MAX_TO_KEEP, Checkpoints, Progress
from keras_fashion.app.training.loop import fit
from keras_fashion.app.training.options import CheckpointSchedule
from keras_fashion.data import Split, labeled_pictures, triplets
from keras_fashion.models import BPRMF, DVBPR, GAN_PRESETS, CompactEncoder
from keras_fashion.optimizers import LazyAdam

SKIPPED = 20
NEVER = CheckpointSchedule(steps=10**9)
WAYS = ("Keras's fit", "our loop", "one device's strategy")


class Clock(keras.callbacks.Callback):
    """Records when each step ended."""

    def on_train_begin(self, logs=None):
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())


def worlds():
    """Returns for each model a function that makes it, and its batches."""
    rng = np.random.default_rng(0)
    pairs = np.stack([rng.integers(0, 600, 15_000), rng.integers(0, 2800, 15_000)], 1)
    none = np.empty((0, 2), np.int32)
    split = Split(600, 2800, np.unique(pairs.astype(np.int32), axis=0), none, none)
    pictures = rng.integers(0, 256, (2800, 64, 64, 3), np.uint8)
    small = np.ascontiguousarray(pictures[:, ::2, ::2])
    kinds = rng.integers(0, 6, 2800)

    def dvbpr():
        return compiled(DVBPR(600, 2800, CompactEncoder(), with_history=True))

    bank = random_bank(pictures)

    def gan():
        made = GAN_PRESETS["default"].make(6, (64, 64), width=24)
        made.match(bank.features)
        return made

    return {
        "BPR-MF": (
            lambda: compiled(BPRMF(600, 2800)),
            lambda start, context: triplets(split, 256, 0, start=start),
        ),
        "DVBPR": (
            dvbpr,
            lambda start, context: triplets(
                split, 64, 0, small, flip=True, negatives=64, history=64, start=start
            ),
        ),
        "GAN": (
            gan,
            lambda start, context: labeled_pictures(
                pictures, kinds, 16, 0, start=start, features=bank.rows
            ),
        ),
    }


def compiled(model):
    model.compile(optimizer=LazyAdam(5e-3))
    model.optimizer.build(model.trainable_variables)
    return model


def timed(way, make, stream, steps, folder):
    """Returns the milliseconds of each step after the first ones."""
    clock = Clock()
    strategy = tf.distribute.get_strategy()
    if way == "one device's strategy":
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        model = make()
    if way == "Keras's fit":
        model.fit(
            stream(0, None), steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False,
            callbacks=[clock],
        )  # fmt: skip
    else:
        checkpoints = Checkpoints(folder / "checkpoints", model, Progress(), NEVER)
        fit(model, stream, Run(folder), 1, steps, [clock], checkpoints)
    return np.diff(clock.ends[SKIPPED:]) * 1000


@click.command(help=__doc__)
@click.option("--steps", default=170, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(steps: int, rounds: int) -> None:
    click.echo("| | " + " | ".join(WAYS) + " |\n|---|" + "---:|" * len(WAYS))
    for name, (make, stream) in worlds().items():
        found = {way: [] for way in WAYS}
        several = steps * (10 if name == "BPR-MF" else 1)
        for number in range(rounds):
            for way in WAYS if number % 2 == 0 else WAYS[::-1]:
                with tempfile.TemporaryDirectory() as folder:
                    times = timed(way, make, stream, several, Path(folder))
                found[way].append(times)
        plain = np.median(np.concatenate(found["our loop"]))
        cells = []
        for times in found.values():
            step = np.median(np.concatenate(times))
            cells.append(f"{step:.2f} ({step / plain:.3f})")
        click.echo(f"| {name} | " + " | ".join(cells) + " |")
    for name, make in (
        *((name, make) for name, (make, _) in worlds().items()),
        ("BPR-MF of a million users and items x 32", million),
    ):
        with tempfile.TemporaryDirectory() as folder:
            model = make()
            progress = Progress()
            checkpoints = Checkpoints(Path(folder) / "c", model, progress)
            times = []
            for progress.batch in range(6):
                began = time.perf_counter()
                checkpoints.save()
                times.append(time.perf_counter() - began)
            size = (
                sum(path.stat().st_size for path in Path(folder, "c").iterdir()) / MAX_TO_KEEP / 1e6
            )
        seconds = np.median(times[1:])
        click.echo(
            f"a checkpoint of {name}: {seconds * 1000:,.0f} ms, {size:,.1f} MB; every two minutes "
            f"{seconds / 120:.2%} of the time"
        )


def million():
    return compiled(BPRMF(1_000_000, 1_000_000))


if __name__ == "__main__":
    main()
