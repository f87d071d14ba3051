"""ALS against the normal equations of all pairs, in NumPy."""

import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keras_fashion import InputError
from keras_fashion.data import Split
from keras_fashion.models import ALS

RNG = np.random.default_rng(0)
BOUGHT = RNG.random((12, 9)) < 0.4
BOUGHT[3] = False  # This user bought nothing.
BOUGHT[:, 5] = False  # Nobody bought this item.
TRAIN = np.argwhere(BOUGHT).astype(np.int32)
NONE = np.empty((0, 2), np.int32)


def factors(iterations):
    model = ALS(12, 9, latent_size=3)
    model.adapt(TRAIN, confidence=7.0, regularization=0.5, iterations=iterations, seed=0)
    return model.gamma_user.numpy(), model.gamma_item.numpy()


def solved(fixed, bought):
    """The best row for each column of `bought`, where the factors of its rows are fixed."""
    found = []
    for column in bought.T:
        confidence = np.diag(np.where(column, 8.0, 1.0))
        normal = fixed.T @ confidence @ fixed + 0.5 * np.eye(3)
        found.append(np.linalg.solve(normal, fixed.T @ confidence @ column))
    return np.array(found)


def test_an_iteration_ends_with_the_best_items_for_the_users():
    users, items = factors(iterations=2)
    assert np.abs(items).max() > 0.1
    np.testing.assert_allclose(items, solved(users, BOUGHT), atol=1e-5)


def test_it_converges_to_users_that_are_the_best_for_the_items():
    users, items = factors(iterations=2)
    assert np.abs(users - solved(items, BOUGHT.T)).max() > 1e-2
    users, items = factors(iterations=500)
    np.testing.assert_allclose(users, solved(items, BOUGHT.T), atol=1e-3)
    assert not users[3].any() and not items[5].any()


def test_only_training_needs_the_library(monkeypatch, tmp_path):
    split = Split(12, 9, TRAIN, NONE, NONE)
    model = ALS.from_catalogue(SimpleNamespace(), split, latent_size=2, seed=3)
    model.save(tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, "implicit", None)
    monkeypatch.setitem(sys.modules, "implicit.als", None)
    again = keras.saving.load_model(tmp_path / "model.keras")
    users = np.arange(12)
    scores = again.scoring_vectors().scores(users)
    np.testing.assert_array_equal(scores, model.scoring_vectors().scores(users))
    with pytest.raises(InputError, match=r"pip install 'keras-fashion\[implicit\]'"):
        ALS.from_catalogue(SimpleNamespace(), split)


def test_without_a_regularizer_it_is_refused():
    split = Split(12, 9, TRAIN, NONE, NONE)
    with pytest.raises(InputError, match="`regularization` must be above 0; got 0"):
        ALS.from_catalogue(SimpleNamespace(), split, regularization=0.0)
