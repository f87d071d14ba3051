"""Tests of workers other than the chief, and of errors that stop a training."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training import recommender_options, train_recommender
from keras_fashion.app.training.resumable_training import SHARED_DISK_TIMEOUT, ResumableTraining
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError

OPTIONS = recommender_options("bprmf", epochs=2, batch_size=8, latent_size=4)


class SecondOfTwo(Workers):
    """The second of two workers, whose chief always sends the same values."""

    def __init__(self):
        super().__init__(tf.distribute.get_strategy())
        self.count, self.index, self.is_chief = 2, 1, False

    def sum(self, values):
        return 2 * values


@pytest.fixture(scope="module")
def made(tiny_catalogue, tmp_path_factory):
    return train_recommender(tiny_catalogue, tmp_path_factory.mktemp("made") / "run", OPTIONS)


def begin(catalogue, out, options=OPTIONS, seed=0, workers=None):
    request = TrainingRequest(catalogue, out, options, seed)
    with ResumableTraining(request, workers or SecondOfTwo()) as training:
        return training.begin()


def test_another_worker_uses_what_the_chief_has_made(made, tiny_catalogue):
    before = {path: path.stat().st_mtime_ns for path in made.path.rglob("*")}
    assert begin(tiny_catalogue, made.path).path == made.path
    assert {path: path.stat().st_mtime_ns for path in made.path.rglob("*")} == before
    assert not list(made.path.parent.glob(".*"))  # the lock is the chief's


@pytest.fixture
def no_sleep(monkeypatch):
    """Records the waits for a network disk instead of sleeping."""
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    return waits


def test_another_worker_that_does_not_see_the_folder(tiny_catalogue, tmp_path, no_sleep):
    with pytest.raises(InputError, match=r"worker 1 of 2 does not see .*/run, .*disk"):
        begin(tiny_catalogue, tmp_path / "run")
    assert not (tmp_path / "run").exists() and len(no_sleep) == SHARED_DISK_TIMEOUT


def test_another_worker_that_sees_the_folder_late(made, tiny_catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: made.path.rename(tmp_path / "run"))
    assert begin(tiny_catalogue, tmp_path / "run").path == tmp_path / "run"
    (tmp_path / "run").rename(made.path)


@pytest.mark.parametrize(
    ("options", "seed", "message"),
    [
        (replace(OPTIONS, latent_size=8), 0, "--latent-size 4, not 8"),
        (OPTIONS, 1, "--seed 0, not 1"),
    ],
)
def test_another_worker_that_was_started_with_other_arguments(
    made, tiny_catalogue, tmp_path, options, seed, message
):
    """The chief makes the folder after all workers have looked, so none refuses before."""
    out = tmp_path / "run"

    class ThenTheChiefMakesIt(SecondOfTwo):
        def wait(self):
            out.mkdir(exist_ok=True)
            (out / "config.json").write_bytes((made.path / "config.json").read_bytes())

    with pytest.raises(InputError, match=message):
        begin(tiny_catalogue, out, options, seed, ThenTheChiefMakesIt())


def test_a_worker_that_finds_another_checkpoint(made, tiny_catalogue, no_sleep):
    class ChiefIsAhead(SecondOfTwo):
        def sum(self, values):
            return 2 * values + (np.arange(len(values)) == 0)

    model = made.model
    model.compile("sgd")
    request = TrainingRequest(tiny_catalogue, made.path, OPTIONS)
    with ResumableTraining(request, ChiefIsAhead()) as training:
        training.begin()
        with pytest.raises(InputError, match="worker 1 of 2 finds another checkpoint"):
            training.fit(model, None, 2, 5, [], None)
    assert len(no_sleep) == SHARED_DISK_TIMEOUT


def test_too_little_memory_is_a_plain_error_and_the_same_command_resumes(
    tiny_catalogue, tmp_path, monkeypatch
):
    def full(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating a tensor\nmore")

    monkeypatch.setattr("keras_fashion.app.training.resumable_training.fit", full)
    with pytest.raises(
        InputError, match=r"run stopped .*\(OOM when allocating a tensor\).*--batch"
    ):
        train_recommender(tiny_catalogue, tmp_path / "run", OPTIONS)
    monkeypatch.undo()
    run = train_recommender(tiny_catalogue, tmp_path / "run", OPTIONS)
    assert not Run(run.path).metrics["interrupted"]
