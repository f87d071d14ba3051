"""Tests of ensembles of recommenders, against scikit-learn's scaling and loops."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from sklearn.preprocessing import StandardScaler

from keras_fashion.errors import InputError
from keras_fashion.models import RecommenderEnsemble, ScoringVectors

NUM_USERS, NUM_ITEMS = 4, 30


class Encoder:
    """Maps pictures of a single pixel to a linear function of its channels."""

    def __init__(self, matrix, picture_size=(1, 1)):
        self.matrix, self.picture_size = matrix.astype(np.float32), picture_size

    def __call__(self, pictures):
        return tf.reshape(pictures, (-1, 3)) @ self.matrix


def make(seed, size, factor=1.0, picture_size=(1, 1)):
    rng = np.random.default_rng(seed)
    encoder = Encoder(rng.normal(size=(3, size)), picture_size)
    users = (factor * rng.normal(size=(NUM_USERS, size))).astype(np.float32)
    return SimpleNamespace(
        model=SimpleNamespace(encoder=encoder),
        vectors=ScoringVectors(users, encoder(PICTURES).numpy(), np.zeros(NUM_ITEMS)),
        catalogue="catalogue",
        split="split",
    )


PICTURES = np.random.default_rng(9).uniform(-1, 1, (NUM_ITEMS, 1, 1, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def recommenders():
    return [make(0, 5), make(1, 2, factor=40.0), make(2, 3, factor=0.1)]


@pytest.fixture(scope="module")
def ensemble(recommenders):
    return RecommenderEnsemble(recommenders)


def test_each_recommender_counts_as_much_whatever_its_scale(ensemble, recommenders):
    users = np.arange(NUM_USERS)
    scores = [each.vectors.scores(users) for each in recommenders]
    # By item, because the scaler works on columns.
    expected = np.mean([StandardScaler().fit_transform(each.T).T for each in scores], axis=0)
    found = StandardScaler().fit_transform(ensemble.vectors.scores(users).T).T
    np.testing.assert_allclose(found, StandardScaler().fit_transform(expected.T).T, atol=1e-4)


def test_copies_of_a_recommender_score_as_it_does(recommenders):
    users = np.arange(NUM_USERS)
    copies = RecommenderEnsemble([recommenders[0]] * 3)
    found = copies.vectors.scores(users)
    np.testing.assert_allclose(found, recommenders[0].vectors.scores(users), rtol=1e-4, atol=1e-5)


def test_a_picture_is_scored_as_the_item_that_it_shows(ensemble):
    users = np.array([2, 0])
    embeddings = ensemble.model.encoder(PICTURES).numpy()
    found = ensemble.model.user_embedding(tf.constant(users)).numpy() @ embeddings.T
    np.testing.assert_allclose(found, ensemble.vectors.scores(users), rtol=1e-4, atol=1e-5)


def test_it_has_the_catalogue_and_the_split(ensemble):
    assert (ensemble.catalogue, ensemble.split) == ("catalogue", "split")
    assert ensemble.model.encoder.picture_size == (1, 1)


def test_a_user_without_preferences_takes_part(recommenders):
    indifferent = make(3, 4, factor=0.0)
    scores = RecommenderEnsemble([recommenders[0], indifferent]).vectors.scores(np.array([1]))
    order = recommenders[0].vectors.scores(np.array([1])).argsort()
    np.testing.assert_array_equal(scores.argsort(), order)


def test_other_picture_sizes_are_refused(recommenders):
    with pytest.raises(InputError, match=r"pictures of \(1, 1\) and of \(2, 2\) cannot be one"):
        RecommenderEnsemble([recommenders[0], make(1, 5, picture_size=(2, 2))])
