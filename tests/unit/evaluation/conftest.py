"""Runs of untrained models over the tiny catalogue, and a maximizer over two of them.

The models stay in memory, because reading them from a disk takes as long as making them.
"""

from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_fashion.app.run import Run
from keras_fashion.data import picture_batches
from keras_fashion.design import PreferenceMaximizer, Procedure
from keras_fashion.models import DVBPR, GAN_PRESETS, CompactEncoder


def amplify(network: keras.Model, factor: float) -> None:
    """Scales kernels: untrained networks draw flat gray, and score all of it equally."""
    for weight in network.weights:
        if weight.name == "kernel":
            weight.assign(factor * weight)


@pytest.fixture(scope="session")
def make_dvbpr(tiny_catalogue, tmp_path_factory):
    """Makes the run of a DVBPR for pictures of 32x32."""

    def make(seed: int) -> Run:
        keras.utils.set_random_seed(seed)
        model = DVBPR(8, 24, CompactEncoder(5, (32, 32), width=4))
        amplify(model.encoder, 2.5)
        model.theta.assign(np.random.default_rng(seed).normal(0, 1, (8, 5)))
        path = tmp_path_factory.mktemp("runs") / "dvbpr"
        run = Run.create(path, {"model": "dvbpr", "seed": 0, "split": None}, tiny_catalogue)
        run.model = model
        run.vectors = model.scoring_vectors(picture_batches(tiny_catalogue.pictures((32, 32))))
        return run

    return make


@pytest.fixture(scope="session")
def dvbpr(make_dvbpr) -> Run:
    return make_dvbpr(1)


@pytest.fixture(scope="session")
def second_dvbpr(make_dvbpr) -> Run:
    return make_dvbpr(2)


@pytest.fixture(scope="session")
def gan(tiny_catalogue, tmp_path_factory) -> Run:
    """Makes the run of a GAN that draws pictures of 16x16."""
    path = tmp_path_factory.mktemp("runs") / "gan"
    run = Run.create(path, {"model": "gan", "seed": 0}, tiny_catalogue)
    run.model = replace(GAN_PRESETS["default"], latent_dim=8).make(3, (16, 16), 4, seed=3)
    amplify(run.model.ema_generator, 3)
    amplify(run.model.discriminator, 2)
    return run


@pytest.fixture(scope="session")
def maximizer(dvbpr, gan) -> PreferenceMaximizer:
    """A quick one, for all tests, because tracing is most of the cost."""
    # An eta of its own, so that a study that uses another is seen.
    quick = Procedure(restarts=3, steps=2, eta=4.0)
    return PreferenceMaximizer(dvbpr.model, gan.model, quick)
