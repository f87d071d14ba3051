"""A training that stops and goes on ends where one that never stopped ends.

Not always bit for bit: of 17 trainings that were interrupted twice, 12 were; 4 differed by a
rounding (2e-13) in one Adam moment, and one, on a busy machine, in many numbers, of which the first
was a weight, by 4e-9. Neither TensorFlow's deterministic mode nor dense gradients of embeddings
ended that. Other codes than those of the straight training made differences of up to 0.26, which
is what must not pass here.
"""

import csv
import json
import signal
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.errors import InputError
from keras_fashion.models import ConditionalGAN
from keras_fashion.run import Run
from keras_fashion.training import GANOptions, train_gan
from keras_fashion.training.gan import parts
from keras_fashion.training.options import PictureSize

# 24 pictures: 4 epochs of 6 steps; R1's penalty is due at steps 0 and 16.
FOUR = GANOptions(epochs=4, batch_size=4, picture_size=PictureSize(16, 16), width=4, grid_every=2)
STEPS = 6

KILLED = """
import os, signal, sys
from pathlib import Path
import keras
from keras_fashion.catalogue import Catalogue
from keras_fashion.models import ConditionalGAN
from keras_fashion.training import GANOptions, train_gan
from keras_fashion.training.options import PictureSize

class Killer(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.discriminator_optimizer.iterations) == 15:
            os.kill(os.getpid(), signal.SIGKILL)

fit = ConditionalGAN.fit
ConditionalGAN.fit = lambda self, *args, callbacks, **kwargs: fit(
    self, *args, callbacks=[*callbacks, Killer()], **kwargs
)
options = GANOptions(
    epochs=4, batch_size=4, picture_size=PictureSize(16, 16), width=4, grid_every=2
)
train_gan(Catalogue.load(sys.argv[1]), Path(sys.argv[2]), options, seed=5)
"""


def kept(run):
    """What is kept and a next step depends on: weights, then moments and iterations."""
    model = keras.saving.load_model(run.path / "model.keras")
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    moments = [variable for each in optimizers for variable in each.variables]
    return [np.asarray(each) for each in model.weights], [np.asarray(each) for each in moments]


def assert_same(run, straight):
    for ours, theirs in zip(kept(run), kept(straight), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def assert_same_history(run, straight):
    ours, theirs = (pd.read_csv(each.path / "history.csv") for each in (run, straight))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-4)


