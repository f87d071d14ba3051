"""A catalogue of pictures without users, such as an image classification data set."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.app import training
from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.in_memory import InMemory


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """24 gray pictures in 2 categories."""
    pictures = []
    for pixels in np.random.default_rng(0).integers(0, 256, (24, 28, 28), np.uint8):
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        pictures.append(png.getvalue())
    ids = [f"train-{number:05}" for number in range(24)]
    items = pd.DataFrame({"item": ids, "category": ["Bag", "Coat"] * 12, "picture": pictures})
    path = tmp_path_factory.mktemp("items") / "gray"
    prepare(InMemory(items), path)
    return path


def test_a_gan_is_trained_on_it(catalogue, succeed, tmp_path, monkeypatch):
    """The training itself is covered by tests/integration."""
    seen = []
    monkeypatch.setattr(training, "train_gan", lambda *given: seen.append(given[0].path))
    succeed("train", "gan", catalogue, "--out", tmp_path / "gan")
    assert seen == [catalogue]


@pytest.mark.parametrize("model", ["dvbpr", "poprank", "visrank"])
def test_a_recommender_is_refused_in_a_line_that_says_why(catalogue, call, tmp_path, model):
    result = call("train", model, catalogue, "--out", tmp_path / "run")
    assert result.exit_code == 1
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert "gray has items but no users" in error and "`ConditionalGAN` can" in error
    assert result.stderr.splitlines()[-1] == error
    assert not (tmp_path / "run").exists()


def test_a_split_of_somebody_elses_users_is_refused(catalogue, call, tmp_path):
    split = tmp_path / "split.csv"
    split.write_text("user,item,part\nann,train-00000,train\n")
    result = call("train", "dvbpr", catalogue, "--out", tmp_path / "run", "--split", split)
    assert result.exit_code == 1 and "the catalogue has no such user" in result.stderr


def test_its_summary_counts_no_users(catalogue):
    loaded = Catalogue.load(catalogue)
    assert "24 items in 2 categories, 0 users, 0 interactions" in loaded.summary()
    assert loaded.items_of(0).size == 0
