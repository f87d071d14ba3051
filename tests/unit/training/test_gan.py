import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.errors import InputError
from keras_fashion.run import Run
from keras_fashion.training import GANOptions, train_gan
from keras_fashion.training.options import PictureSize

SMALL = GANOptions(epochs=3, batch_size=8, picture_size=PictureSize(16, 16), width=4, grid_every=2)


@pytest.fixture(scope="module")
def run(tiny_catalogue, tmp_path_factory):
    return train_gan(tiny_catalogue, tmp_path_factory.mktemp("gan") / "run", SMALL, seed=1)


def drawn(run):
    codes = np.linspace(-1, 1, 300, dtype=np.float32).reshape(3, 100)
    return run.model.generator([codes, np.arange(3)]).numpy()


def test_a_run_holds_the_model_and_its_history(run, tiny_catalogue):
    later = Run(run.path)
    assert later.config["model"] == "gan" and later.config["seed"] == 1
    assert later.config["options"]["picture_size"] == [16, 16]
    assert later.config["fingerprint"] == tiny_catalogue.fingerprint
    assert later.metrics["training_seconds"] > 0
    assert later.model.picture_size == (16, 16)
    assert later.model.code_size == 100
    assert later.model.category_count == 3
    history = pd.read_csv(run.path / "history.csv")
    assert len(history) == 3
    losses = history[["generator_loss", "discriminator_loss"]].to_numpy()
    assert np.isfinite(losses).all() and (losses > 0).all()
    assert drawn(later).shape == (3, 16, 16, 3)


def test_sample_grids_are_drawn_when_due(run):
    grids = sorted(path.name for path in (run.path / "samples").iterdir())
    assert grids == ["epoch_0002.png", "epoch_0003.png"]
    with Image.open(run.path / "samples" / grids[0]) as grid:
        assert grid.height == 3 * 16 and grid.width % 16 == 0
    assert list((run.path / "logs").rglob("events.out.tfevents.*"))


def test_the_networks_are_those_of_the_last_epoch(run, tiny_catalogue, tmp_path):
    """The kept model draws what the last grid shows: nothing is chosen by a loss."""
    with Image.open(run.path / "samples" / "epoch_0003.png") as grid:
        shown = np.asarray(grid)[:16, :16]
    codes = np.random.default_rng(0).uniform(-1.0, 1.0, (10, 100)).astype(np.float32)
    first = run.model.generator([codes[:1], np.zeros(1, np.int32)]).numpy()[0]
    assert np.abs((first + 1) * 127.5 - shown).max() < 1.5


@pytest.mark.long
def test_the_seed_decides_everything(tiny_catalogue, tmp_path):
    once = replace(SMALL, epochs=1)
    first, again, other = (
        drawn(train_gan(tiny_catalogue, tmp_path / name, once, seed=seed))
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-4)


def test_what_cannot_be_trained_is_refused_and_leaves_no_folder(tiny_catalogue, tmp_path):
    with pytest.raises(InputError, match="24 pictures, fewer than a batch of 25.*--batch-size"):
        train_gan(tiny_catalogue, tmp_path / "run", GANOptions(batch_size=25))
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
