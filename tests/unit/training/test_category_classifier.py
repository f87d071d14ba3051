import io

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.catalogue import Catalogue, prepare
from keras_fashion.datasets.in_memory import InMemory
from keras_fashion.training import category_classifier
from keras_fashion.training.category_classifier import epochs_for


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Bars that lie and bars that stand, in any colour."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("shapes") / "shapes"
    rows = []
    for number in range(512):
        pixels = np.full((64, 64, 3), 255, np.uint8)
        at = rng.integers(10, 40)
        colour = rng.integers(0, 200, 3)
        if number % 2:
            pixels[at : at + 12] = colour
        else:
            pixels[:, at : at + 12] = colour
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        rows.append((f"{number:03d}", ("Stands", "Lies")[number % 2], png.getvalue()))
    items = pd.DataFrame(rows, columns=["item", "category", "picture"])
    bought = pd.DataFrame({"user": ["ann"] * 5, "item": [f"{n:03d}" for n in range(5)]})
    prepare(InMemory(items, bought), path)
    return Catalogue.load(path)


@pytest.fixture(scope="module")
def classifier(shapes):
    return category_classifier(shapes)


def test_it_learns_the_categories(classifier, shapes):
    pixels = shapes.pictures((64, 64))[np.arange(512)]
    logits = classifier.predict(pixels / np.float32(127.5) - 1, verbose=0)
    assert logits.shape == (512, 2)
    assert np.mean(logits.argmax(axis=1) == shapes.item_categories) > 0.9


def test_it_is_trained_once_and_kept_beside_the_catalogue(classifier, shapes):
    path = shapes.path / "category_classifier.keras"
    before = path.stat().st_mtime_ns
    again = category_classifier(Catalogue.load(shapes.path))
    assert path.stat().st_mtime_ns == before
    for first, second in zip(classifier.weights, again.weights, strict=True):
        np.testing.assert_array_equal(first, second)
    assert Catalogue.load(shapes.path).fingerprint == shapes.fingerprint


def test_it_does_not_depend_on_the_run_that_needs_it_first(classifier, shapes):
    (shapes.path / "category_classifier.keras").unlink()
    keras.utils.set_random_seed(99)
    anew = category_classifier(shapes)
    for first, second in zip(classifier.weights, anew.weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_catalogue_smaller_than_a_batch_is_learnt_from_too(tiny_catalogue):
    """Its statistics of normalisation have moved from where Keras puts them."""
    frozen = category_classifier(tiny_catalogue)
    assert np.all(frozen.standardise.moving_variance != 1)


@pytest.mark.parametrize(("items", "epochs"), [(24, 10), (2000, 10), (4000, 5), (50_000, 1)])
def test_epochs(items, epochs):
    assert epochs_for(items) == epochs
