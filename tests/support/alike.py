"""Trains models on one device, on two and on two machines, and compares what they have learned.

    python alike.py CATALOGUE OUT MODELS OPTIMIZER DEVICES [STEP]

is a process of it, as each strategy takes one of its own. OUT gets a run folder for each model.
DEVICES is as for --devices; TF_CONFIG says the rest. With a STEP the first model is trained once
more, into `stopped`, and told to end at that step.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from workers import environment_of, free_ports

from keras_fashion.app.run import Run
from keras_fashion.app.training import (
    BPRMFOptions,
    DVBPROptions,
    FMOptions,
    GANOptions,
    VBPROptions,
    WARPOptions,
    train_gan,
    train_recommender,
)
from keras_fashion.app.training.checkpoints import Checkpoints
from keras_fashion.app.training.options import PictureSize
from keras_fashion.data import Catalogue
from keras_fashion.distribution.devices import strategy_for
from keras_fashion.errors import Terminated

SHORT = {"epochs": 2, "batch_size": 8}
PICTURES = {"picture_size": 16, "embedding_size": 6}
MODELS = {
    "bprmf": BPRMFOptions(**SHORT, latent_size=4),
    "warp": WARPOptions(**SHORT, latent_size=4, negatives=4),
    "fm": FMOptions(**SHORT, latent_size=4),
    "vbpr": VBPROptions(**SHORT, features=("attributes",), history=4),
    "dvbpr": DVBPROptions(**SHORT, **PICTURES),
    "dvbpr_history": DVBPROptions(
        **SHORT, **PICTURES, negatives=4, history=4, latent_size=2, bias=True
    ),
    "gan": GANOptions(**SHORT, picture_size=PictureSize(16, 16), width=4),
    "gan_dvbpr": GANOptions(**SHORT, preset="dvbpr", picture_size=PictureSize(16, 16), width=4),
}
FEW = ("bprmf", "dvbpr_history", "gan")
"""What `tests/integration` trains; `tests/long` has the others."""
CLOSE = {"sgd": 1e-5, "adam": 1e-3}
STOPPED_AT = 3
"""Of five steps."""


def train(
    catalogue: Catalogue,
    out: Path,
    model: str,
    optimizer: str,
    strategy: tf.distribute.Strategy | None = None,
) -> None:
    """Trains a model into a run folder; by default on one device."""
    function = train_gan if model.startswith("gan") else train_recommender

    def sgd(*_: object) -> keras.Optimizer:
        return keras.optimizers.SGD(0.01)

    if optimizer == "sgd":
        with (
            patch("keras_fashion.app.training.recommenders.LazyAdam", sgd),
            patch("keras_fashion.models.gan_presets.GANPreset._adam", sgd),
        ):
            function(catalogue, out, MODELS[model], seed=1, strategy=strategy)
    else:
        function(catalogue, out, MODELS[model], seed=1, strategy=strategy)


def train_everywhere(
    catalogue: Catalogue, folder: Path, models: Sequence[str], optimizer: str
) -> None:
    """Trains into `folder/cpu` in this process, and into `2` and `multi-worker` in others."""
    for model in models:
        train(catalogue, folder / "cpu" / model, model, optimizer)
    ports = free_ports(2)
    workers = [environment_of(task, ports) for task in (0, 1)]
    for devices, environments in (("2", [os.environ]), ("multi-worker", workers)):
        arguments = [catalogue.path, folder / devices, ",".join(models), optimizer, devices]
        if devices == "2":
            arguments.append(STOPPED_AT)
        processes = [
            subprocess.Popen(
                [sys.executable, __file__, *map(str, arguments)],
                env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
                stderr=subprocess.PIPE,
                text=True,
            )
            for environment in environments
        ]
        ended = [process.communicate(timeout=400) for process in processes]
        for process, (_, error) in zip(processes, ended, strict=True):
            assert process.returncode == 0, error[-3000:]


def assert_alike(folder: Path, devices: str, models: Sequence[str], optimizer: str) -> None:
    """Losses, scores and weights are those of one device."""
    close = CLOSE[optimizer]
    for model in models:
        one, other = Run(folder / "cpu" / model), Run(folder / devices / model)
        assert np.load(folder / devices / f"{model}.npy").item() == 2
        ours, theirs = (pd.read_csv(run.path / "history.csv") for run in (other, one))
        assert len(ours) == 2
        pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=close, obj=model)
        for mine, its in zip(_weights(other), _weights(one), strict=True):
            np.testing.assert_allclose(mine, its, rtol=0, atol=10 * close, err_msg=model)
        assert not other.metrics["interrupted"]


def assert_ended_on_fewer(
    catalogue: Catalogue, folder: Path, models: Sequence[str], optimizer: str
) -> None:
    """The training that two devices have left in the midst of an epoch is ended on one."""
    stopped, model = folder / "2" / "stopped", models[0]
    assert Run(stopped).metrics["interrupted"]
    assert (stopped / "checkpoints" / f"epoch-0-step-{STOPPED_AT}.index").is_file()
    train(catalogue, stopped, model, optimizer)
    ours, theirs = (pd.read_csv(each / "history.csv") for each in (stopped, folder / "cpu" / model))
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=CLOSE[optimizer])


def _weights(run: Run) -> list[np.ndarray]:
    return [np.asarray(each) for each in keras.saving.load_model(run.path / "model.keras").weights]


def _tell_at(step: int) -> None:
    is_due, steps = Checkpoints.is_due, []

    def is_due_and_told(self):
        steps.append(1)
        if len(steps) == step:
            signal.raise_signal(signal.SIGTERM)
        return is_due(self)

    Checkpoints.is_due = is_due_and_told


def main(path: str, out: str, models: str, optimizer: str, devices: str, step: str = "") -> None:
    strategy, catalogue = strategy_for(devices), Catalogue.load(path)
    for model in models.split(","):
        train(catalogue, Path(out) / model, model, optimizer, strategy)
        np.save(Path(out) / f"{model}.npy", [strategy.num_replicas_in_sync])
    if step:
        _tell_at(int(step))
        with suppress(Terminated):
            train(catalogue, Path(out) / "stopped", models.split(",")[0], optimizer, strategy)


if __name__ == "__main__":
    main(*sys.argv[1:])
