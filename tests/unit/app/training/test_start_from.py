"""A GAN's training that starts with the weights of a run, which may be gone when it is resumed."""

import shutil

import numpy as np
import pytest

from keras_fashion.app.run import Run
from keras_fashion.app.training import GANOptions, train_gan
from keras_fashion.app.training.options import PictureSize
from keras_fashion.app.training.resumable_training import ResumableTraining
from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS

SIZE = PictureSize(16, 16)


@pytest.fixture
def start(tiny_catalogue, tmp_path):
    """The run of a GAN whose average differs from its generator."""
    gan = GAN_PRESETS["least-squares"].make(3, SIZE, width=2, seed=9)
    gan.ema_generator.set_weights([1.1 * weight for weight in gan.ema_generator.get_weights()])
    run = Run.create(tmp_path / "start", {"model": "gan", "seed": 9}, tiny_catalogue)
    run.save_model(gan)
    return run


@pytest.fixture
def given_to_fit(monkeypatch):
    """Makes a training save the model that it begins with, which is also appended to this list."""
    given = []

    def fit(self, model, *others):
        given.append(model)
        self.run.save_model(model)

    monkeypatch.setattr(ResumableTraining, "fit", fit)
    return given


def options(start, **others):
    return GANOptions(
        preset="least-squares",
        batch_size=8,
        picture_size=SIZE,
        width=2,
        start_from=str(start),
        **others,
    )


def test_a_training_starts_with_the_weights_of_a_run_and_is_resumed_without_it(
    start, tiny_catalogue, given_to_fit, tmp_path
):
    latents, categories = np.ones((3, 100), np.float32), np.arange(3)
    expected = start.model.draw(latents, categories)
    run = train_gan(tiny_catalogue, tmp_path / "new", options(start.path, epochs=1), seed=1)
    np.testing.assert_array_equal(run.model.draw(latents, categories), expected)
    assert run.config["options"]["start_from"] == str(start.path)
    shutil.rmtree(start.path)
    train_gan(tiny_catalogue, run.path, options(start.path, epochs=2), seed=1)
    # What is resumed is in the checkpoint, which `fit` reads.
    assert (given_to_fit[1].draw(latents, categories) != expected).any()


def test_the_path_of_the_run_is_recorded_as_an_absolute_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert options("runs/gan").recorded()["start_from"] == str(tmp_path / "runs" / "gan")
    assert GANOptions().recorded()["start_from"] is None


def test_a_run_with_another_start_is_refused(start, tiny_catalogue):
    recorded = options("/a").recorded()
    start.write_json("config.json", start.config | {"options": recorded})
    with pytest.raises(InputError, match="--from /a, not /b; name another --out"):
        train_gan(tiny_catalogue, start.path, options("/b"), seed=9)
