import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from keras_fashion.models import VisRank

FEATURES = np.random.default_rng(0).normal(4, [1, 3, 2], (6, 3))
TRAIN = np.array([(0, 5), (2, 1), (0, 2), (2, 0), (0, 3)], np.int32)


def test_scores_are_the_cosine_with_the_mean_of_what_was_bought():
    model = VisRank(3, 6, feature_size=3)
    model.adapt(FEATURES, TRAIN)
    scores = model.scoring_vectors().scores(np.arange(3))

    unit = normalize(FEATURES - FEATURES.mean(axis=0))
    user_features = np.stack([unit[[5, 2, 3]].mean(axis=0), np.zeros(3), unit[[1, 0]].mean(axis=0)])
    np.testing.assert_allclose(scores, cosine_similarity(user_features, unit), atol=1e-5)
    assert scores[1].tolist() == [0] * 6  # bought nothing


def test_by_hand():
    # Around the mean (1, 1): (-1, 0), (0, -1), (1, 0), (0, 1).
    model = VisRank(1, 4, feature_size=2)
    model.adapt(np.array([[0.0, 1], [1, 0], [2, 1], [1, 2]]), np.array([(0, 2), (0, 3)]))
    scores = model.scoring_vectors().scores(np.array([0]))[0]
    assert scores == pytest.approx([-(0.5**0.5), -(0.5**0.5), 0.5**0.5, 0.5**0.5])
