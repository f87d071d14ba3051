"""A training that stops and goes on ends where one that never stopped ends.

`tests/fuzz/kill_training.py` kills at random moments, and compares to the bit; here are the moments
that are hard. With several threads TensorFlow's sums may differ in the last bit, so that two
trainings of the GAN may, too.
"""

import csv
import fcntl
import json
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_fashion.catalogue import Catalogue
from keras_fashion.errors import InputError, Terminated
from keras_fashion.evaluation.validation_auc import ValidationAUC
from keras_fashion.run import Run
from keras_fashion.training import (
    BPRMFOptions,
    DVBPROptions,
    GANOptions,
    PopRankOptions,
    train_gan,
    train_recommender,
)
from keras_fashion.training.checkpoint_schedule import CheckpointSchedule
from keras_fashion.training.checkpoints import Checkpoints, checkpoints_in
from keras_fashion.training.options import PictureSize
from keras_fashion.training.run_lock import run_lock

# 24 pictures: 4 epochs of 6 steps; R1's penalty is due at steps 0 and 16.
GAN = GANOptions(epochs=4, batch_size=4, picture_size=PictureSize(16, 16), width=4, grid_every=2)
DVBPR = DVBPROptions(
    epochs=3, batch_size=8, picture_size=16, embedding_size=4, history=4, negatives=8, patience=2
)
TRAININGS = {"gan": (train_gan, GAN), "dvbpr": (train_recommender, DVBPR)}
NINTH_STEP = {"gan": "epoch-1-step-3", "dvbpr": "epoch-1-step-4"}


@pytest.fixture(scope="module", params=TRAININGS)
def training(request, tiny_catalogue, tmp_path_factory):
    """Trains into a folder; and the run of one that never stopped."""
    function, options = TRAININGS[request.param]

    def train(out, options=options, seed=5, every=10**6):
        schedule = CheckpointSchedule(steps=every)
        return function(tiny_catalogue, out, options, seed=seed, schedule=schedule)

    train.ninth_step = NINTH_STEP[request.param]
    train.options, train.straight = options, train(tmp_path_factory.mktemp("straight") / "run")
    return train


@pytest.fixture
def signal_at(monkeypatch):
    """Sends this process a signal after a number of steps."""

    def signal_at(step, number=signal.SIGINT):
        is_due, count = Checkpoints.is_due, [0]

        def patched(self):
            count[0] += 1
            if count[0] == step:
                os.kill(os.getpid(), number)
            return is_due(self)

        monkeypatch.setattr(Checkpoints, "is_due", patched)
        return lambda: monkeypatch.setattr(Checkpoints, "is_due", is_due)

    return signal_at


def assert_same(run, straight):
    models = [keras.saving.load_model(each.path / "model.keras") for each in (run, straight)]
    for one, other in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    ours, theirs = (pd.read_csv(each.path / "history.csv") for each in (run, straight))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-4)
    assert not Run(run.path).metrics["interrupted"]


def rows(run):
    with open(run.path / "history.csv", newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_sigterm_within_an_epoch_twice(training, tmp_path, signal_at, capsys):
    out = tmp_path / "run"
    for step in (1, 8):
        go_on = signal_at(step, signal.SIGTERM)
        with pytest.raises(Terminated, match="keeps every step"):
            training(out)
        go_on()
        assert Run(out).metrics["interrupted"] and Run(out).metrics["training_seconds"] > 0
    assert checkpoints_in(out / "checkpoints")[-1].name == training.ninth_step
    capsys.readouterr()
    run = training(out)
    assert f"goes on from {training.ninth_step}" in capsys.readouterr().err
    assert_same(run, training.straight)


def test_a_process_that_dies_after_a_checkpoint(training, tmp_path, signal_at):
    """As a kill leaves it: rows in the history that no checkpoint knows of, half a row."""
    out = tmp_path / "run"
    go_on = signal_at(9)
    training(out, every=4)
    go_on()
    newest = checkpoints_in(out / "checkpoints")[-1]
    assert newest.name == training.ninth_step
    for path in newest.parent.glob(f"{newest.name}.*"):
        path.unlink()
    lines = (training.straight.path / "history.csv").read_text().splitlines()
    with open(out / "history.csv", "w", newline="") as file:
        file.write("\r\n".join(lines[:3]) + "\r\n2,0.")
    shutil.rmtree(out / "logs")
    assert_same(training(out), training.straight)


def test_a_finished_run_is_left_alone(training, capsys):
    def stamps():
        files = training.straight.path.rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file()}

    before = stamps()
    run = training(training.straight.path)
    assert "is finished" in capsys.readouterr().err
    assert stamps() == before
    assert run.path == training.straight.path


