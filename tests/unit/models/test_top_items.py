import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.retrieval import top_items

# User 0 ranks items 3, 1, 0, 4, 2; user 1 the other way round, but for the bias of item 2.
VECTORS = ScoringVectors(
    users=np.array([[1.0], [-1.0]], np.float32),
    items=np.array([[3.0], [4.0], [1.0], [5.0], [2.0]], np.float32),
    biases=np.array([0, 0, 0.25, 0, 0], np.float32),
)
NOTHING = np.array([], int)


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
