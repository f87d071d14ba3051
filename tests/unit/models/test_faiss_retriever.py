import sys

import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.faiss_retriever import FaissRetriever
from keras_fashion.models.retrieval import ItemRetriever
from keras_fashion.models.scoring_vectors import ScoringVectors


@pytest.fixture(scope="module")
def vectors():
    """2,500 items about 40 centers, with biases that matter, and 60 users."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(40, 8))
    items = centers[rng.integers(0, 40, 2500)] + 0.3 * rng.normal(size=(2500, 8))
    users = rng.normal(size=(60, 8))
    return ScoringVectors(
        *(each.astype(np.float32) for each in (users, items, rng.normal(size=2500)))
    )


@pytest.fixture(scope="module")
def retriever(vectors):
    return FaissRetriever(vectors, recall=0.9, k=20)


def test_the_recall_is_that_of_the_fewest_lists_that_reach_it(retriever, vectors):
    exact, _ = ItemRetriever(vectors).best(vectors.users, 20)

    def recall():
        found, _ = retriever.best(vectors.users, 20)
        return np.mean(
            [len(set(a) & set(b)) / 20 for a, b in zip(exact.tolist(), found.tolist(), strict=True)]
        )

    assert retriever.recall == pytest.approx(recall()) and 0.9 <= recall() < 1
    num_probes = retriever.num_probes
    assert 1 < num_probes < 50  # of sqrt(2500) lists
    try:
        retriever.num_probes = num_probes - 1
        assert recall() < 0.9
    finally:
        retriever.num_probes = num_probes


def test_scores_with_the_bias_and_best_first(retriever, vectors):
    items, scores = retriever.best(vectors.users, 20)
    expected = np.take_along_axis(vectors.scores(np.arange(60)), items, axis=1)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert (items.dtype, scores.dtype) == (np.int32, np.float32)


def test_looking_into_every_list_is_exact_and_leaves_out_what_was_seen(vectors):
    every = FaissRetriever(vectors, recall=1.0, k=2500)
    assert (every.num_probes, every.recall) == (50, 1.0)
    rng = np.random.default_rng(1)
    seen = [rng.choice(2500, count, replace=False) for count in range(0, 1800, 30)]
    items, scores = every.best(vectors.users, 30, seen)
    expected, expected_scores = ItemRetriever(vectors).best(vectors.users, 30, seen)
    np.testing.assert_array_equal(items, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-4, atol=1e-4)


def test_fewer_are_left_than_asked_for(vectors):
    few = ScoringVectors(vectors.users, vectors.items[:6], vectors.biases[:6])
    items, scores = FaissRetriever(few, recall=1.0).best(
        vectors.users[:2], 8, [np.array([0, 5]), np.array([], int)]
    )
    assert sorted(items[0, :4].tolist()) == [1, 2, 3, 4]
    assert items[0, 4:].tolist() == [-1] * 4 and np.isneginf(scores[0, 4:]).all()
    assert sorted(items[1, :6].tolist()) == list(range(6)) and items[1, 6:].tolist() == [-1, -1]


def test_without_faiss_it_says_what_to_install(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"keras-fashion\[faiss\]"):
        FaissRetriever(vectors)
