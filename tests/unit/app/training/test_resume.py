"""Tests that a training that is stopped and resumed ends as one that never stopped, bit for bit.

`train_gan` and `train_recommender` train models of one weight here, which depends on every batch,
every random number and both moments of Adam, so that nothing can be lost or repeated unnoticed.
`test_gan.py` and `test_recommenders.py` have a real model each, and `tests/fuzz/kill_training.py`
kills at random moments. The moments that are difficult are tested here.
"""

import csv
import json
import shutil
import signal
from contextlib import suppress
from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.run_lock import lock_run
from keras_fashion.app.training import GANOptions, recommender_options, train_gan, train_recommender
from keras_fashion.app.training.checkpoints import Checkpoints, list_checkpoints
from keras_fashion.app.training.options import CheckpointSchedule, PictureSize
from keras_fashion.callbacks.validation_auc import ValidationAUC
from keras_fashion.data import Catalogue
from keras_fashion.errors import InputError, Terminated
from keras_fashion.models import RealismCalibration, Recommender


def step_of(model, seen):
    """Changes the weight by the batch and a random number; returns the loss."""
    target = tf.reduce_mean(seen) + keras.random.uniform((), seed=model.noise)
    loss = (model.weight - target) ** 2
    model.optimizer.apply([model.weight - target], [model.weight.value])
    return loss


@keras.saving.register_keras_serializable(package="tests")
class OneWeightGAN(keras.Model):
    """Draws gray pictures, the weight times a latent."""

    latent_dim, num_categories = 2, 3

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.add_weight(name="weight", shape=(), initializer="zeros")
        self.noise = keras.random.SeedGenerator(7)
        self.calibration = RealismCalibration(self.num_categories)
        self.losses_seen = [keras.metrics.Mean(f"{each}_loss") for each in NETWORKS]
        self.built = True
        self.compile(keras.optimizers.Adam(0.1))
        self.optimizer.build(self.trainable_variables)

    @property
    def optimizers(self):
        return [self.optimizer]

    @property
    def discriminator_optimizer(self):
        return self.optimizer

    @property
    def metrics(self):
        return self.losses_seen

    def calibrate(self, pictures, category, seed):
        outputs = self.weight.numpy() * pictures.mean(axis=(1, 2, 3)) / 255
        self.calibration.adapt(outputs, outputs / seed, category)

    def call(self, inputs, training=False):
        codes, _ = inputs
        gray = tf.tanh(self.weight * tf.cast(codes, tf.float32))[:, :1, None, None]
        return tf.tile(gray, (1, 16, 16, 3))

    def train_step(self, data):
        pictures, categories = data
        loss = step_of(
            self, tf.reduce_mean(pictures, axis=(1, 2, 3)) + tf.cast(categories, tf.float32)
        )
        for metric, factor in zip(self.metrics, (1.0, 2.0), strict=True):
            metric.update_state(factor * loss)
        return {metric.name: metric.result() for metric in self.metrics}


NETWORKS = ("generator", "discriminator")


@keras.saving.register_keras_serializable(package="tests")
class OneWeightRecommender(Recommender):
    """Gives scores that vary with the weight, for each user and item in another way."""

    def __init__(self, num_users, num_items, **kwargs):
        super().__init__(num_users, num_items, **kwargs)
        self.weight = self.add_weight(name="weight", shape=(), initializer="zeros")
        self.noise = keras.random.SeedGenerator(7)
        self.built = True

    def user_vector(self, user, context=None):
        return tf.ones((tf.size(user), 1))

    def item_vector(self, item, picture=None, training=False):
        return tf.sin(9 * self.weight * tf.cast(item[:, None] + 1, tf.float32))

    def train_step(self, data):
        pairs = (data["user"], data["positive"], data["negative"])
        loss = step_of(self, tf.concat([tf.cast(each, tf.float32) for each in pairs], axis=0))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


# 24 pictures: 4 epochs of 6 steps. 36 interactions: 4 epochs of 5.
GAN = GANOptions(epochs=4, batch_size=4, picture_size=PictureSize(16, 16), grid_every=3)
RECOMMENDER = recommender_options("bprmf", epochs=4, batch_size=8, learning_rate=0.1)
KINDS = {
    "gan": (train_gan, GAN, "epoch-1-step-3"),
    "recommender": (train_recommender, RECOMMENDER, "epoch-1-step-4"),
}


