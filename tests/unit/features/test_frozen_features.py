import io
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.preprocessing import OneHotEncoder

from keras_fashion.data import Catalogue, picture_batches, prepare
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError
from keras_fashion.features import category_classifier, frozen_features

COLORS = ["red", "blue", "", "red", "blue", "red"]
SIZES = ["S", "S", "L", "M", "S", "L"]


@pytest.fixture
def shop(tmp_path):
    """Six items with two attributes."""
    pictures = []
    for number in range(6):
        data = io.BytesIO()
        Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(data, "PNG")
        pictures.append(data.getvalue())
    items = {"item": [*"012345"], "category": ["Bags", "Tops"] * 3, "picture": pictures}
    items |= {"color": COLORS, "size": SIZES}
    prepare(InMemory(pd.DataFrame(items)), tmp_path / "shop")
    return Catalogue.load(tmp_path / "shop")


def test_classifier_is_the_default_and_in_item_order(tiny_catalogue):
    features = frozen_features(tiny_catalogue)
    model = category_classifier(tiny_catalogue)
    (pictures,) = picture_batches(tiny_catalogue.pictures(model.picture_size))
    expected = model.features(pictures).numpy()
    expected /= np.sqrt((expected**2).sum(axis=1).mean())
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=1e-5)


def test_attributes_are_centered_one_hot_columns(shop):
    features = frozen_features(shop, ("attributes",))
    columns = np.stack([["Bags", "Tops"] * 3, COLORS, SIZES], axis=1)
    expected = OneHotEncoder(sparse_output=False).fit_transform(columns)
    expected -= expected.mean(axis=0)
    expected /= np.sqrt((expected**2).sum(axis=1).mean())
    np.testing.assert_allclose(features, expected, atol=1e-6)


def test_days_on_sale_are_no_features(shop):
    features = frozen_features(shop, ("attributes",))
    shop.attributes["on_sale_from"] = shop.attributes["size"]
    np.testing.assert_array_equal(frozen_features(shop, ("attributes",)), features)


def test_without_attributes_the_category_is_left(tiny_catalogue):
    features = frozen_features(tiny_catalogue, ("attributes",))
    assert features.shape == (24, 3)
    assert len(np.unique(features.round(5), axis=0)) == 3


def test_blocks_stand_side_by_side_at_one_scale(shop):
    made = np.random.default_rng(0).normal(0, 100, (6, 4)).astype(np.float32)
    np.save(shop.path / "features_vgg16.npy", made)
    both = frozen_features(shop, ("vgg16", "attributes"))
    np.testing.assert_array_equal(both[:, 4:], frozen_features(shop, ("attributes",)))
    np.testing.assert_allclose(both[:, :4] / both[0, 0], made / made[0, 0], rtol=1e-5)
    for block in (both[:, :4], both[:, 4:]):
        assert (block**2).sum(axis=1).mean() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ((), "at least one.*classifier, attributes"),
        (("color",), "no features 'color'.*classifier, attributes.*vgg16"),
        (("attributes", "resnet50"), "resnet50.npy does not exist.*features.catalogue, 'resnet50'"),
    ],
)
def test_what_is_not_there_is_refused(shop, names, match):
    with pytest.raises(InputError, match=match):
        frozen_features(shop, names)


@pytest.mark.parametrize("content", [np.zeros((5, 4)), np.zeros(6), b"nothing"])
def test_features_that_are_not_the_catalogues_are_refused(shop, content):
    path = shop.path / "features_vgg16.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    with pytest.raises(InputError, match=r"features_vgg16.npy is .*makes it again"):
        frozen_features(shop, ("vgg16",))


def test_attributes_of_too_many_values_are_refused(shop, monkeypatch):
    module = import_module("keras_fashion.features.frozen")
    monkeypatch.setattr(module, "MAX_VALUES", 7)
    with pytest.raises(InputError, match=r"8 values.*color \(3\), size \(3\)"):
        frozen_features(shop, ("attributes",))
