"""On a network as small as can be: `tests/integration/models` has Inception itself."""

import hashlib

import keras
import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.inception import (
    InceptionFeatures,
    inception_features,
    resize_as_fid,
)


def legacy_bilinear(picture, side):
    """TensorFlow 1's rule: the place of pixel i in the original is i * given / wanted."""
    height, width = picture.shape[:2]
    y, x = np.arange(side) * height / side, np.arange(side) * width / side
    top, left = y.astype(int), x.astype(int)
    below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    x, y = (x % 1)[None, :, None], (y % 1)[:, None, None]
    upper = picture[top][:, left] * (1 - x) + picture[top][:, right] * x
    lower = picture[below][:, left] * (1 - x) + picture[below][:, right] * x
    return upper * (1 - y) + lower * y


@pytest.mark.parametrize("size", [(9, 14), (310, 400)])
def test_resizing_is_that_of_the_original_graph(size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    found = resize_as_fid(picture[None])
    assert found.dtype == "float32"
    np.testing.assert_allclose(found[0], legacy_bilinear(picture.astype(float), 299), atol=0.01)


def small_inception(include_top=False, weights=None, input_shape=(299, 299, 3)):
    """In place of InceptionV3: one convolution, and the names by which its parts are found."""
    assert weights is None
    pixels = keras.Input(input_shape)
    x = keras.layers.Conv2D(8, 5, strides=40, use_bias=False)(pixels)
    x = keras.layers.BatchNormalization(scale=False, name="mixed10")(x)
    if not include_top:
        return keras.Model(pixels, keras.layers.AveragePooling2D(3)(x))
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(pixels, keras.layers.Dense(5, activation="softmax")(x))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(keras.applications, "InceptionV3", small_inception)


def test_features_and_classes_are_those_of_the_network_but_for_bfloat16(tmp_path):
    keras.utils.set_random_seed(0)
    network = small_inception(include_top=True)
    network.save_weights(tmp_path / "inception.weights.h5")
    coarse = np.random.default_rng(0).integers(0, 256, (35, 4, 4, 3), np.uint8)
    pictures = coarse.repeat(16, 1).repeat(16, 2)  # more than go through the network together
    seen = resize_as_fid(pictures).numpy() / 127.5 - 1
    average = network.get_layer("avg_pool").output
    expected, classes = keras.Model(network.input, [average, network.output])(seen)

    inception = inception_features(tmp_path / "inception.weights.h5")
    assert inception.kind == "imagenet"
    features = inception.features(pictures)
    assert features.shape == (35, 8) and features.dtype == np.float32
    errors = np.linalg.norm(features - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert errors.max() < 0.05
    np.testing.assert_allclose(inception.probabilities(np.asarray(expected)), classes, atol=1e-5)
    assert np.ptp(classes, axis=0).max() > 0.01
    assert keras.config.dtype_policy().name == "float32"

    numbers = b"".join(weight.tobytes() for weight in network.get_weights())
    assert inception.digest == hashlib.sha256(numbers).hexdigest()


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
