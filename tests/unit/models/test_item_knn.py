"""ItemKNN against a loop over all pairs of items, and scikit-learn's cosine similarity."""

import keras
import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from keras_fashion.data import Split, leave_one_out
from keras_fashion.models import ItemKNN

RNG = np.random.default_rng(0)
USERS, ITEMS = 12, 9
BOUGHT = RNG.random((USERS, ITEMS)) < 0.4
BOUGHT[3] = False  # This user bought nothing.
BOUGHT[:, 5] = False  # Nobody bought this item.
TRAIN = np.argwhere(BOUGHT).astype(np.int32)


def by_loop(num_neighbors):
    cosine = cosine_similarity(BOUGHT.T.astype(float))
    np.fill_diagonal(cosine, 0)
    scores = np.zeros((USERS, ITEMS))
    for item in range(ITEMS):
        nearest = sorted(range(ITEMS), key=lambda other: (-cosine[item, other], other))
        for other in nearest[:num_neighbors]:
            scores[:, item] += cosine[item, other] * BOUGHT[:, other]
    return scores


@pytest.fixture
def model():
    model = ItemKNN(USERS, ITEMS, num_neighbors=3)
    model.adapt(TRAIN)
    return model


def test_scores_are_those_of_a_loop(model):
    scores = model.scoring_vectors(train=TRAIN).scores(np.arange(USERS))
    np.testing.assert_allclose(scores, by_loop(3), atol=1e-6)
    assert not scores[3].any() and not scores[:, 5].any()


def test_pairs_are_scored_as_the_catalogue_is(model):
    users, items = np.divmod(np.arange(USERS * ITEMS), ITEMS)
    history = np.full((len(users), ITEMS), -1)
    for row, user in enumerate(users):
        bought = np.flatnonzero(BOUGHT[user])
        history[row, : len(bought)] = bought
    scores = model({"item": items, "history": history}).numpy()
    np.testing.assert_allclose(scores.reshape(USERS, ITEMS), by_loop(3), atol=1e-6)


def test_it_is_saved(model, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    users = np.arange(USERS)
    np.testing.assert_array_equal(
        again.scoring_vectors(train=TRAIN).scores(users),
        model.scoring_vectors(train=TRAIN).scores(users),
    )
    with pytest.raises(ValueError, match="give train"):
        again.scoring_vectors()


def test_a_catalogue_with_fewer_items_than_neighbors(tiny_catalogue):
    split = leave_one_out(tiny_catalogue, seed=0)
    model = ItemKNN.from_catalogue(tiny_catalogue, split, neighbors=500)
    assert model.num_neighbors == split.num_items - 1
    few = Split(2, 2, np.array([[0, 0], [0, 1]]), split.validation, split.test)
    scores = ItemKNN.from_catalogue(tiny_catalogue, few).scoring_vectors(train=few.train)
    np.testing.assert_allclose(scores.scores(np.array([0, 1])), [[1, 1], [0, 0]])
