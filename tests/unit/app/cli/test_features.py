from pathlib import Path

import pytest

from keras_fashion import features as package
from keras_fashion.app.cli.features import features
from keras_fashion.models.backbones import BACKBONES


def test_features_are_made_beside_the_catalogue(chain, succeed, monkeypatch):
    """Replaces `make_backbone_features` and keeps its arguments."""
    asked = []

    def make_backbone_features(catalogue, *given):
        asked.append((catalogue.path, *given))
        return Path("features.npy")

    monkeypatch.setattr(package, "make_backbone_features", make_backbone_features)
    of_shop = ("features", chain.catalogue, "--backbone")
    assert succeed(*of_shop, "vgg16", "--weights", "a.h5", "--picture-size", "40x32") == (
        "features.npy\n"
    )
    succeed(*of_shop, "resnet50")
    assert asked == [
        (chain.catalogue, "vgg16", "a.h5", (40, 32)),
        (chain.catalogue, "resnet50", "imagenet", None),
    ]


def test_the_choice_is_that_of_the_models():
    (option,) = (each for each in features.params if each.name == "backbone")
    assert list(option.type.choices) == list(BACKBONES)


@pytest.mark.parametrize("size", ["0", "0x32", "32x-1", "axb", "1.5x2"])
def test_a_picture_size_is_one_or_two_counts(call, size):
    result = call("features", ".", "--backbone", "vgg16", "--picture-size", size)
    assert result.exit_code == 2 and repr(size) in result.stderr and "192x128" in result.stderr
