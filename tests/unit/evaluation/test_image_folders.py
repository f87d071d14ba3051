import shutil

import keras
import numpy as np
import pytest

from keras_fashion.data import Catalogue
from keras_fashion.evaluation import image_folders as module
from keras_fashion.models.inception import InceptionFeatures


@pytest.fixture
def catalogue(tiny_catalogue, tmp_path):
    shutil.copytree(tiny_catalogue.path, tmp_path / "copy")
    return Catalogue.load(tmp_path / "copy")


class CountingInception(InceptionFeatures):
    """Computes mean colors, and lists the numbers of pictures that it was called with."""

    asked = []

    def features(self, pictures):
        self.asked.append(len(pictures))
        return pictures.mean(axis=(1, 2)).astype(np.float32)


@pytest.fixture
def inception():
    CountingInception.asked = []
    pixels = keras.Input((299, 299, 3))
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels))
    return CountingInception("fid", "ab" * 32, network)


def test_only_what_is_missing_is_computed(catalogue, inception, monkeypatch):
    monkeypatch.setattr(module, "PICTURES_PER_WRITE", 4)
    expected = catalogue.pictures((32, 32))[np.arange(24)].mean(axis=(1, 2))
    for items, asked in (
        ([3, 9, 20], [3]),
        ([20, 3], []),
        ([3, 4, 5, 6, 7, 8, 9], [4, 1]),
        ([3], []),
    ):
        CountingInception.asked.clear()
        found = module.kept_inception_features(catalogue, np.array(items), (32, 32), inception)
        np.testing.assert_allclose(found, expected[items], rtol=1e-5)
        assert CountingInception.asked == asked
    assert [path.name for path in catalogue.path.glob("*inception*")] == [
        "inception_abababababab_32x32_2.npy"
    ]


def test_an_interruption_keeps_what_was_computed_and_damage_is_made_good(
    catalogue, inception, monkeypatch
):
    monkeypatch.setattr(module, "PICTURES_PER_WRITE", 4)
    compute = CountingInception.features

    def interrupted(self, pictures):
        if len(self.asked) == 2:
            raise KeyboardInterrupt
        return compute(self, pictures)

    monkeypatch.setattr(CountingInception, "features", interrupted)
    items = np.arange(12)
    with pytest.raises(KeyboardInterrupt):
        module.kept_inception_features(catalogue, items, (32, 32), inception)
    monkeypatch.setattr(CountingInception, "features", compute)
    CountingInception.asked.clear()
    found = module.kept_inception_features(catalogue, items, (32, 32), inception)
    assert CountingInception.asked == [4]
    (path,) = catalogue.path.glob("*inception*")
    path.write_bytes(path.read_bytes()[:200])
    again = module.kept_inception_features(catalogue, items, (32, 32), inception)
    np.testing.assert_array_equal(again, found)


def test_other_sizes_and_weights_are_kept_apart(catalogue, inception):
    items = np.array([1])
    module.kept_inception_features(catalogue, items, (32, 32), inception)
    module.kept_inception_features(catalogue, items, (16, 16), inception)
    other = CountingInception("fid", "cd" * 32, inception.network)
    module.kept_inception_features(catalogue, items, (32, 32), other)
    assert CountingInception.asked == [1, 1, 1]
