import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics.pairwise import cosine_similarity

from keras_fashion.models import VisRankMax
from keras_fashion.models import visrank as visrank_max

RNG = np.random.default_rng(0)
USERS, ITEMS = 7, 20
FEATURES = RNG.normal(4, [1, 3, 2], (ITEMS, 3))
# User 3 bought nothing, user 5 one item; rows in no order.
TRAIN = np.unique(RNG.integers([0, 0], [USERS, ITEMS], (60, 2)), axis=0)
TRAIN = TRAIN[(TRAIN[:, 0] != 3) & (TRAIN[:, 0] != 5)]
TRAIN = RNG.permutation(np.concatenate([TRAIN, [(5, 8)]])).astype(np.int32)


@pytest.fixture
def model():
    model = VisRankMax(USERS, ITEMS, feature_size=3)
    model.adapt(FEATURES)
    return model


def by_loop(user):
    similarity = cosine_similarity(FEATURES - FEATURES.mean(axis=0))
    bought = TRAIN[TRAIN[:, 0] == user, 1]
    return [max((similarity[i, j] for j in bought), default=0.0) for i in range(ITEMS)]


@pytest.mark.parametrize("block", [1, 3 * ITEMS, 2**24])
def test_scores_are_the_cosine_with_the_nearest_of_what_was_bought(model, monkeypatch, block):
    monkeypatch.setattr(visrank_max, "BLOCK", block)
    users = np.array([4, 3, 0, 5, 4, 6, 1, 2])
    scores = model.scoring_vectors(train=TRAIN).scores(users)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [by_loop(user) for user in users], atol=1e-5)
    np.testing.assert_array_equal(model.scoring_vectors(train=TRAIN)(users), scores)


def test_pairs_score_as_the_whole_does(model):
    vectors = model.scoring_vectors(train=TRAIN)
    history = np.full((USERS, 20), -1, np.int32)
    for user in range(USERS):
        bought = TRAIN[TRAIN[:, 0] == user, 1]
        history[user, 20 - len(bought) :] = bought
    users, items = (each.ravel() for each in np.indices((USERS, ITEMS)))
    pairs = model({"item": tf.constant(items), "history": tf.constant(history[users])})
    expected = vectors.scores(np.arange(USERS)).ravel()
    np.testing.assert_allclose(pairs, expected, atol=1e-6)


def test_the_users_items_must_be_given(model):
    with pytest.raises(ValueError, match="train"):
        model.scoring_vectors()
