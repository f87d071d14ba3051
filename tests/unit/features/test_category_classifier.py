import io
import random
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.features import category_classifier
from keras_fashion.features.classifier import num_epochs
from keras_fashion.models import CategoryClassifier

COUNT = 256


@pytest.fixture(scope="module")
def shapes(made_once):
    """Bars that lie and bars that stand, in any color, with their classifier."""
    return Catalogue.load(made_once("shapes", _make_shapes) / "shapes")


def _make_shapes(folder):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(COUNT):
        pixels = np.full((64, 64, 3), 255, np.uint8)
        at = rng.integers(10, 40)
        color = rng.integers(0, 200, 3)
        if number % 2:
            pixels[at : at + 12] = color
        else:
            pixels[:, at : at + 12] = color
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        rows.append((f"{number:03d}", ("Stands", "Lies")[number % 2], png.getvalue()))
    items = pd.DataFrame(rows, columns=["item", "category", "picture"])
    bought = pd.DataFrame({"user": ["ann"] * 5, "item": [f"{n:03d}" for n in range(5)]})
    prepare(InMemory(items, bought), folder / "shapes")
    category_classifier(Catalogue.load(folder / "shapes"))


@pytest.fixture(scope="module")
def classifier(shapes):
    return category_classifier(shapes)


def test_it_learns_the_categories(classifier, shapes):
    pixels = shapes.pictures((64, 64))[np.arange(COUNT)]
    logits = classifier(pixels / np.float32(127.5) - 1).numpy()
    assert logits.shape == (COUNT, 2)
    assert np.mean(logits.argmax(axis=1) == shapes.item_categories) > 0.9


def test_it_is_trained_once_and_kept_beside_the_catalogue(classifier, shapes):
    path = shapes.path / "category_classifier.keras"
    before = path.stat().st_mtime_ns
    again = category_classifier(Catalogue.load(shapes.path))
    assert path.stat().st_mtime_ns == before
    for first, second in zip(classifier.weights, again.weights, strict=True):
        np.testing.assert_array_equal(first, second)
    assert Catalogue.load(shapes.path).fingerprint == shapes.fingerprint


def test_it_does_not_depend_on_the_run_that_needs_it_first(tiny_catalogue, tmp_path, monkeypatch):
    """Neither what it begins with nor what it sees; it draws nothing else."""
    seen = []

    def fit(self, batches, **_):
        self.build((None, 64, 64, 3))
        seen.append([*self.get_weights(), *next(iter(batches))])

    monkeypatch.setattr(CategoryClassifier, "fit", fit)
    for seed in (98, 99):
        copy = tmp_path / str(seed)
        shutil.copytree(tiny_catalogue.path, copy, ignore=lambda *_: ["category_classifier.keras"])
        keras.utils.set_random_seed(seed)
        states = random.getstate(), np.random.get_state()[1].tolist()
        category_classifier(Catalogue.load(copy))
        assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    for first, second in zip(*seen, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_catalogue_smaller_than_a_batch_is_learned_from_too(tiny_catalogue):
    """Its statistics of normalization have moved from where Keras puts them."""
    frozen = category_classifier(tiny_catalogue)
    assert np.all(frozen.standardize.moving_variance != 1)


@pytest.mark.parametrize(("items", "epochs"), [(24, 10), (2000, 10), (4000, 5), (50_000, 1)])
def test_epochs(items, epochs):
    assert num_epochs(items) == epochs
