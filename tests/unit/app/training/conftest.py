"""Ctrl-C that is heard, trainings that are told to end, and the comparison of two."""

import os
import signal
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Checkpoints, checkpoints_in
from keras_fashion.errors import Terminated


@pytest.fixture(autouse=True)
def _heard():
    """A process that a script has started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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


@pytest.fixture
def stopped_at(signal_at, tmp_path):
    """Trains into a folder, told to end after some steps of all, and each time gone on with.

    Gives the run and the name of the checkpoint that it went on from at last.
    """

    def stopped_at(train, steps):
        out = tmp_path / "stopped"
        for step in np.diff(steps, prepend=0):
            go_on = signal_at(step, signal.SIGTERM)
            with pytest.raises(Terminated, match="keeps every step"):
                train(out)
            go_on()
            assert Run(out).metrics["interrupted"] and Run(out).metrics["training_seconds"] > 0
        last = checkpoints_in(out / "checkpoints")[-1].name
        return train(out), last

    return stopped_at


@pytest.fixture
def assert_alike():
    """Two runs of real models; TensorFlow's sums may differ in the last bit."""

    def assert_alike(run, straight):
        ours, theirs = (_numbers(each.path / "model.keras") for each in (run, straight))
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            np.testing.assert_allclose(value, theirs[name], rtol=1e-5, atol=1e-6, err_msg=name)
        ours, theirs = (pd.read_csv(each.path / "history.csv") for each in (run, straight))
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-4)
        assert not Run(run.path).metrics["interrupted"]

    return assert_alike


def _numbers(path):
    """Weights of a model, with its optimizer's and random number generators' states, by name."""
    found = {}

    def add(name, each):
        if isinstance(each, h5py.Dataset):
            found[name] = each[()]

    with (
        zipfile.ZipFile(path) as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as stored,
    ):
        stored.visititems(add)
    return found
