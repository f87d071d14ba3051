import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from keras_fashion.errors import InputError
from keras_fashion.models import retrieval
from keras_fashion.models.retrieval import CHUNK, ItemRetriever, best_columns, top_items
from keras_fashion.models.scoring_vectors import ScoringVectors

# User 0 ranks items 3, 1, 0, 4, 2; user 1 the other way round, but for the bias of item 2.
VECTORS = ScoringVectors(
    users=np.array([[1.0], [-1.0]], np.float32),
    items=np.array([[3.0], [4.0], [1.0], [5.0], [2.0]], np.float32),
    biases=np.array([0, 0, 0.25, 0, 0], np.float32),
)
NOTHING = np.array([], int)


def whole_vectors(num_items, seed=0):
    """Of small whole numbers: their products are exact, and tie all the time."""
    rng = np.random.default_rng(seed)
    users, items = (
        rng.integers(-2, 3, size).astype(np.float32) for size in ((9, 3), (num_items, 3))
    )
    return ScoringVectors(users, items, rng.integers(-1, 2, num_items).astype(np.float32))


def by_loop(vectors, users, k, seen, allowed):
    """Item by item, user by user."""
    found = []
    for user, known in zip(users, seen, strict=True):
        scored = [
            (-(float(user @ vectors.items[item]) + float(vectors.biases[item])), item)
            for item in range(len(vectors.items))
            if allowed[item] and item not in known
        ]
        best = sorted(scored)[:k]
        rest = k - len(best)
        found.append(([item for _, item in best] + [-1] * rest, [-score for score, _ in best]))
    return found


def check(vectors, users, k, seen, allowed):
    items, scores = ItemRetriever(vectors).best(users, k, seen, allowed)
    assert items.shape == scores.shape == (len(users), k)
    assert (items.dtype, scores.dtype) == (np.int32, np.float32)
    every = np.ones(len(vectors.items), bool) if allowed is None else allowed
    known = [[]] * len(users) if seen is None else [set(each.tolist()) for each in seen]
    for row, expected in enumerate(by_loop(vectors, users, k, known, every)):
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
    monkeypatch.setattr(retrieval, "BLOCK", 4 * 128)
    monkeypatch.setattr(retrieval, "USERS", 4)  # nine users: 4, 4 and 1
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
    with pytest.raises(InputError, match="`allowed` is of 4 items; there are 5"):
        retriever.best(vectors.users, 2, allowed=np.ones(4, bool))
    with pytest.raises(InputError, match="items of 1 users, and there are vectors of 9"):
        retriever.best(vectors.users, 2, seen=[np.array([0])])
    with pytest.raises(InputError, match="user vectors are NaN"):
        retriever.best(np.full((1, 3), np.nan, np.float32), 2)
    vectors.items[1, 1] = np.nan
    with pytest.raises(InputError, match="diverged"):
        ItemRetriever(vectors)


@pytest.fixture(scope="module")
def dense():
    """Vectors of 700 items and 300 users, more than are served at a time, with biases."""
    rng = np.random.default_rng(2)
    return ScoringVectors(
        *(rng.normal(size=size).astype(np.float32) for size in ((300, 6), (700, 6), 700))
    )


def test_as_the_brute_force_retrieval_of_keras_rs(dense):
    keras_rs = pytest.importorskip("keras_rs")
    users, items, biases = dense
    layer = keras_rs.layers.BruteForceRetrieval(
        np.concatenate([items, biases[:, None]], axis=1), k=20
    )
    expected_scores, expected = layer(np.pad(users, ((0, 0), (0, 1)), constant_values=1))
    found, scores = ItemRetriever(dense).best(users, k=20)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5, atol=1e-5)


def test_as_the_nearest_neighbors_of_scikit_learn(dense):
    """For vectors of length 1, the greatest product is the least distance."""
    users, items = (
        each / np.linalg.norm(each, axis=1, keepdims=True) for each in (dense.users, dense.items)
    )
    neighbors = NearestNeighbors(n_neighbors=20).fit(items)
    expected = neighbors.kneighbors(users, return_distance=False)
    retriever = ItemRetriever(ScoringVectors(users, items, np.zeros(700, np.float32)))
    found, _ = retriever.best(users, k=20)
    np.testing.assert_array_equal(found, expected)


def test_best_first_with_their_scores():
    items, scores = top_items(VECTORS, 0, 3, NOTHING)
    assert items.tolist() == [3, 1, 0]
    assert scores.tolist() == [5, 4, 3]
    items, scores = top_items(VECTORS, 1, 2, NOTHING)
    assert items.tolist() == [2, 4]
    assert scores.tolist() == [-0.75, -2]


def test_seen_items_are_left_out():
    assert top_items(VECTORS, 0, 3, np.array([1, 3]))[0].tolist() == [0, 4, 2]


def test_only_allowed_items_and_fewer_than_k():
    allowed = np.array([True, True, False, True, False])
    items, scores = top_items(VECTORS, 0, 9, np.array([3]), allowed)
    assert items.tolist() == [1, 0]
    assert scores.tolist() == [4, 3]
    assert allowed.tolist() == [True, True, False, True, False]  # not written to
    assert top_items(VECTORS, 0, 9, np.arange(5))[0].tolist() == []


def test_items_of_equal_score_keep_their_order():
    level = ScoringVectors(np.ones((1, 1)), np.ones((50, 1)), np.zeros(50))
    assert top_items(level, 0, 5, np.array([0]))[0].tolist() == [1, 2, 3, 4, 5]


@given(
    scores=st.lists(st.integers(-5, 5), min_size=1, max_size=20),
    k=st.integers(0, 25),
    data=st.data(),
)
def test_nothing_left_out_is_better(scores, k, data):
    places = st.integers(0, len(scores) - 1)
    seen = data.draw(st.sets(places))
    vectors = ScoringVectors(np.zeros((1, 1)), np.zeros((len(scores), 1)), np.array(scores, float))
    items, values = top_items(vectors, 0, k, np.array(sorted(seen), int))
    left = set(range(len(scores))) - seen
    assert len(items) == len(set(items.tolist())) == min(k, len(left))
    assert set(items.tolist()) <= left
    assert values.tolist() == sorted((scores[item] for item in left), reverse=True)[:k]


@pytest.mark.parametrize("k", [0, 1, 5, CHUNK, 3 * CHUNK, 10 * CHUNK])
def test_the_first_of_a_stable_sort(k):
    # Few distinct values, so that ties cross the chunks' borders; some rows hold only -inf.
    scores = np.random.default_rng(k).integers(-3, 3, (6, 4 * CHUNK)).astype(np.float32)
    scores[scores == -3] = -np.inf
    scores[5] = -np.inf
    best, columns = best_columns(scores, k)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(columns, expected)
    np.testing.assert_array_equal(best, np.take_along_axis(scores, expected, axis=1))
