"""Fixtures that stop trainings by SIGTERM and compare two runs."""

import signal
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import list_checkpoints
from keras_fashion.errors import Terminated


@pytest.fixture
def stopped_at(signal_at, tmp_path):
    """Returns a function that trains into a folder, stopped by SIGTERM after some steps.

    It returns the run and the name of the checkpoint that was resumed last.
    """

    def stopped_at(train, steps):
        out = tmp_path / "stopped"
        for step in np.diff(steps, prepend=0):
            stop_signals = signal_at(step, signal.SIGTERM)
            with pytest.raises(Terminated, match="keeps every step"):
                train(out)
            stop_signals()
            assert Run(out).metrics["interrupted"] and Run(out).metrics["training_seconds"] > 0
        last = list_checkpoints(out / "checkpoints")[-1].name
        return train(out), last

    return stopped_at


@pytest.fixture
def assert_alike():
    """Compares two runs of real models; TensorFlow's sums may differ in the last bit."""

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
    """Returns the weights and states of the optimizer and random number generators, by name."""
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