class Training:
    """Trains into folders, and one of them without a stop.

    Args:
        kind: `gan` or `recommender`.
        catalogue: To train on.
        straight: Folder of the run that never stopped.

    Attributes:
        model: The model, as the last training left it.
        straight: The run that never stopped.
    """

    def __init__(self, kind, catalogue, straight):
        self.function, self.options, self.ninth_step = KINDS[kind]
        self.catalogue = catalogue
        self.straight = self(straight)
        self.straight_state = self.state()

    def __call__(self, out, options=None, seed=5, every=10**6, catalogue=None):
        def make_gan(catalogue, options, seed):
            self.model = OneWeightGAN()
            return self.model

        def make_recommender(options, catalogue, parts, seed):
            self.model = OneWeightRecommender(parts.num_users, parts.num_items)
            return self.model

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("keras_fashion.app.training.gan._make_gan", make_gan)
            patch.setattr(
                "keras_fashion.app.training.recommenders.make_recommender", make_recommender
            )
            return self.function(
                catalogue or self.catalogue,
                out,
                options or self.options,
                seed=seed,
                schedule=CheckpointSchedule(steps=every),
            )

    def state(self):
        """The weight and the states of the random number generator and of the optimizer."""
        return [each.numpy() for each in (*self.model.variables, *self.model.optimizer.variables)]

    def assert_same(self, run):
        """What the last training has left is what the one without a stop has."""
        for ours, theirs in zip(self.state(), self.straight_state, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        ours, theirs = (
            ((each.path / "history.csv").read_bytes(), kept_weights(each))
            for each in (run, self.straight)
        )
        assert ours == theirs
        assert not Run(run.path).metrics["interrupted"]


def kept_weights(run):
    kept = keras.saving.load_model(run.path / "model.keras")
    return [weight.tolist() for weight in kept.get_weights()]


@pytest.fixture(scope="module")
def kinds(tiny_catalogue, tmp_path_factory):
    """Each kind of training, made when it is asked for."""

    @cache
    def training(kind):
        return Training(kind, tiny_catalogue, tmp_path_factory.mktemp(kind) / "run")

    return training


@pytest.fixture(params=KINDS)
def training(request, kinds):
    return kinds(request.param)


@pytest.fixture
def gan(kinds):
    return kinds("gan")


@pytest.fixture
def recommender(kinds):
    return kinds("recommender")


def rows(run):
    with open(run.path / "history.csv", newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_sigterm_within_an_epoch_twice(training, stopped_at, capsys):
    run, last = stopped_at(training, [1, 9])
    assert last == training.ninth_step
    assert f"continues from {last}" in capsys.readouterr().err
    training.assert_same(run)


def test_a_process_that_dies_after_a_checkpoint(training, tmp_path, signal_at):
    """The history has rows that no checkpoint includes, and half a row, as a kill leaves it."""
    out = tmp_path / "run"
    stop_signals = signal_at(9)
    training(out, every=4)
    stop_signals()
    newest = list_checkpoints(out / "checkpoints")[-1]
    assert newest.name == training.ninth_step
    for path in newest.parent.glob(f"{newest.name}.*"):
        path.unlink()
    lines = (training.straight.path / "history.csv").read_text().splitlines()
    with open(out / "history.csv", "w", newline="") as file:
        file.write("\r\n".join(lines[:3]) + "\r\n2,0.")
    shutil.rmtree(out / "logs")
    training.assert_same(training(out))


def test_a_finished_run_is_left_alone(training, capsys):
    def stamps():
        files = training.straight.path.rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file()}

    before = stamps()
    run = training(training.straight.path)
    assert "is finished" in capsys.readouterr().err
    assert stamps() == before
    assert run.path == training.straight.path


def test_two_processes_do_not_train_into_one_folder(gan, tmp_path):
    out = tmp_path / "run"
    with lock_run(out), pytest.raises(InputError, match="run is being trained by another process"):
        gan(out)
    assert not out.exists()
    gan(out, replace(GAN, epochs=1))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_unneeded_checkpoints_are_removed(training):
    kept = list_checkpoints(training.straight.path / "checkpoints")
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
        ({"options": {"latent_dim": 100}}, "was started with --epochs (18|30), not 4"),
    ],
)
def test_other_runs_are_refused(training, tmp_path, config, message):
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


