import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors

from keras_fashion.metrics import nearest_real


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_equals_scikit_learns_neighbors(random):
    real, generated, held_out = (random.normal(size=(n, 5)) for n in (70, 40, 33))
    found = nearest_real(real, generated)
    index = NearestNeighbors(n_neighbors=1).fit(real)
    distances, indices = index.kneighbors(generated)
    assert found.indices.tolist() == indices[:, 0].tolist()
    np.testing.assert_allclose(found.distances, distances[:, 0])
    np.testing.assert_allclose(found.real_distances, index.kneighbors()[0][:, 0])
    found = nearest_real(real, generated, held_out)
    np.testing.assert_allclose(found.distances, distances[:, 0])
    np.testing.assert_allclose(found.real_distances, index.kneighbors(held_out)[0][:, 0])


def test_on_a_line_by_hand():
    found = nearest_real([[0.0], [2], [5]], [[0.5], [4], [9], [2]])
    assert found.indices.tolist() == [0, 2, 2, 1]
    assert found.distances.tolist() == [0.5, 1, 4, 0]
    assert found.real_distances.tolist() == [2, 2, 3]
    summary = found.summary
    assert summary.median_generated == 0.75
    assert summary.median_real == 2
    assert summary.share_nearer == 3 / 4
    assert summary.probability_nearer == 9 / 12  # 0.5, 1 and 0 are below all three, 4 below none


def test_probability_is_the_mann_whitney_statistic(random):
    found = nearest_real(random.integers(0, 9, (40, 2)), random.integers(0, 9, (30, 2)))
    statistic = mannwhitneyu(found.real_distances, found.distances).statistic
    assert found.summary.probability_nearer == pytest.approx(statistic / (40 * 30))


@pytest.mark.parametrize("with_held_out", [False, True])
def test_unseen_pictures_look_unseen(random, with_held_out):
    real, unseen, held_out = (random.normal(size=(n, 16)) for n in (1500, 1000, 1000))
    summary = nearest_real(real, unseen, held_out if with_held_out else None).summary
    # Three of the standard error that the docstring states.
    assert summary.probability_nearer == pytest.approx(0.5, abs=3 * 0.013)
    assert summary.share_nearer < 0.025


def test_leaving_one_out_is_as_good_as_holding_out(random):
    real, unseen = random.normal(size=(500, 16)), random.normal(size=(6000, 16))
    assert nearest_real(real, unseen).summary.probability_nearer == pytest.approx(0.5, abs=0.04)


def test_copies_and_what_is_unlike_any(random):
    real = random.normal(size=(400, 16))
    blurred_copies = real[:100] + random.normal(0, 0.01, size=(100, 16))
    summary = nearest_real(real, blurred_copies).summary
    assert summary.probability_nearer == 1.0 and summary.share_nearer == 1.0
    unlike = random.normal(8, size=(100, 16))
    summary = nearest_real(real, unlike).summary
    assert summary.probability_nearer == 0.0 and summary.share_nearer == 0.0
    # With one half each, the probability is that of unseen ones, and only the share shows copies.
    summary = nearest_real(real, np.concatenate([blurred_copies, unlike])).summary
    assert summary.probability_nearer == 0.5 and summary.share_nearer == 0.5


def test_exact_copies_are_seen_among_real_ones_that_come_twice(random):
    real = random.normal(size=(100, 50)) * 3
    real[50:55] = real[:5]  # ten at distance 0: the 1st percentile is 0
    summary = nearest_real(real, real[60:].copy()).summary
    assert summary.share_nearer == 1.0
    assert summary.median_generated == 0.0


@pytest.mark.parametrize(
    ("real", "generated", "held_out", "message"),
    [
        (1, 3, None, "at least 2 real"),
        (3, 0, None, "at least 1 generated"),
        (1, 3, 0, "at least 1 held-out"),
    ],
)
def test_refuses_too_few(real, generated, held_out, message):
    held_out = None if held_out is None else np.zeros((held_out, 2))
    with pytest.raises(ValueError, match=message):
        nearest_real(np.zeros((real, 2)), np.zeros((generated, 2)), held_out)


def test_refuses_features_of_another_network():
    with pytest.raises(ValueError, match="held-out features have 3 numbers"):
        nearest_real(np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((3, 3)))
