"""How much of the decoder's speed reaches a model, and what a step waits for its batch.

Run it with `make bench-pipeline CATALOGUE=FOLDER`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from pathlib import Path

import click
import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data import (
    Catalogue,
    decode_picture,
    labeled_pictures,
    leave_one_out,
    triplets,
)
from keras_fashion.data.picture_store import DecodedPictures
from keras_fashion.models import DVBPR, CompactEncoder
from keras_fashion.optimizers import LazyAdam

BATCH = 64


def rate(dataset: tf.data.Dataset, batches: int) -> float:
    """Batches a second, the first few not counted."""
    iterator = iter(dataset)
    for _ in range(max(2, batches // 10)):
        next(iterator)
    started = time.perf_counter()
    for _ in range(batches):
        next(iterator)
    return batches / (time.perf_counter() - started)


def decoder_alone(catalogue: Catalogue, size: tuple[int, int]) -> tf.data.Dataset:
    """Batches decoded out of memory in the order in which they lie there."""
    some = min(len(catalogue.item_ids), 4096)
    data = [catalogue.picture_files[item] for item in range(some)]
    return (
        tf.data.Dataset.from_tensor_slices(data)
        .repeat()
        .map(lambda each: decode_picture(each, size), num_parallel_calls=tf.data.AUTOTUNE)
        .batch(BATCH)
        .prefetch(tf.data.AUTOTUNE)
    )


def waiting(model: DVBPR, stream: tf.data.Dataset, steps: int) -> tuple[float, float]:
    """Seconds a step, and the share of them in which it waited for its batch."""
    step = tf.function(model.train_step)
    iterator = iter(stream)
    for _ in range(3):  # compiles, and lets the stream begin
        step(next(iterator))
    waited, started = 0.0, time.perf_counter()
    for _ in range(steps):
        asked = time.perf_counter()
        batch = next(iterator)
        waited += time.perf_counter() - asked
        step(batch)["loss"].numpy()  # the step is over when its loss is there
    total = time.perf_counter() - started
    return total / steps, waited / total


@click.command()
@click.option("--catalogue", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--size", default=64, show_default=True, help="Side of the pictures, in pixels.")
@click.option("--batches", default=60, show_default=True, help="Timed, of each kind.")
@click.option("--repeats", default=3, show_default=True, help="The medians are printed.")
def main(folder: Path, size: int, batches: int, repeats: int) -> None:
    """Times everything in turn, several times over: this is a ratio's fair measure."""
    catalogue = Catalogue.load(folder)
    split = leave_one_out(catalogue, seed=0)
    sides = (size, size)
    table, decoded = catalogue.pictures(sides), DecodedPictures(catalogue.picture_files, sides)
    categories = catalogue.item_categories
    streams = {
        "decoder alone": decoder_alone(catalogue, sides),
        "decoded at each use": labeled_pictures(decoded, categories, BATCH, 0),
        f"table ({type(table).__name__})": labeled_pictures(table, categories, BATCH, 0),
    }
    rates: dict[str, list[float]] = {name: [] for name in streams}
    for _ in range(repeats):
        for name, stream in streams.items():
            rates[name].append(BATCH * rate(stream, batches))
    alone = rates["decoder alone"]
    click.echo(
        f"{catalogue.name}: {len(categories):,} items to {size}x{size}, {os.cpu_count()} cores"
    )
    for name, values in rates.items():
        share = np.median(np.divide(values, alone))
        click.echo(f"{name:28s} {np.median(values):8,.0f} pictures/s  {share:5.2f} of the decoder")

    for name, pictures in (("decoded", decoded), ("table", table)):
        for kind, options in (("siamese", {}), ("128 shared", {"negatives": 128})):
            stream = triplets(split, BATCH, 0, pictures, flip=True, **options)
            speeds = [rate(stream, batches // 2) for _ in range(repeats)]
            click.echo(
                f"triplets of {BATCH}, {kind:10s} {name:8s} {np.median(speeds):8.1f} batches/s"
            )

    model = DVBPR(split.num_users, split.num_items, CompactEncoder(32, sides))
    model.compile(optimizer=LazyAdam(1e-3))
    keras.utils.set_random_seed(0)
    for name, pictures in (("decoded", decoded), ("table", table)):
        stream = triplets(split, BATCH, 0, pictures, flip=True)
        seconds, shares = zip(
            *(waiting(model, stream, batches) for _ in range(repeats)), strict=True
        )
        shown = ", ".join(f"{share:.1%}" for share in sorted(shares))
        click.echo(
            f"DVBPR, {name:8s} {1000 * np.median(seconds):4.0f} ms a step, waiting for input "
            f"{np.median(shares):.1%}  (each turn: {shown})"
        )


if __name__ == "__main__":
    main()
