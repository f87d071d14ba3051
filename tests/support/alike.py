"""Trains models on one device, on two devices and on two machines, and compares the results.

    python alike.py CATALOGUE OUT MODELS OPTIMIZER DEVICES [STEP]

is one of its processes, because each strategy needs its own. OUT receives a run folder for each
model. DEVICES is the value of --devices; the environment variable TF_CONFIG describes the workers.
With a STEP the first model is trained once more, into `stopped`, and stopped by SIGTERM at that
step.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest.mock import patch

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from matched_gan import toy_bank
from workers import environment_of, free_ports

from keras_fashion.app.run import Run
from keras_fashion.app.training import GANOptions, recommender_options, train_gan, train_recommender
from keras_fashion.app.training.checkpoints import Checkpoints
from keras_fashion.app.training.options import PictureSize
from keras_fashion.data import Catalogue
from keras_fashion.distribution.devices import strategy_for
from keras_fashion.errors import Terminated

SHORT = {"epochs": 2, "batch_size": 8}
PICTURES = {"picture_size": 16, "embedding_size": 6}
MODELS = {
    "bprmf": recommender_options("bprmf", **SHORT, latent_size=4),
    "warp": recommender_options("warp", **SHORT, latent_size=4, negatives=4),
    "fm": recommender_options("fm", **SHORT, latent_size=4),
    "vbpr": recommender_options("vbpr", **SHORT, features=("attributes",), history=4),
    "amr": recommender_options("amr", **SHORT, features=("attributes",), negatives=4, history=4),
    "dvbpr": recommender_options("dvbpr", **SHORT, **PICTURES),
    "dvbpr_history": recommender_options(
        "dvbpr",
        **SHORT,
        **PICTURES,
        negatives=4,
        history=4,
        latent_size=2,
        bias=True,
        attribute_weight=0.5,
    ),
    # A low rate, because Adam makes a whole step of a gradient that is only rounding.
    "gan": GANOptions(**SHORT, picture_size=PictureSize(16, 16), width=4, learning_rate=4e-4),
    "gan_dvbpr": GANOptions(**SHORT, preset="dvbpr", picture_size=PictureSize(16, 16), width=4),
}
FEW = ("bprmf", "dvbpr_history", "gan")
"""The models that `tests/integration` trains. `tests/long` trains the others."""
TOLERANCES = {"sgd": 1e-5, "adam": 1e-3}
"""Largest differences of losses and scores, for each optimizer."""
STOPPED_AT = 3
"""Number of completed steps, of five in an epoch, at which a training is stopped."""


def train(
    catalogue: Catalogue,
    out: Path,
    model: str,
    optimizer: str,
    strategy: tf.distribute.Strategy | None = None,
) -> None:
    """Trains a model into a run folder, by default on one device.

    A GAN of the default preset matches toy features. EfficientNet-Lite0 has ReLU6, and so a
    gradient that jumps: where pictures differ by 1e-7, which is rounding, it differs by 0.3 %, on
    one device as on two.
    """
    function = train_gan if model.startswith("gan") else train_recommender

    def sgd(*_: object) -> keras.Optimizer:
        return keras.optimizers.SGD(0.01)

    with ExitStack() as patches:
        patches.enter_context(patch("keras_fashion.app.training.gan.region_bank", toy_bank))
        if optimizer == "sgd":
            for place in (
                "app.training.recommenders.LazyAdam",
                "models.gan_presets.GANPreset._optimizer",
            ):
                patches.enter_context(patch(f"keras_fashion.{place}", sgd))
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
    """Asserts that losses, scores and weights are those of one device."""
    tolerance = TOLERANCES[optimizer]
    for model in models:
        one, other = Run(folder / "cpu" / model), Run(folder / devices / model)
        assert np.load(folder / devices / f"{model}.npy").item() == 2
        ours, theirs = (pd.read_csv(run.path / "history.csv") for run in (other, one))
        assert len(ours) == 2
        pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=tolerance, obj=model)
        for actual, expected in zip(_weights(other), _weights(one), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=0, atol=10 * tolerance, err_msg=model)
        assert not other.metrics["interrupted"]


def assert_ended_on_fewer(
    catalogue: Catalogue, folder: Path, models: Sequence[str], optimizer: str
) -> None:
    """Asserts that one device completes the training that two devices have left within an epoch."""
    stopped, model = folder / "2" / "stopped", models[0]
    assert Run(stopped).metrics["interrupted"]
    assert (stopped / "checkpoints" / f"epoch-0-step-{STOPPED_AT}.index").is_file()
    train(catalogue, stopped, model, optimizer)
    ours, theirs = (pd.read_csv(each / "history.csv") for each in (stopped, folder / "cpu" / model))
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=TOLERANCES[optimizer])


def _weights(run: Run) -> list[np.ndarray]:
    return [np.asarray(each) for each in keras.saving.load_model(run.path / "model.keras").weights]


def _stop_at(step: int) -> None:
    """Sends SIGTERM to this process after a number of steps."""
    is_due, steps = Checkpoints.is_due, []

    def patched(self: Checkpoints) -> bool:
        steps.append(1)
        if len(steps) == step:
            signal.raise_signal(signal.SIGTERM)
        return is_due(self)

    Checkpoints.is_due = patched


def main(path: str, out: str, models: str, optimizer: str, devices: str, step: str = "") -> None:
    strategy, catalogue = strategy_for(devices), Catalogue.load(path)
    for model in models.split(","):
        train(catalogue, Path(out) / model, model, optimizer, strategy)
        np.save(Path(out) / f"{model}.npy", [strategy.num_replicas_in_sync])
    if step:
        _stop_at(int(step))
        with suppress(Terminated):
            train(catalogue, Path(out) / "stopped", models.split(",")[0], optimizer, strategy)


if __name__ == "__main__":
    main(*sys.argv[1:])
