import json
import sys
from dataclasses import fields
from itertools import chain

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.app.run import Run
from keras_fashion.app.training import GANOptions, gan, train_gan
from keras_fashion.app.training.options import CheckpointSchedule, PictureSize
from keras_fashion.data import scale
from keras_fashion.errors import InputError

# 24 pictures: 2 epochs of 12 steps; R1's penalty is due at steps 0 and 16.
SMALL = GANOptions(epochs=2, batch_size=2, picture_size=PictureSize(16, 16), width=4, grid_every=3)


def train(catalogue, out):
    return train_gan(catalogue, out, SMALL, seed=1, schedule=CheckpointSchedule(steps=10**6))


@pytest.fixture(scope="module")
def run(tiny_catalogue, made_once):
    return Run(made_once("small_gan", lambda folder: train(tiny_catalogue, folder / "run")) / "run")


def drawn(run):
    latents = np.linspace(-1, 1, 300, dtype=np.float32).reshape(3, 100)
    return run.model.ema_generator([latents, np.arange(3)]).numpy()


def test_a_run_holds_the_model_and_its_history(run, tiny_catalogue):
    assert run.config["model"] == "gan" and run.config["seed"] == 1
    assert run.config["options"]["picture_size"] == [16, 16]
    assert run.config["fingerprint"] == tiny_catalogue.fingerprint
    assert run.metrics["training_seconds"] > 0
    assert run.model.picture_size == (16, 16)
    assert run.model.latent_dim == 100
    assert run.model.num_categories == 3
    history = pd.read_csv(run.path / "history.csv")
    assert len(history) == 2
    losses = history[["generator_loss", "discriminator_loss"]].to_numpy()
    assert np.isfinite(losses).all() and (losses > 0).all()
    assert drawn(run).shape == (3, 16, 16, 3)


def test_the_networks_are_those_of_the_last_epoch(run):
    """The saved model draws what the last grid shows, because no loss selects an epoch."""
    (last,) = (run.path / "samples").iterdir()
    assert last.name == "epoch_0002.png"
    with Image.open(last) as grid:
        assert grid.height == 3 * 16 and grid.width % 16 == 0
        shown = np.asarray(grid)[:16, :16]
    latents = np.random.default_rng(0).uniform(-1.0, 1.0, (10, 100)).astype(np.float32)
    first = run.model.ema_generator([latents[:1], np.zeros(1, np.int32)]).numpy()[0]
    assert np.abs((first + 1) * 127.5 - shown).max() < 1.5
    assert list((run.path / "logs").rglob("events.out.tfevents.*"))


def test_realism_is_calibrated_by_the_networks_of_the_last_epoch(run, tiny_catalogue):
    """There are 8 pictures of each category, which is fewer than the largest number."""
    found = run.model.calibration.get_weights()
    order = np.argsort(tiny_catalogue.item_categories, kind="stable")
    categories = tiny_catalogue.item_categories[order]
    gan = Run(run.path).model
    real = gan.discriminator(
        [scale(tiny_catalogue.pictures((16, 16))[order]), tf.constant(categories, tf.int32)]
    )
    means = np.mean(np.reshape(real, (3, 8)), axis=1)
    np.testing.assert_allclose(found[1], (8 * means + 16 * means.mean()) / 24, rtol=1e-3)
    assert np.abs(found[0]).min() > 0


@pytest.fixture
def one_gan(monkeypatch):
    """Makes all trainings use one model, whose step is traced once.

    All its variables are set to -1 before a training is resumed, as a new process has none of the
    values.
    """
    module, made = sys.modules["keras_fashion.app.training.loop"], []
    new_gan, new_step = gan._make_gan, module._compile_step

    def same_gan(*arguments):
        if not made:
            made.append(new_gan(*arguments))
            made.append(new_step(made[0]))
        else:
            optimizers = [each.variables for each in made[0].optimizers]
            for each in chain(made[0].variables, *optimizers):
                each.assign(tf.cast(tf.fill(each.shape, -1), each.dtype))
        return made[0]

    monkeypatch.setattr(gan, "_make_gan", same_gan)
    monkeypatch.setattr(module, "_compile_step", lambda model: made[1])


def test_a_stopped_training_ends_as_one_that_never_stopped(
    run, tiny_catalogue, stopped_at, assert_alike, one_gan
):
    """Compares both networks and optimizers, the averaged weights, the seeds and the losses.

    The training is stopped two steps before the R1 penalty is due again.
    """
    stopped, last = stopped_at(lambda out: train(tiny_catalogue, out), [1, 15])
    assert last == "epoch-1-step-3"
    assert_alike(stopped, run)
    ours, theirs = (
        tf.train.load_checkpoint(str(each.path / "checkpoints" / "epoch-2-step-0"))
        for each in (stopped, run)
    )
    names = [name for name in theirs.get_variable_to_shape_map() if name.endswith("VARIABLE_VALUE")]
    assert sum("optimizers" in name for name in names) > 2 * 10
    for name in names:
        np.testing.assert_allclose(
            ours.get_tensor(name), theirs.get_tensor(name), rtol=1e-4, atol=1e-6, err_msg=name
        )


def test_refused_arguments_leave_no_folder(tiny_catalogue, tmp_path):
    with pytest.raises(InputError, match="24 pictures, fewer than a batch of 25.*--batch-size"):
        train_gan(tiny_catalogue, tmp_path / "run", GANOptions(batch_size=25))
    with pytest.raises(InputError, match="preset default compares.*give a larger --batch-size"):
        train_gan(tiny_catalogue, tmp_path / "run", GANOptions(batch_size=1))
    with pytest.raises(InputError, match="divisible by 16"):
        train_gan(
            tiny_catalogue,
            tmp_path / "run",
            GANOptions(batch_size=8, picture_size=PictureSize(40, 40)),
        )
    assert not (tmp_path / "run").exists()


def test_config_is_plain_json(run):
    config = json.loads((run.path / "config.json").read_text())
    assert set(config["options"]) == {field.name for field in fields(SMALL)}
