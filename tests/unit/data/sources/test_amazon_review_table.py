import numpy as np
import pytest

from keras_fashion.data.sources.amazon.review_table import k_core


def reference(pairs, k):
    """By the definition, one user or item at a time."""
    left = set(pairs)
    while True:
        for at in (0, 1):
            for each in {pair[at] for pair in left}:
                if sum(pair[at] == each for pair in left) < k:
                    left = {pair for pair in left if pair[at] != each}
                    break
            else:
                continue
            break
        else:
            return left


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_against_the_definition(k):
    rng = np.random.default_rng(k)
    for size in (1, 20, 60, 90):
        user, item = rng.integers(0, 12, (2, size))
        pairs = list(zip(user, item, strict=True))
        left = reference(pairs, k)
        assert k_core(user, item, k).tolist() == [pair in left for pair in pairs]


def test_one_that_leaves_takes_others_along():
    user, item = np.array([[0, 0, 1, 1, 2, 2, 3, 3, 3], [0, 1, 1, 2, 2, 3, 3, 3, 3]])
    assert not k_core(user, item, 2).any()  # a chain: only its ends lack a second partner


def test_repetitions_count_once_and_stay_together():
    user, item = np.array([[0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 0, 0, 1, 2, 2, 2]])
    assert k_core(user, item, 2).tolist() == [True] * 5 + [False] * 3


def test_nothing_has_no_core():
    assert k_core(np.zeros(0, int), np.zeros(0, int), 2).tolist() == []