def test_a_failed_run_is_not_resumed(training, tmp_path):
    shutil.copytree(training.straight.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    run.write_metrics(1.0, interrupted=True, failed="collapsed in epoch 2")
    with pytest.raises(InputError, match="has failed: collapsed in epoch 2. Train again"):
        training(tmp_path / "run")


def test_a_model_without_its_checkpoints_is_not_overwritten(training, tmp_path):
    out, options = tmp_path / "run", training.options
    shutil.copytree(training.straight.path, out)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    if options.extendable:
        options = replace(options, epochs=options.epochs + 1)
    else:
        Run(out).write_metrics(1.0, interrupted=True)
    names = ["model.keras", "config.json", "metrics.json", "history.csv"]
    before = {name: (out / name).read_bytes() for name in names}
    for _ in range(2):
        with pytest.raises(InputError, match="a model and no checkpoint to continue from"):
            training(out, options)
    assert {name: (out / name).read_bytes() for name in names} == before


def test_vectors_are_never_those_of_another_model(recommender, tmp_path, signal_at, monkeypatch):
    """A training is interrupted, resumed until a better epoch, and then stopped by SIGTERM."""
    out, options = tmp_path / "run", replace(RECOMMENDER, epochs=9)
    monkeypatch.setattr(
        ValidationAUC, "on_epoch_end", lambda self, epoch, logs: logs.update(val_auc=float(epoch))
    )
    for step, number in ((6, signal.SIGINT), (30, signal.SIGTERM)):
        stop_signals = signal_at(step, number)
        with suppress(Terminated):
            run = recommender(out, options)
            first = (out / "model.keras").read_bytes()
            assert len(run.vectors.users) == 8
        stop_signals()
    assert (out / "model.keras").read_bytes() != first
    with pytest.raises(InputError, match="has no vectors of its model yet.*same command again"):
        Run(out).vectors  # noqa: B018
    assert len(recommender(out, options).vectors.users) == 8


def test_an_interrupted_recommender_can_be_used_and_its_catalogue_may_move(
    recommender, tiny_catalogue, tmp_path, signal_at, capsys
):
    out = tmp_path / "run"
    stop_signals = signal_at(13)
    run = recommender(out)
    stop_signals()
    assert "interrupted" in capsys.readouterr().err
    assert run.metrics["interrupted"] and len(run.vectors.users) == 8
    moved = Catalogue.load(shutil.copytree(tiny_catalogue.path, tmp_path / "elsewhere"))
    recommender.assert_same(recommender(out, catalogue=moved))
    assert Run(out).catalogue.path == tmp_path / "elsewhere"


def test_ctrl_c_before_the_first_epoch_says_so(gan, tmp_path, signal_at):
    signal_at(1)
    with pytest.raises(InputError, match="no model yet"):
        gan(tmp_path / "run")
    # `test_sigterm_within_an_epoch_twice` resumes such a run.
    kept = list_checkpoints(tmp_path / "run" / "checkpoints")
    assert [path.name for path in kept] == ["epoch-0-step-1"]


def test_ctrl_c_while_a_checkpoint_is_written_interrupts_the_end_of_the_epoch(
    recommender, tmp_path, monkeypatch
):
    save, ends, told = Checkpoints.save, [], []

    def interrupted_save(self):
        if not told:
            told.append(signal.raise_signal(signal.SIGINT))
        save(self)

    monkeypatch.setattr(Checkpoints, "save", interrupted_save)
    monkeypatch.setattr(Run, "save_model", lambda *_: ends.append(1))
    with pytest.raises(InputError, match="no model yet"):
        recommender(tmp_path / "run")
    assert not ends and rows(Run(tmp_path / "run")) == []
    monkeypatch.undo()
    recommender.assert_same(recommender(tmp_path / "run"))


def test_more_epochs_of_a_gan_continue_where_fewer_ended(gan, tmp_path):
    gan(tmp_path / "run", replace(GAN, epochs=2))
    run = gan(tmp_path / "run")
    gan.assert_same(run)
    assert rows(run) == [0, 1, 2, 3]
    assert Run(run.path).config["options"]["epochs"] == 4


def test_sample_grids_are_drawn_when_due(gan):
    grids = sorted(path.name for path in (gan.straight.path / "samples").iterdir())
    assert grids == ["epoch_0003.png", "epoch_0004.png"]


def test_a_finished_model_without_steps_is_left_alone(tiny_catalogue, tmp_path, capsys):
    run = train_recommender(tiny_catalogue, tmp_path / "run", recommender_options("poprank"))
    before = (run.path / "model.keras").stat().st_mtime_ns
    train_recommender(tiny_catalogue, tmp_path / "run", recommender_options("poprank"))
    assert "is finished." in capsys.readouterr().err
    assert (run.path / "model.keras").stat().st_mtime_ns == before


def test_a_collapsed_gan_is_stopped_and_its_last_good_epoch_kept(gan, tmp_path, monkeypatch):
    """From the third epoch on all latents give one picture."""
    from keras_fashion.callbacks import mode_collapse

    monkeypatch.setattr(mode_collapse, "MIN_STEPS", 0)
    epoch = [0]

    def diversity(self):
        epoch[0] += 1
        return dict.fromkeys("abc", 1.0 if epoch[0] < 3 else 0.01)

    monkeypatch.setattr(mode_collapse.ModeCollapseMonitor, "diversity", diversity)
    steps_kept = []
    save = Run.save_model

    def save_model(self, model):
        steps_kept.append(int(model.optimizer.iterations))
        save(self, model)

    monkeypatch.setattr(Run, "save_model", save_model)
    with pytest.raises(InputError, match=r"run has collapsed: for 2 epochs, 4 .*last good epoch"):
        gan(tmp_path / "run")
    assert steps_kept == [6, 12]
    assert "collapsed" in Run(tmp_path / "run").metrics["failed"]
    with pytest.raises(InputError, match="has failed: collapsed"):
        gan(tmp_path / "run")
