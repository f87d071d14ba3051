from functools import partial

import keras
import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.backbones import BACKBONES, backbone
from keras_fashion.models.efficientnet_lite import efficientnet_lite0
from keras_fashion.models.keras_applications import load_application

SIZE = (96, 80)


@pytest.fixture(scope="module")
def pixels():
    """Of smooth pictures, (2, 96, 80, 3) from 0 to 255."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (2, 6, 5, 3))
    return keras.ops.image.resize(coarse, SIZE, interpolation="bilinear").numpy()


def small_network(include_top, weights, input_shape):
    """In place of one that takes seconds to make."""
    pictures = keras.Input(input_shape)
    x = keras.layers.Conv2D(2, 3, use_bias=False)(pictures)
    x = keras.layers.BatchNormalization(scale=False)(x)
    return keras.Model(pictures, keras.layers.AveragePooling2D(3)(x))


@pytest.fixture
def small_networks(monkeypatch):
    """Backbones whose networks are small."""
    small = BACKBONES["vgg16"]._replace(load=partial(load_application, small_network))
    monkeypatch.setitem(BACKBONES, "vgg16", small)
    monkeypatch.setattr(keras.applications, "InceptionV3", small_network)


def test_it_is_the_mean_of_each_stage_but_for_bfloat16(pixels, tmp_path):
    """Against the float32 network of Keras, with the preprocessing that goes with it."""
    preset = BACKBONES["vgg16"]
    keras.utils.set_random_seed(1)
    original = keras.applications.VGG16(include_top=False, weights=None, input_shape=(*SIZE, 3))
    original.save_weights(tmp_path / "network.weights.h5")
    outputs = [original.get_layer(stage).output for stage in preset.stages]
    expected = keras.Model(original.input, outputs)(preset.preprocess(pixels.copy()))
    found = backbone("vgg16", tmp_path / "network.weights.h5", SIZE)(pixels / np.float32(127.5) - 1)
    assert keras.config.dtype_policy().name == "float32"
    assert len(found) == len(preset.stages)
    for stage, maps in zip(found, expected, strict=True):
        assert stage.dtype == "float32"
        mean = np.mean(maps, axis=(1, 2))
        cosine = (stage * mean).numpy().sum(1) / np.linalg.norm(stage, axis=1)
        np.testing.assert_array_less(0.998, cosine / np.linalg.norm(mean, axis=1))
        np.testing.assert_allclose(np.linalg.norm(stage - mean), 0, atol=0.1 * np.linalg.norm(mean))


def test_efficientnet_lite_needs_no_file(pixels):
    """Against its float32 maps, which `test_efficientnet_lite` compares with the original."""
    pictures = pixels / np.float32(127.5) - 1
    found = backbone("efficientnet-lite0", "imagenet", SIZE)(pictures)
    for stage, maps in zip(found, efficientnet_lite0(SIZE)(pictures), strict=True):
        assert stage.dtype == "float32"
        mean = np.mean(maps, axis=(1, 2))
        np.testing.assert_allclose(np.linalg.norm(stage - mean), 0, atol=0.1 * np.linalg.norm(mean))


@pytest.mark.parametrize(
    ("name", "weights", "size", "match"),
    [
        ("resnet", "imagenet", SIZE, "no backbone 'resnet'.*resnet50"),
        ("vgg16", "missing.weights.h5", SIZE, "missing.weights.h5 does not exist"),
        ("vgg16", "missing.pt", SIZE, "missing.pt does not exist"),
        ("inception_v3", "missing.pt", SIZE, "missing.pt"),
        ("efficientnet-lite0", "missing.pth", SIZE, "missing.pth does not exist"),
        ("inception_v3", "empty.h5", (32, 32), "cannot take pictures.*75"),
        ("inception_v3", "missing.pt", (32, 96), "75x75"),
    ],
)
@pytest.mark.usefixtures("small_networks")
def test_what_cannot_be_had_is_refused(name, weights, size, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.h5").touch()
    with pytest.raises(InputError, match=match):
        backbone(name, weights, size)


def test_a_missing_file_is_refused_before_a_network_is_made(monkeypatch):
    never = partial(load_application, lambda **_: pytest.fail("was made"))
    monkeypatch.setitem(BACKBONES, "vgg16", BACKBONES["vgg16"]._replace(load=never))
    with pytest.raises(InputError, match="missing.h5 does not exist"):
        backbone("vgg16", "missing.h5", SIZE)


@pytest.mark.usefixtures("small_networks")
def test_weights_of_another_network_are_refused(tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(
        tmp_path / "other.weights.h5"
    )
    with pytest.raises(InputError, match=r"other.weights.h5 does not hold"):
        backbone("vgg16", tmp_path / "other.weights.h5", SIZE)


def test_without_the_internet_the_message_says_what_to_do(monkeypatch):
    def offline(*arguments, **options):
        print("Downloading data")
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    with pytest.raises(InputError, match=r"URL fetch failure.*file as `weights`"):
        backbone("vgg16", "imagenet", SIZE)