def test_two_processes_do_not_train_into_one_folder(training, tmp_path):
    out = tmp_path / "run"
    lock = os.open(tmp_path / ".run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(InputError, match="run is being trained by another process"):
        training(out)
    assert not out.exists()
    os.close(lock)
    assert_same(training(out), training.straight)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_lock_whose_file_is_gone_is_none(tmp_path, monkeypatch):
    """The process that held it removes the file just after another has opened it."""
    flock, path = fcntl.flock, tmp_path / ".run.lock"
    removed = []

    def late(lock, how):
        if not removed:
            removed.append(path.unlink())
        flock(lock, how)

    monkeypatch.setattr("fcntl.flock", late)
    with run_lock(tmp_path / "run"):
        assert removed and path.exists()
        with pytest.raises(InputError, match="another process"), run_lock(tmp_path / "run"):
            pass


def test_what_is_of_no_more_use_is_removed(training):
    kept = checkpoints_in(training.straight.path / "checkpoints")
    extendable = training.options.extendable
    assert [path.name for path in kept] == (["epoch-4-step-0"] if extendable else [])
    assert (training.straight.path / "checkpoints").exists() == extendable


@pytest.mark.parametrize(
    ("changed", "seed", "message"),
    [
        ({"epochs": 2}, 5, "it was started with --epochs ., not 2; name another --out, or give ."),
        ({"batch_size": 2}, 5, "--batch-size ., not 2"),
        ({"learning_rate": 0.5}, 5, "--learning-rate .*, not 0.5"),
        ({}, 6, "--seed 5, not 6"),
    ],
)
def test_another_training_is_refused(training, changed, seed, message):
    before = (training.straight.path / "config.json").read_bytes()
    with pytest.raises(InputError, match=message):
        training(training.straight.path, replace(training.options, **changed), seed)
    assert (training.straight.path / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"fingerprint": "0" * 64}, "another catalogue.*000000000000"),
        ({"model": "vbpr"}, "a vbpr, not a"),
        ({"options": {"code_size": 100}}, "was started with --.* None, not"),
    ],
)
def test_what_is_no_such_run_is_refused(training, tmp_path, config, message):
    (tmp_path / "config.json").write_text(json.dumps(training.straight.config | config))
    (tmp_path / "model.keras").touch()
    with pytest.raises(InputError, match=message):
        training(tmp_path)


