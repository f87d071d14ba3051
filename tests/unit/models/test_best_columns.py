import numpy as np
import pytest

from keras_fashion.models.retrieval import CHUNK, best_columns


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
