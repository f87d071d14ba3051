import numpy as np
import pytest

from keras_fashion.cli.features import features
from keras_fashion.models.backbone import BACKBONES


def test_features_are_made_beside_the_catalogue(chain, succeed, tmp_path):
    network = BACKBONES["vgg16"].network(include_top=False, weights=None)
    network.save_weights(tmp_path / "vgg16.weights.h5")
    arguments = ("--weights", tmp_path / "vgg16.weights.h5", "--picture-size", "40x32")
    printed = succeed("features", chain.catalogue, "--backbone", "vgg16", *arguments)
    path = chain.catalogue / "features_vgg16.npy"
    assert printed == f"{path}\n"
    assert len(np.load(path)) == 24


def test_the_choice_is_that_of_the_models():
    (option,) = (each for each in features.params if each.name == "backbone")
    assert list(option.type.choices) == list(BACKBONES)


@pytest.mark.parametrize("size", ["0", "0x32", "32x-1", "axb", "1.5x2"])
def test_a_picture_size_is_one_or_two_counts(call, size):
    result = call("features", ".", "--backbone", "vgg16", "--picture-size", size)
    assert result.exit_code == 2 and repr(size) in result.stderr and "192x128" in result.stderr
