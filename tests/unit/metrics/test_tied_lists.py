"""Expected values over ties, against every way to break them."""

from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics.pairwise import cosine_distances
from sklearn.preprocessing import normalize

from keras_fashion.metrics import TiedLists, tied_lists

ITEMS = 12
CERTAIN = [[4, 7, 1], [0, 3], [], [2], [11], []]
TIED = {1: ([5, 6, 8, 9], 2), 2: ([1, 2, 3, 10, 11], 3), 4: ([0, 1], 1)}
"""The items that are certain in each list, and those that tie for some places more."""

VALUES = np.random.default_rng(0).normal(size=ITEMS)
FEATURES = np.random.default_rng(1).normal(size=(ITEMS, 5))


@pytest.fixture
def lists():
    items = np.array([each + [-1] * (3 - len(each)) for each in CERTAIN])
    candidates = np.unique(np.concatenate([each for each, _ in TIED.values()]))
    tied = np.stack([np.isin(candidates, each) for each, _ in TIED.values()])
    places = np.array([count for _, count in TIED.values()])
    return TiedLists(items, ITEMS, np.array(list(TIED)), candidates, tied, places)


def expected(of_list):
    """Mean of a property over all lists that the ties leave open; NaN without one."""
    means = []
    for row, certain in enumerate(CERTAIN):
        tied, places = TIED.get(row, ([], 0))
        found = [of_list(certain + list(more)) for more in combinations(tied, places)]
        means.append(np.mean(found) if None not in found else np.nan)
    return means


def test_means_are_those_of_all_ways_to_break_the_ties(lists):
    means = expected(lambda items: VALUES[items].mean() if items else None)
    assert np.isnan(means).tolist() == [False] * 5 + [True]
    np.testing.assert_allclose(lists.mean(VALUES), means, rtol=1e-6)


def diversities(features):
    distances = cosine_distances(features)

    def of_list(items):
        pairs = [distances[pair] for pair in combinations(items, 2)]
        return np.mean(pairs) if pairs else None

    return expected(of_list)


@pytest.mark.parametrize("kind", [np.asarray, csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("block", [2**22, 12, 1])
def test_diversity_is_that_of_all_ways_to_break_the_ties(lists, monkeypatch, kind, block):
    monkeypatch.setattr(tied_lists, "VALUES_PER_BLOCK", block)
    means = diversities(FEATURES)
    assert np.isnan(means).tolist() == [False, False, False, True, False, True]
    ours = lists.diversity(kind(normalize(FEATURES).astype(np.float32)))
    np.testing.assert_allclose(ours, means, rtol=1e-5)


def test_an_item_without_features_is_unlike_all_others(lists):
    features = FEATURES.copy()
    features[[1, 5]] = 0
    means = diversities(features)  # scikit-learn says the same of a vector of zeros
    np.testing.assert_allclose(lists.diversity(normalize(features)), means, rtol=1e-5)


@pytest.mark.parametrize("kind", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_lists_without_ties(kind):
    lists = TiedLists(np.array([[2, 0], [1, -1]]), ITEMS)
    np.testing.assert_allclose(lists.mean(VALUES), [VALUES[[0, 2]].mean(), VALUES[1]])
    distance = cosine_distances(FEATURES)[0, 2]
    found = lists.diversity(kind(normalize(FEATURES)))
    np.testing.assert_allclose(found, [distance, np.nan])
