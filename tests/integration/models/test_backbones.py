"""Every backbone against the network of `keras.applications` that it is made of."""

import keras
import numpy as np
import pytest

from keras_fashion.models.backbones import BACKBONES, backbone

SIZE = (96, 80)
NETWORKS = {
    "inception_v3": keras.applications.InceptionV3,
    "vgg16": keras.applications.VGG16,
    "resnet50": keras.applications.ResNet50,
    "efficientnetv2-b0": keras.applications.EfficientNetV2B0,
}


@pytest.fixture(scope="module")
def pixels():
    """Of smooth pictures, (2, 96, 80, 3) from 0 to 255."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (2, 6, 5, 3))
    return keras.ops.image.resize(coarse, SIZE, interpolation="bilinear").numpy()


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def network(request, tmp_path_factory):
    """A backbone's name, its network with random weights, and the file that holds them."""
    keras.utils.set_random_seed(1)
    network = NETWORKS[request.param](include_top=False, weights=None, input_shape=(*SIZE, 3))
    path = tmp_path_factory.mktemp("weights") / "network.weights.h5"
    network.save_weights(path)
    return request.param, network, path


def test_it_is_the_mean_of_each_stage_but_for_bfloat16(network, pixels):
    """Against the float32 network of Keras, with the preprocessing that goes with it."""
    name, original, path = network
    preset = BACKBONES[name]
    outputs = [original.get_layer(stage).output for stage in preset.stages]
    expected = keras.Model(original.input, outputs)(preset.preprocess(pixels.copy()))
    found = backbone(name, path, SIZE)(pixels / np.float32(127.5) - 1)
    assert keras.config.dtype_policy().name == "float32"
    assert len(found) == len(preset.stages)
    for stage, maps in zip(found, expected, strict=True):
        assert stage.dtype == "float32"
        mean = np.mean(maps, axis=(1, 2))
        cosine = (stage * mean).numpy().sum(1) / np.linalg.norm(stage, axis=1)
        np.testing.assert_array_less(0.998, cosine / np.linalg.norm(mean, axis=1))
        np.testing.assert_allclose(np.linalg.norm(stage - mean), 0, atol=0.1 * np.linalg.norm(mean))
