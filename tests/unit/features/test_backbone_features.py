import io

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.features import make_backbone_features
from keras_fashion.features.pretrained import default_picture_size


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    keras.applications.VGG16(include_top=False, weights=None).save_weights(path)
    return path


@pytest.fixture(scope="module")
def blots(tmp_path_factory):
    """70 pictures of 32x48 (more than a batch), each of one color, twelve colors in turn."""
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (12, 3))
    path = tmp_path_factory.mktemp("blots") / "blots"
    pictures = []
    for number in range(70):
        data = io.BytesIO()
        Image.new("RGB", (32, 48), tuple(colors[number % 12].tolist())).save(data, "PNG")
        pictures.append(data.getvalue())
    ids = [f"{number:02}" for number in range(70)]
    prepare(InMemory(pd.DataFrame({"item": ids, "category": "Tops", "picture": pictures})), path)
    return Catalogue.load(path)


def test_features_are_of_unit_length_by_stage_in_item_order(blots, weights, capfd):
    path = make_backbone_features(blots, "vgg16", weights, (48, 32))
    assert path == blots.path / "features_vgg16.npy"
    features = np.load(path)
    # Of 12 different pictures there are at most 64 components and 11 that vary.
    assert features.dtype == np.float32 and features.shape == (70, 64 + 128 + 256 + 256 + 256)
    for stage in np.split(features, np.cumsum([64, 128, 256, 256]), axis=1):
        np.testing.assert_allclose(np.linalg.norm(stage, axis=1), 1, rtol=1e-5)
    # Alike where the colors are: the order of the items has been kept across the batches.
    same = np.arange(70)[:, None] % 12 == np.arange(70) % 12
    similarity = features @ features.T / 5
    assert similarity[same].min() > 0.99 > similarity[~same].max()
    captured = capfd.readouterr()
    assert captured.out == "" and "70/70" in captured.err
    assert not list(blots.path.glob(".*"))


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(192, 128, (192, 128)), (64, 64, (160, 160)), (60, 90, (128, 192)), (1000, 20, (384, 96))],
)
def test_usual_size_has_the_pictures_proportions(tmp_path, height, width, expected):
    data = io.BytesIO()
    Image.new("RGB", (width, height)).save(data, "PNG")
    items = pd.DataFrame({"item": ["1"], "category": ["Tops"], "picture": [data.getvalue()]})
    prepare(InMemory(items), tmp_path / "one")
    assert default_picture_size(Catalogue.load(tmp_path / "one")) == expected
