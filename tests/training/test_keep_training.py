from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.training.keep_training import KeepTraining


class FakeRun:
    """Counts what is saved."""

    path = "a-run"

    def __init__(self):
        self.saved, self.finished = 0, []

    def save_model(self, model):
        self.saved += 1

    def finish(self, interrupted):
        self.finished.append(interrupted)


@pytest.fixture
def start():
    def start(every=600.0, weights=(1.0, 1.0), steps=1):
        networks = [
            SimpleNamespace(get_weights=lambda value=value: [np.zeros(2), np.array([0.0, value])])
            for value in weights
        ]
        keep = KeepTraining(FakeRun(), every)
        keep.set_model(
            SimpleNamespace(
                apprentice=networks[0],
                discriminator=networks[1],
                discriminator_optimizer=SimpleNamespace(iterations=steps),
                stop_training=False,
            )
        )
        keep.on_train_begin()
        return keep

    return start


def test_every_epoch_is_saved_and_called_interrupted(start):
    keep = start()
    for epoch in range(3):
        keep.on_train_batch_end(0)
        keep.on_epoch_end(epoch)
    assert keep.run.saved == 3 and keep.run.finished == [True] * 3


def test_a_long_epoch_is_saved_now_and_then(start, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("keras_fashion.training.keep_training.time.monotonic", lambda: now[0])
    keep, saved = start(), []
    for step in range(100):
        now[0] += 50.0
        keep.on_train_batch_end(step)
        saved.append(keep.run.saved)
    # After 600 s, and then 600 s later.
    assert saved[10] == 0 and saved[11] == 1 and saved[22] == 1 and saved[23] == 2
    assert saved[-1] == 8


@pytest.mark.parametrize("weights", [(np.nan, 1.0), (1.0, np.inf)])
def test_what_is_not_finite_is_not_saved_and_ends_it(start, weights, capsys):
    keep = start(weights=weights)
    keep.on_epoch_end(0)
    keep.on_epoch_end(1)
    assert keep.run.saved == 0 and keep.model.stop_training and keep.diverged
    said = capsys.readouterr().err
    assert said.count("diverged") == 1 and "--learning-rate" in said


def test_before_the_first_step_there_is_nothing_to_save(start):
    keep = start(steps=0)
    keep.save()
    assert keep.run.saved == 0 and not keep.run.finished
