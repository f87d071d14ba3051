"""Tests that the seed of a training determines everything."""

import numpy as np
import pytest

from keras_fashion.app.training import GANOptions, recommender_options, train_gan, train_recommender
from keras_fashion.app.training.options import PictureSize


def test_the_seed_of_a_gan_determines_everything(tiny_catalogue, tmp_path):
    # In the preset default, EfficientNet-Lite0's ReLU6 would amplify the rounding.
    once = GANOptions(
        preset="least-squares",
        epochs=1,
        batch_size=8,
        picture_size=PictureSize(16, 16),
        width=4,
        grid_every=2,
    )
    first, again, other = (
        train_gan(tiny_catalogue, tmp_path / name, once, seed=seed).model.get_weights()
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    # They differ by rounding, where threads add in another order (docs/training.md).
    for one, two in zip(first, again, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)
    assert not all(np.allclose(*each, atol=1e-4) for each in zip(first, other, strict=True))


@pytest.mark.parametrize(
    "options",
    [
        recommender_options("bprmf", epochs=2, batch_size=16, latent_size=4),
        recommender_options("dvbpr", epochs=2, batch_size=16, picture_size=16, embedding_size=4),
    ],
    ids=lambda options: options.model,
)
def test_the_seed_of_a_recommender_determines_everything(tiny_catalogue, tmp_path, options):
    first, again, other = (
        train_recommender(tiny_catalogue, tmp_path / name, options, seed=seed).vectors
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    users = np.arange(8)
    assert not np.allclose(other.scores(users), again.scores(users), atol=1e-4)