def epochs(run):
    with open(run.path / "history.csv", newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def straight(tiny_catalogue, tmp_path_factory):
    return train_gan(tiny_catalogue, tmp_path_factory.mktemp("straight") / "run", FOUR, seed=5)


@pytest.fixture
def stop_at(monkeypatch):
    """Raises KeyboardInterrupt, as Ctrl-C does, after a number of steps."""

    def stop_at(step):
        class Stop(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if int(self.model.discriminator_optimizer.iterations) == step:
                    raise KeyboardInterrupt

        fit = keras.Model.fit
        monkeypatch.setattr(
            ConditionalGAN,
            "fit",
            lambda self, *args, callbacks, **rest: fit(
                self, *args, callbacks=[*callbacks, Stop()], **rest
            ),
        )
        return monkeypatch.undo

    return stop_at


def test_every_number_that_matters_is_compared(straight):
    """A comparison of too little would let all tests here pass."""
    weights, numbers = kept(straight)
    iterations = [each for each in numbers if each.ndim == 0 and each == 4 * STEPS]
    assert len(iterations) == 2
    model = straight.model
    networks = (model.apprentice, model.discriminator)
    trained = sum(len(network.trainable_variables) for network in networks)
    assert len(weights) >= 2 * len(model.apprentice.weights) + len(model.discriminator.weights)
    assert len([each for each in numbers if each.ndim and each.any()]) == 2 * trained


@pytest.mark.long
def test_more_epochs_go_on_where_fewer_ended(tiny_catalogue, tmp_path, straight):
    run = train_gan(tiny_catalogue, tmp_path / "run", replace(FOUR, epochs=2), seed=5)
    before = run.metrics["training_seconds"]
    with pytest.raises(AssertionError):
        assert_same(run, straight)
    run = train_gan(tiny_catalogue, tmp_path / "run", FOUR, seed=5, resume=True)
    assert_same(run, straight)
    assert_same_history(run, straight)
    assert epochs(run) == [0, 1, 2, 3]
    later = Run(run.path)
    assert later.config["options"]["epochs"] == 4
    assert later.metrics["training_seconds"] > before and not later.metrics["interrupted"]
    for name in ("epoch_0002.png", "epoch_0004.png"):
        grids = (Image.open(each.path / "samples" / name) for each in (run, straight))
        ours, theirs = (np.asarray(grid).astype(int) for grid in grids)
        assert np.abs(ours - theirs).max() <= 1


def test_ctrl_c_keeps_the_last_step(tiny_catalogue, tmp_path, straight, stop_at, capsys):
    """After the first step of all, then within an epoch: both go on, and count as one training."""
    out = tmp_path / "run"
    for number, step in enumerate((1, 9)):
        go_on = stop_at(step)
        train_gan(tiny_catalogue, out, FOUR, seed=5, resume=number > 0)
        go_on()
        assert "go on with --resume" in capsys.readouterr().err
        assert Run(out).metrics["interrupted"]
        assert int(Run(out).model.discriminator_optimizer.iterations) == step
    run = train_gan(tiny_catalogue, out, FOUR, seed=5, resume=True)
    assert_same(run, straight)
    assert not Run(out).metrics["interrupted"]
    assert epochs(run) == [0, 1, 2, 3]
    grids = sorted(path.name for path in (out / "samples").iterdir())
    assert grids == ["epoch_0002.png", "epoch_0004.png"]


@pytest.mark.long
def test_ctrl_c_between_an_epochs_last_step_and_its_row(
    tiny_catalogue, tmp_path, straight, stop_at
):
    go_on = stop_at(2 * STEPS)
    train_gan(tiny_catalogue, tmp_path / "run", FOUR, seed=5)
    go_on()
    run = train_gan(tiny_catalogue, tmp_path / "run", FOUR, seed=5, resume=True)
    assert_same(run, straight)
    assert epochs(run) == [0, 2, 3]  # the step is kept, the row is not


@pytest.mark.long
def test_kill_9(tiny_catalogue, tmp_path, straight):
    out = tmp_path / "run"
    command = [sys.executable, "-c", KILLED, str(tiny_catalogue.path), str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    killed = Run(out)
    before = killed.metrics
    assert before["interrupted"] and before["training_seconds"] > 0
    assert int(killed.model.discriminator_optimizer.iterations) == 2 * STEPS
    # As if it had been killed between the row and the model, and within a row.
    with open(out / "history.csv", "a") as file:
        rows = (straight.path / "history.csv").read_text().splitlines()
        file.write(rows[3] + "\r\n3,0.")
    run = train_gan(tiny_catalogue, out, FOUR, seed=5, resume=True)
    assert_same(run, straight)
    assert_same_history(run, straight)
    assert run.metrics["training_seconds"] > before["training_seconds"]


@pytest.mark.long
def test_killed_before_anything_was_kept_starts_at_the_beginning(
    tiny_catalogue, tmp_path, straight
):
    Run.create(
        tmp_path / "run",
        {key: straight.config[key] for key in ("model", "seed", "options")},
        tiny_catalogue,
    )
    assert_same(train_gan(tiny_catalogue, tmp_path / "run", FOUR, seed=5, resume=True), straight)


def test_a_finished_run_is_left_alone(tiny_catalogue, straight, capsys):
    def stamps():
        return {
            path: path.read_bytes()
            for path in straight.path.rglob("*")
            if path.is_file() and path.name != "metrics.json"
        }

    before, seconds = stamps(), straight.metrics["training_seconds"]
    run = train_gan(tiny_catalogue, straight.path, FOUR, seed=5, resume=True)
    assert "is finished: it has its 4 epochs" in capsys.readouterr().err
    assert stamps() == before
    assert not run.metrics["interrupted"]
    assert run.metrics["training_seconds"] == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(
    ("changed", "seed", "message"),
    [
        ({"epochs": 3}, 5, "--epochs 4, not 3; resume it with 4 or more"),
        ({"width": 8}, 5, "--width 4, not 8"),
        ({"picture_size": PictureSize(16, 32)}, 5, "--picture-size 16x16, not 16x32"),
        ({"learning_rate": 1e-3}, 5, "--learning-rate 0.0, not 0.001"),
        ({"preset": "dvbpr"}, 5, "--preset default, not dvbpr"),
        ({}, 6, "--seed 5, not 6"),
    ],
)
def test_another_training_is_refused(tiny_catalogue, straight, changed, seed, message):
    before = (straight.path / "config.json").read_bytes()
    with pytest.raises(InputError, match=message):
        train_gan(tiny_catalogue, straight.path, replace(FOUR, **changed), seed=seed, resume=True)
    assert (straight.path / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"fingerprint": "0" * 64}, "another catalogue.*000000000000"),
        ({"model": "dvbpr"}, "is a run of dvbpr; only that of a gan"),
        ({"options": {"code_size": 100}}, "another version"),
        ({"options": {"picture_size": 3}}, "no picture_size of two numbers"),
    ],
)
def test_what_is_no_such_run_is_refused(tiny_catalogue, straight, tmp_path, config, message):
    (tmp_path / "config.json").write_text(json.dumps(straight.config | config))
    with pytest.raises(InputError, match=message):
        train_gan(tiny_catalogue, tmp_path, FOUR, seed=5, resume=True)


def test_there_must_be_a_run(tiny_catalogue, tmp_path):
    with pytest.raises(InputError, match="not a run folder"):
        train_gan(tiny_catalogue, tmp_path / "none", FOUR, seed=5, resume=True)
    assert not (tmp_path / "none").exists()


def test_what_there_is_is_not_written_over(tiny_catalogue, straight):
    with pytest.raises(InputError, match="not empty.*--out.*--resume"):
        train_gan(tiny_catalogue, straight.path, FOUR, seed=5)


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (0, [(0, 4, 6)]),
        (1, [(0, 1, 5), (1, 4, 6)]),
        (6, [(1, 4, 6)]),
        (11, [(1, 2, 1), (2, 4, 6)]),
        (23, [(3, 4, 1)]),
    ],
)
def test_parts_are_what_is_left(done, expected):
    assert parts(done, 6, 4) == expected