def test_options_of_another_version_are_refused(training, tmp_path):
    config = training.straight.config
    config = config | {"options": config["options"] | {"gone": 1}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.keras").touch()
    with pytest.raises(InputError, match="another version"):
        training(tmp_path)


def test_a_failed_run_is_not_taken_up(training, tmp_path):
    shutil.copytree(training.straight.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    run.write_metrics(1.0, interrupted=True, failed="collapsed in epoch 2")
    with pytest.raises(InputError, match="has failed, collapsed in epoch 2. Train anew"):
        training(tmp_path / "run")


def test_a_model_without_its_checkpoints_is_not_overwritten(training, tmp_path):
    out, options = tmp_path / "run", training.options
    shutil.copytree(training.straight.path, out)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    if options.extendable:
        options = replace(options, epochs=options.epochs + 1)
    else:
        Run(out).write_metrics(1.0, interrupted=True)
    before = (out / "model.keras").read_bytes()
    for _ in range(2):  # after the first try it is not finished either
        with pytest.raises(InputError, match="a model and no checkpoint to go on from"):
            training(out, options)
    assert (out / "model.keras").read_bytes() == before


def test_vectors_are_never_those_of_another_model(tiny_catalogue, tmp_path, signal_at, monkeypatch):
    """Interrupted, gone on with to a better epoch, and told to end then."""
    out, options = tmp_path / "run", BPRMFOptions(epochs=9, batch_size=8)
    monkeypatch.setattr(
        ValidationAUC, "on_epoch_end", lambda self, epoch, logs: logs.update(val_auc=float(epoch))
    )
    for step, number in ((6, signal.SIGINT), (30, signal.SIGTERM)):
        go_on = signal_at(step, number)
        with suppress(Terminated):
            run = train_recommender(tiny_catalogue, out, options)
            first = (out / "model.keras").read_bytes()
            assert len(run.vectors.users) == 8
        go_on()
    assert (out / "model.keras").read_bytes() != first
    with pytest.raises(InputError, match="has no vectors of its model yet.*same command again"):
        Run(out).vectors  # noqa: B018
    assert len(train_recommender(tiny_catalogue, out, options).vectors.users) == 8


def test_an_interrupted_recommender_is_of_use(tiny_catalogue, tmp_path, signal_at, capsys):
    options = BPRMFOptions(epochs=4)
    signal_at(3)
    run = train_recommender(tiny_catalogue, tmp_path / "run", options)
    assert "interrupted" in capsys.readouterr().err
    assert run.metrics["interrupted"] and len(run.vectors.users) == 8


def test_a_catalogue_may_have_moved(tiny_catalogue, tmp_path, signal_at):
    out = tmp_path / "run"
    go_on = signal_at(3)
    train_recommender(tiny_catalogue, out, BPRMFOptions(epochs=4))
    go_on()
    moved = Catalogue.load(shutil.copytree(tiny_catalogue.path, tmp_path / "elsewhere"))
    run = train_recommender(moved, out, BPRMFOptions(epochs=4))
    assert not run.metrics["interrupted"]
    assert Run(out).catalogue.path == tmp_path / "elsewhere"


def test_ctrl_c_before_the_first_epoch_says_so(training, tmp_path, signal_at):
    go_on = signal_at(1)
    with pytest.raises(InputError, match="no model yet"):
        training(tmp_path / "run")
    go_on()
    assert not training(tmp_path / "run").metrics["interrupted"]


def test_ctrl_c_while_a_checkpoint_is_written_breaks_off_the_end_of_the_epoch(
    training, tmp_path, monkeypatch
):
    save, ends, told = Checkpoints.save, [], []

    def interrupted_save(self):
        if not told:
            told.append(signal.raise_signal(signal.SIGINT))
        save(self)

    monkeypatch.setattr(Checkpoints, "save", interrupted_save)
    monkeypatch.setattr(Run, "save_model", lambda *_: ends.append(1))
    with pytest.raises(InputError, match="no model yet"):
        training(tmp_path / "run")
    assert not ends and rows(Run(tmp_path / "run")) == []
    monkeypatch.undo()
    assert_same(training(tmp_path / "run"), training.straight)


def test_more_epochs_of_a_gan_go_on_where_fewer_ended(tiny_catalogue, tmp_path):
    straight = train_gan(tiny_catalogue, tmp_path / "straight", GAN, seed=5)
    train_gan(tiny_catalogue, tmp_path / "run", replace(GAN, epochs=2), seed=5)
    run = train_gan(tiny_catalogue, tmp_path / "run", GAN, seed=5)
    assert_same(run, straight)
    assert rows(run) == [0, 1, 2, 3]
    assert Run(run.path).config["options"]["epochs"] == 4


def test_a_model_without_steps_is_left_alone_too(tiny_catalogue, tmp_path, capsys):
    run = train_recommender(tiny_catalogue, tmp_path / "run", PopRankOptions())
    before = (run.path / "model.keras").stat().st_mtime_ns
    train_recommender(tiny_catalogue, tmp_path / "run", PopRankOptions())
    assert "is finished." in capsys.readouterr().err
    assert (run.path / "model.keras").stat().st_mtime_ns == before


def test_a_collapsed_gan_is_stopped_and_its_last_good_epoch_kept(
    tiny_catalogue, tmp_path, monkeypatch
):
    """From the third epoch on every code gives one picture."""
    from keras_fashion.training import collapse_watch

    monkeypatch.setattr(collapse_watch, "YOUNG", 0)
    epoch = [0]

    def diversity(self):
        epoch[0] += 1
        return dict.fromkeys("abc", 1.0 if epoch[0] < 3 else 0.01)

    monkeypatch.setattr(collapse_watch.CollapseWatch, "diversity", diversity)
    steps_kept = []
    save = Run.save_model

    def save_model(self, model):
        steps_kept.append(int(model.generator_optimizer.iterations))
        save(self, model)

    monkeypatch.setattr(Run, "save_model", save_model)
    with pytest.raises(InputError, match=r"run has collapsed: for 2 epochs, 4 .*last good epoch"):
        train_gan(tiny_catalogue, tmp_path / "run", GAN, seed=5)
    assert steps_kept == [6, 12]
    assert "collapsed" in Run(tmp_path / "run").metrics["failed"]
    with pytest.raises(InputError, match="has failed, collapsed"):
        train_gan(tiny_catalogue, tmp_path / "run", GAN, seed=5)


def test_seeds_of_dropout_are_kept(training):
    """Without them a mask would be drawn again, and the comparisons above could not hold."""
    if training.options.extendable:
        pytest.skip("no dropout")
    model = training.straight.model
    seeds = [each for each in model.variables if "seed_generator" in each.path]
    assert seeds and tf.rank(seeds[0].value) == 1
