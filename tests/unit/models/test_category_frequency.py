import numpy as np
import pytest

from keras_fashion.models import CategoryFrequency

RNG = np.random.default_rng(0)
USERS, ITEMS = 6, 30
COLOR = RNG.integers(0, 4, ITEMS)
SHAPE = 4 + RNG.integers(0, 3, ITEMS)
SHAPE[-1] = 7  # of a shape that never sold
TRAIN = np.unique(
    np.stack([RNG.integers(0, USERS - 1, 40), RNG.integers(0, ITEMS - 1, 40)], 1), axis=0
)


@pytest.mark.parametrize("columns", [[COLOR], [COLOR, SHAPE]], ids=["one", "two"])
def test_scores_are_those_of_a_loop_over_pairs(columns):
    model = CategoryFrequency(USERS, ITEMS, len(columns), 8)
    model.adapt(np.stack(columns, axis=1), TRAIN)
    scores = model.scoring_vectors().scores(np.arange(USERS))

    for user in range(USERS):
        bought = TRAIN[TRAIN[:, 0] == user, 1]
        assert (len(bought) == 0) == (user == USERS - 1)
        for item in range(ITEMS):
            expected = 0.0
            for column in columns:
                own = np.mean(column[bought] == column[item]) if len(bought) else 0.0
                sold = np.sum(column[TRAIN[:, 1]] == column[item])
                expected += np.log(own + 0.001 * max(sold, 0.5) / len(TRAIN))
            assert scores[user, item] == pytest.approx(expected, rel=1e-5)


def test_by_hand():
    """Bought two of kind 0 and one of kind 1, others one of kind 2, nobody kind 3."""
    model = CategoryFrequency(2, 4, 1, 4)
    model.adapt(np.arange(4)[:, None], np.array([(0, 0), (0, 0), (0, 1), (1, 2)]))
    scores = model.scoring_vectors().scores(np.array([0]))[0]
    shares = [2 / 3 + 0.001 / 2, 1 / 3 + 0.001 / 4, 0.001 / 4, 0.001 / 8]
    np.testing.assert_allclose(scores, np.log(shares), rtol=1e-5)
