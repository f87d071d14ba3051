"""Time of a training step on a table of rows, against the size of the table.

    python tests/benchmarks/lazy_adam.py --json

One step is what a recommender's `train_step` does with its user table: gather a batch's rows,
differentiate a loss, sum the rows that repeat, apply. The sizes and optimizers take turns in
blocks, so that whatever else the machine does falls on all alike; wall time is the median over
single steps, CPU time (all threads of the process) the median over blocks. Takes 3 GB.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ROWS = (2_000, 200_000, 1_000_000)
WIDTH = 100
BATCH = 128
STEPS = 10
"""Steps a block."""
Cell = tuple[str, int]
"""An optimizer's name and the rows of its table."""


@click.command()
@click.option("--blocks", default=8, show_default=True, help="Blocks of 10 steps for each cell.")
@click.option("--jit", is_flag=True, help="Compile the step with XLA.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def main(blocks: int, jit: bool, as_json: bool) -> None:
    """Times LazyAdam and Keras's Adam on tables of 2 thousand to a million rows x 100."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    from keras_fashion.optimizers import LazyAdam

    optimizers = {"LazyAdam": LazyAdam, "Adam": keras.optimizers.Adam}
    steps = {
        (name, rows): training_step(rows, make(1e-3), jit)
        for name, make in optimizers.items()
        for rows in ROWS
    }
    measured = [
        {"optimizer": name, "rows": rows, "wall_ms": wall, "cpu_ms": cpu}
        for (name, rows), (wall, cpu) in timings(steps, blocks).items()
    ]
    found = {(cell["optimizer"], cell["rows"]): cell for cell in measured}
    summary = {
        "width": WIDTH,
        "batch": BATCH,
        "jit": jit,
        "measured": measured,
        "adam_over_lazy_adam": {
            rows: round(found["Adam", rows]["wall_ms"] / found["LazyAdam", rows]["wall_ms"], 1)
            for rows in ROWS
        },
        "million_over_2k": {
            name: round(found[name, ROWS[-1]]["wall_ms"] / found[name, ROWS[0]]["wall_ms"], 2)
            for name in optimizers
        },
    }
    if as_json:
        click.echo(json.dumps(summary))
        return
    for cell in measured:
        click.echo(
            f"{cell['optimizer']:>8} {cell['rows']:>9,} rows x {WIDTH}: "
            f"{cell['wall_ms']:8.2f} ms a step, {cell['cpu_ms']:8.2f} ms CPU"
        )
    for rows, ratio in summary["adam_over_lazy_adam"].items():
        click.echo(f"Adam takes {ratio} times LazyAdam's time at {rows:,} rows")
    for name, ratio in summary["million_over_2k"].items():
        click.echo(f"{name}: a million rows take {ratio} times the time of 2 thousand")


def training_step(rows: int, optimizer: keras.optimizers.Optimizer, jit: bool) -> Callable:
    """A compiled step on a fresh table (rows, WIDTH); a number names the batch of users."""
    import keras
    import tensorflow as tf

    from keras_fashion.optimizers import sum_duplicates

    keras.utils.set_random_seed(0)
    table = keras.Variable(tf.random.normal((rows, WIDTH), stddev=0.1), name="table")
    target = tf.random.normal((BATCH, WIDTH))
    optimizer.build([table])

    @tf.function(jit_compile=jit)
    def step(number: tf.Tensor) -> None:
        users = tf.random.stateless_uniform((BATCH,), (0, number), maxval=rows, dtype=tf.int32)
        with tf.GradientTape() as tape:
            # The tape sees Keras's variable as its tensor: the gradient is by rows.
            scores = tf.reduce_sum(tf.gather(table.value, users) * target, axis=-1)
            loss = tf.reduce_mean(tf.math.softplus(-scores))
        (gradient,) = tape.gradient(loss, [table.value])
        optimizer.apply([sum_duplicates(gradient)], [table])

    return step


def timings(steps: dict[Cell, Callable], blocks: int) -> dict[Cell, tuple[float, float]]:
    """Median wall and CPU time of a step, in ms, of each; the first block is not counted."""
    import tensorflow as tf

    wall: dict[Cell, list[float]] = {cell: [] for cell in steps}
    cpu: dict[Cell, list[float]] = {cell: [] for cell in steps}
    for block in range(blocks + 1):
        for cell, step in steps.items():
            cpu_start, block_wall = time.process_time(), []
            for number in range(STEPS):
                start = time.perf_counter()
                step(tf.constant(block * STEPS + number))
                block_wall.append(time.perf_counter() - start)
            if block:
                wall[cell] += block_wall
                cpu[cell].append((time.process_time() - cpu_start) / STEPS)
    return {
        cell: (round(1e3 * median(wall[cell]), 3), round(1e3 * median(cpu[cell]), 3))
        for cell in steps
    }


if __name__ == "__main__":
    main()
