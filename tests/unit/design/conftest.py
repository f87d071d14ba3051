"""Fixtures: small networks with large random weights.

Other untrained networks draw flat gray, for which all users have the same preference.
"""

import keras
import numpy as np
import pytest

from keras_fashion.design import (
    AGGREGATIONS,
    Aggregation,
    PreferenceMaximizer,
    Procedure,
)
from keras_fashion.models import DVBPR, CompactEncoder, ConditionalGAN
from keras_fashion.models.discriminator import Discriminator
from keras_fashion.models.generator import Generator


def amplify(network: keras.Model, factor: float) -> None:
    for weight in network.weights:  # the averaged generator is not trainable
        if weight.name == "kernel":
            weight.assign(factor * weight)


@pytest.fixture(scope="session")
def make_recommender():
    """Makes a DVBPR of 4 users and 5 dimensions for pictures of (size, size)."""

    def make(size: int) -> DVBPR:
        keras.utils.set_random_seed(1)
        model = DVBPR(4, 10, CompactEncoder(5, (size, size), width=4))
        amplify(model.encoder, 2.5)
        model.theta.assign(np.random.default_rng(5).normal(0, 1, (4, 5)))
        return model

    return make


@pytest.fixture(scope="session")
def recommender(make_recommender) -> DVBPR:
    return make_recommender(16)


@pytest.fixture(scope="session")
def make_gan():
    """Makes a GAN of three categories for pictures of (size, size).

    Its latents are of 4: in more, the objective of untrained networks is too rough for an ascent.
    """

    def make(size: int) -> ConditionalGAN:
        model = ConditionalGAN(
            Generator(3, (size, size), latent_dim=4, width=4, seed=2),
            Discriminator(3, (size, size), width=4, seed=3),
        )
        amplify(model.ema_generator, 3)
        amplify(model.discriminator, 2)
        return model

    return make


@pytest.fixture(scope="session")
def gan(make_gan) -> ConditionalGAN:
    return make_gan(16)


@pytest.fixture(scope="session")
def maximizer(recommender, gan) -> PreferenceMaximizer:
    """Of 4 restarts and 12 steps, for all tests, because tracing is most of the cost."""
    short = Procedure(restarts=4, steps=12, learning_rate=0.1, patience=13)
    return PreferenceMaximizer(recommender, gan, short)


@pytest.fixture(scope="session")
def soft_min() -> Aggregation:
    """The aggregation of tests in which any but the mean will do; each one is traced."""
    return AGGREGATIONS["soft-min"]
