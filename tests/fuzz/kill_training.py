"""Kills trainings at random moments and resumes them: nothing is lost, and the results are equal.

    python tests/fuzz/kill_training.py --kills 50

A DVBPR and a GAN are trained on a small atelier, with deterministic operations and one thread for
each operation; with more threads, two trainings of the GAN sometimes differ by rounding. Each is
trained once without interruption. Then it is trained repeatedly, killed (SIGKILL) after a random
time and started again until it ends, until there were as many kills as requested. At each start no
step may be missing that was completed before the last checkpoint was due. Each training that ends
must have the weights of the uninterrupted one, bit for bit, and the same history.
"""

import csv
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import click
import h5py
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training import GANOptions, recommender_options, train_gan, train_recommender
from keras_fashion.app.training.checkpoints import Checkpoints
from keras_fashion.app.training.options import CheckpointSchedule, PictureSize
from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.atelier import Atelier

EVERY = 5
"""Number of steps between two checkpoints."""

TRAININGS = {
    "dvbpr": (
        train_recommender,
        recommender_options(
            "dvbpr", epochs=4, batch_size=16, negatives=16, history=8, picture_size=16
        ),
    ),
    "gan": (
        train_gan,
        GANOptions(
            preset="least-squares",
            epochs=3,
            batch_size=8,
            width=4,
            picture_size=PictureSize(16, 16),
        ),
    ),
}


def train(model: str, catalogue: Path, out: Path, pipe: int) -> None:
    """Trains in this process; writes the number of each step to a pipe, 8 bytes each."""
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    is_due = Checkpoints.is_due

    def patched(self):
        done = int(self.progress.epoch * 10_000 + self.progress.batch)
        os.write(pipe, done.to_bytes(8, "little"))
        return is_due(self)

    Checkpoints.is_due = patched
    function, options = TRAININGS[model]
    function(
        Catalogue.load(catalogue), out, options, seed=3, schedule=CheckpointSchedule(steps=EVERY)
    )


def run(model: str, catalogue: Path, out: Path, seconds: float | None) -> tuple[bool, list[int]]:
    """Trains in a child process, which is killed after a time.

    Returns whether the training ended, and the number of each completed step.
    """
    read, write = os.pipe()
    child = os.fork()  # This is allowed while TensorFlow is imported and has not started.
    if child == 0:
        os.close(read)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        if seconds is not None:
            os.dup2(quiet, 2)
        try:
            train(model, catalogue, out, write)
        except BaseException as error:
            print(repr(error), file=sys.__stderr__, flush=True)
            os._exit(1)
        os._exit(0)
    os.close(write)
    end = time.monotonic() + (seconds or 1e9)
    status = None
    os.set_blocking(read, False)
    steps = b""
    while status is None:
        time.sleep(0.02)
        with suppress(BlockingIOError):
            steps += os.read(read, 1 << 16)
        pid, code = os.waitpid(child, os.WNOHANG)
        if pid:
            status = code
        elif time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            end = float("inf")
    while chunk := os.read(read, 1 << 16):
        steps += chunk
    os.close(read)
    done = [int.from_bytes(steps[at : at + 8], "little") for at in range(0, len(steps) - 7, 8)]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"{model}: a training failed")
    return os.WIFEXITED(status), done


def weights(out: Path) -> list[np.ndarray]:
    """Returns the weights of a run's model. TensorFlow must not start in this process."""
    found: list[np.ndarray] = []

    def add(_: str, each: object) -> None:
        if isinstance(each, h5py.Dataset):
            found.append(each[()])

    with (
        zipfile.ZipFile(out / "model.keras") as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as stored,
    ):
        stored.visititems(add)
    return found


def history(out: Path) -> list[list[str]]:
    """Returns the rows of `history.csv`."""
    with open(out / "history.csv", newline="") as file:
        return list(csv.reader(file))


@click.command(help=__doc__)
@click.option("--kills", default=50, show_default=True, help="Number of kills of each training.")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=tuple(TRAININGS),
    help="Training to run; may be repeated.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the moments.")
def main(kills: int, models: tuple[str, ...], seed: int) -> None:
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "atelier")
        for model in models:
            click.echo(chain(model, folder, kills, moments))


def make(path: Path) -> None:
    """Prepares the catalogue in a child process."""
    child = os.fork()
    if child == 0:
        prepare(Atelier(items=150, users=60, size=32), path)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def chain(model: str, folder: Path, kills: int, moments: random.Random) -> str:
    started = time.monotonic()
    _, uninterrupted = run(model, folder / "atelier", folder / model, None)
    seconds = time.monotonic() - started
    expected = weights(folder / model)
    killed, trainings, lost, most = 0, 0, 0, 0
    while killed < kills:
        out, before, ended = folder / f"{model}_killed", [], False
        while not ended:
            limit = moments.uniform(0, seconds) if killed < kills else None
            ended, done = run(model, folder / "atelier", out, limit)
            killed += not ended
            if before and done:
                missing = uninterrupted.index(before[-1]) + 1 - uninterrupted.index(done[0])
                assert missing <= EVERY, f"{model}: {missing} steps were lost"
                lost, most = lost + missing, max(most, missing)
            before = done or before
        trainings += 1
        for actual, wanted in zip(weights(out), expected, strict=True):
            np.testing.assert_array_equal(actual, wanted)
        assert history(out) == history(folder / model)
        assert not Run(out).metrics["interrupted"]
        shutil.rmtree(out)
    return (
        f"{model}: {killed} kills in {trainings} trainings of {len(uninterrupted)} steps; each "
        f"ended with the weights and the history of the uninterrupted one; {lost} steps were "
        f"repeated, {most} at most after one kill (a checkpoint every {EVERY} steps)"
    )


if __name__ == "__main__":
    main()
