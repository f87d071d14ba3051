"""What a step of each GAN preset costs, in float32 and in bfloat16, interleaved.

python tests/benchmarks/gan_step.py
"""

import time

import click

from keras_fashion.app.cli.startup import quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
import numpy as np
import tensorflow as tf
from random_bank import random_bank

from keras_fashion.data import scale
from keras_fashion.data.pipelines import REFERENCES
from keras_fashion.models import GAN_PRESETS, EnergyGAN

BATCH = 16


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--steps", default=16, show_default=True, help="A round; a gradient penalty in each.")
@click.option("--categories", default=12, show_default=True)
def gan_step(rounds: int, steps: int, categories: int) -> None:
    """Prints the quickest round of each, in milliseconds a picture at 64x64."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (BATCH, 64, 64, 3), np.uint8)
    category = tf.constant(random.integers(0, categories, BATCH), tf.int32)
    banks = {mixed: random_bank(pictures, mixed) for mixed in (False, True)}
    rows = tf.cast(banks[False].rows, tf.float32)
    references = (tf.repeat(each, REFERENCES, axis=0) for each in (rows, category))
    batch = (scale(pictures), category, *references)
    gans = {
        (name, width, mixed): GAN_PRESETS[name].make(
            categories, (64, 64), width, mixed_precision=mixed
        )
        for name, width in (("dvbpr", 64), ("default", 64), ("default", 24))
        for mixed in (False, True)
    }
    for (_, _, mixed), gan in gans.items():
        if isinstance(gan, EnergyGAN):
            gan.match(banks[mixed].features)
    train = {key: tf.function(gan.train_step) for key, gan in gans.items()}
    for step in train.values():
        step(batch)
    best = dict.fromkeys(train, float("inf"))
    for _ in range(rounds):
        for key, step in train.items():
            started = time.perf_counter()
            for _ in range(steps):
                step(batch)
            seconds = time.perf_counter() - started
            best[key] = min(best[key], 1000 * seconds / steps / BATCH)
    for (name, width, mixed), milliseconds in best.items():
        precision = "bfloat16" if mixed else "float32"
        click.echo(f"{name:8} width {width}  {precision:9}{milliseconds:8.2f} ms a picture")


if __name__ == "__main__":
    gan_step()
