"""EASE against a ridge regression of each item on the others, by scikit-learn."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from keras_fashion import InputError
from keras_fashion.data import Split
from keras_fashion.models import EASE, ease

RNG = np.random.default_rng(0)
NONE = np.empty((0, 2), np.int32)


def world(users, items):
    bought = RNG.random((users, items)) < 0.4
    bought[3] = False  # This user bought nothing.
    bought[:, 5] = False  # Nobody bought this item.
    return bought, np.argwhere(bought).astype(np.int32)


def by_regression(bought, regularization):
    scores = np.zeros(bought.shape)
    for item in range(bought.shape[1]):
        others = bought.astype(float)
        others[:, item] = 0
        ridge = Ridge(alpha=regularization, fit_intercept=False)
        scores[:, item] = ridge.fit(others, bought[:, item]).predict(others)
    return scores


@pytest.mark.parametrize("shape", [(30, 9), (12, 40)])
@pytest.mark.parametrize("regularization", [0.5, 20.0])
def test_scores_are_those_of_a_regression(shape, regularization):
    bought, train = world(*shape)
    scorer = EASE(*shape, regularization).scoring_vectors(train=train)
    expected = by_regression(bought, regularization)
    np.testing.assert_allclose(scorer.scores(np.arange(shape[0])), expected, atol=1e-8)
    np.testing.assert_allclose(scorer(np.array([7, 2])), expected[[7, 2]], atol=1e-8)
    assert not scorer.scores(np.array([3])).any()


def test_it_is_saved(tmp_path):
    _, train = world(12, 9)
    model = EASE(12, 9, 3.0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    users = np.arange(12)
    np.testing.assert_array_equal(
        again.scoring_vectors(train=train).scores(users),
        model.scoring_vectors(train=train).scores(users),
    )


def test_what_cannot_be_inverted_is_refused(monkeypatch):
    split = Split(12, 9, np.array([[0, 1]], np.int32), NONE, NONE)
    with pytest.raises(InputError, match="`regularization` must be above 0; got 0"):
        EASE.from_catalogue(SimpleNamespace(), split, regularization=0.0)
    monkeypatch.setattr(ease, "LARGEST", 8)
    with pytest.raises(InputError, match="a matrix of 9 rows, and 8 are the most"):
        EASE.from_catalogue(SimpleNamespace(), split)


def test_users_are_made_from_what_they_bought():
    model = EASE(2, 3, 1.0)
    with pytest.raises(ValueError, match="give train"):
        model.scoring_vectors()
    with pytest.raises(NotImplementedError, match="scoring_vectors"):
        model.call({"item": np.array([0])})
