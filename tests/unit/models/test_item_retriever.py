import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_fashion.errors import InputError
from keras_fashion.models import retrieval as item_retriever
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.retrieval import ItemRetriever


def whole_vectors(num_items, seed=0):
    """Of small whole numbers: their products are exact, and tie all the time."""
    rng = np.random.default_rng(seed)
    users, items = (
        rng.integers(-2, 3, size).astype(np.float32) for size in ((9, 3), (num_items, 3))
    )
    return ScoringVectors(users, items, rng.integers(-1, 2, num_items).astype(np.float32))


def by_loop(vectors, tastes, k, seen, allowed):
    """Item by item, user by user."""
    found = []
    for taste, known in zip(tastes, seen, strict=True):
        scored = [
            (-(float(taste @ vectors.items[item]) + float(vectors.biases[item])), item)
            for item in range(len(vectors.items))
            if allowed[item] and item not in known
        ]
        best = sorted(scored)[:k]
        rest = k - len(best)
        found.append(([item for _, item in best] + [-1] * rest, [-score for score, _ in best]))
    return found


def check(vectors, tastes, k, seen, allowed):
    items, scores = ItemRetriever(vectors).best(tastes, k, seen, allowed)
    assert items.shape == scores.shape == (len(tastes), k)
    assert (items.dtype, scores.dtype) == (np.int32, np.float32)
    every = np.ones(len(vectors.items), bool) if allowed is None else allowed
    known = [[]] * len(tastes) if seen is None else [set(each.tolist()) for each in seen]
    for row, expected in enumerate(by_loop(vectors, tastes, k, known, every)):
        assert items[row].tolist() == expected[0]
        assert scores[row].tolist() == expected[1] + [-np.inf] * (k - len(expected[1]))


@settings(deadline=None, max_examples=40)
@given(num_items=st.integers(1, 300), k=st.integers(0, 320), seed=st.integers(0, 9), data=st.data())
def test_as_a_loop_over_all_items(num_items, k, seed, data):
    vectors = whole_vectors(num_items, seed)
    rng = np.random.default_rng(seed)
    share = data.draw(st.sampled_from([None, 0, 0.1, 0.5, 1]))
    allowed = None if share is None else rng.random(num_items) < share
    seen = None
    if data.draw(st.booleans()):  # with repeats, in no order, of users with none and with many
        seen = [rng.integers(0, num_items, count) for count in rng.integers(0, 30, 9)]
    check(vectors, vectors.users, k, seen, allowed)


@pytest.mark.parametrize("filtered", [False, True])
def test_over_many_blocks_of_items_and_users(monkeypatch, filtered):
    monkeypatch.setattr(item_retriever, "BLOCK", 4 * 128)
    monkeypatch.setattr(item_retriever, "USERS", 4)  # nine users: 4, 4 and 1
    vectors = whole_vectors(1000)
    rng = np.random.default_rng(1)
    allowed = rng.random(1000) < 0.6 if filtered else None
    seen = [rng.choice(1000, count, replace=False) for count in range(0, 900, 100)]
    before = [each.copy() for each in seen]
    check(vectors, vectors.users, 150, seen, allowed)
    assert all((one == other).all() for one, other in zip(seen, before, strict=True))


def test_an_item_of_bias_minus_infinity_is_never_returned():
    vectors = whole_vectors(5)
    vectors.biases[2] = -np.inf
    items, scores = ItemRetriever(vectors).best(vectors.users[:1], 5)
    assert sorted(items[0, :4].tolist()) == [0, 1, 3, 4]
    assert (items[0, 4], scores[0, 4]) == (-1, -np.inf)


def test_no_users():
    items, scores = ItemRetriever(whole_vectors(5)).best(np.empty((0, 3), np.float32), 2)
    assert items.shape == scores.shape == (0, 2)


def test_mistakes():
    vectors = whole_vectors(5)
    retriever = ItemRetriever(vectors)
    with pytest.raises(InputError, match="filter is of 4 items; there are 5"):
        retriever.best(vectors.users, 2, allowed=np.ones(4, bool))
    with pytest.raises(InputError, match="for 1 users, tastes of 9"):
        retriever.best(vectors.users, 2, seen=[np.array([0])])
    with pytest.raises(InputError, match="tastes are NaN"):
        retriever.best(np.full((1, 3), np.nan, np.float32), 2)
    vectors.items[1, 1] = np.nan
    with pytest.raises(InputError, match="diverged"):
        ItemRetriever(vectors)
