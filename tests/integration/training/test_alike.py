"""One device, two devices and two machines learn the same from the same batches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from keras_fashion.run import Run

SCRIPT = Path(__file__).with_name("alike.py")
MODELS = ["bprmf", "warp", "fm", "vbpr", "dvbpr", "dvbpr_history", "gan", "gan_dvbpr"]
FEW = ["bprmf", "dvbpr_history", "gan"]
CLOSE = {"sgd": 1e-5, "adam": 1e-3}


def started(arguments, devices, tasks, ports, step=""):
    """A process for each task; None is one without TF_CONFIG."""
    processes = []
    for task in tasks:
        environment = os.environ | {"PYTHONPATH": str(SCRIPT.parents[3])}
        if task is not None:
            cluster = {"worker": [f"localhost:{port}" for port in ports]}
            config = {"cluster": cluster, "task": {"type": "worker", "index": task}}
            environment["TF_CONFIG"] = json.dumps(config)
        command = [sys.executable, SCRIPT, *map(str, arguments), devices, str(step)]
        processes.append(
            subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        )
    return processes


@pytest.fixture(
    scope="module",
    params=[
        ("sgd", FEW),
        pytest.param(("sgd", [each for each in MODELS if each not in FEW]), marks=pytest.mark.long),
        pytest.param(("adam", MODELS), marks=pytest.mark.long),
    ],
    ids=["sgd", "sgd others", "adam"],
)
def trained(request, tiny_catalogue, tmp_path_factory, free_ports):
    """A folder of runs, by devices; which models; what with."""
    optimiser, models = request.param
    folder = tmp_path_factory.mktemp(optimiser)
    kinds = {"cpu": [None], "2": [None], "multi-worker": [0, 1]}
    for devices, tasks in kinds.items():
        (folder / devices).mkdir()
        arguments = [tiny_catalogue.path, folder / devices, ",".join(models), optimiser]
        processes = started(arguments, devices, tasks, free_ports(len(tasks)))
        ended = [process.communicate(timeout=400) for process in processes]
        for process, (_, error) in zip(processes, ended, strict=True):
            assert process.returncode == 0, error[-3000:]
    return folder, models, optimiser


@pytest.mark.parametrize("devices", ["2", "multi-worker"])
def test_losses_scores_and_weights_are_those_of_one_device(trained, devices):
    folder, models, optimiser = trained
    close = CLOSE[optimiser]
    for model in models:
        one, other = Run(folder / "cpu" / model), Run(folder / devices / model)
        assert np.load(folder / devices / f"{model}.npy").item() == 2
        ours, theirs = (pd.read_csv(run.path / "history.csv") for run in (other, one))
        assert len(ours) == 2
        pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=close, obj=model)
        for mine, its in zip(weights(other), weights(one), strict=True):
            np.testing.assert_allclose(mine, its, rtol=0, atol=10 * close, err_msg=model)
        assert not other.metrics["interrupted"]


def test_an_epoch_may_be_ended_on_fewer_devices(trained, tiny_catalogue, tmp_path):
    """After three steps of five; its loss is the mean of the five."""
    folder, (model, *_), optimiser = trained
    for devices, step, code in (("2", 3, 1), ("cpu", "", 0)):
        arguments = [tiny_catalogue.path, tmp_path, model, optimiser]
        (process,) = started(arguments, devices, [None], [], step)
        _, error = process.communicate(timeout=200)
        assert process.returncode == code and ("Terminated" in error) == bool(step), error[-3000:]
    ours, theirs = (
        pd.read_csv(each / model / "history.csv") for each in (tmp_path, folder / "cpu")
    )
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=CLOSE[optimiser])


def weights(run):
    return [np.asarray(each) for each in keras.saving.load_model(run.path / "model.keras").weights]
