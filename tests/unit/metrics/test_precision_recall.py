import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from keras_fashion.metrics.manifold import PrecisionRecall, precision_recall


def share_inside(manifold, points, neighbors):
    """Kynkäänniemi et al., equation 1 and 2, a picture at a time."""
    distances, _ = NearestNeighbors(n_neighbors=neighbors).fit(manifold).kneighbors()
    inside = [
        any(np.linalg.norm(point - center) <= radius for center, radius in balls)
        for balls in [list(zip(manifold, distances[:, -1], strict=True))]
        for point in points
    ]
    return np.mean(inside)


@pytest.mark.parametrize("neighbors", [1, 3])
def test_equals_a_loop_over_balls(neighbors):
    random = np.random.default_rng(0)
    real, generated = random.normal(size=(60, 6)), random.normal(0.4, 0.8, size=(45, 6))
    result = precision_recall(real, generated, neighbors)
    assert result.precision == pytest.approx(share_inside(real, generated, neighbors))
    assert result.recall == pytest.approx(share_inside(generated, real, neighbors))
    assert 0 < result.recall < 1 and 0 < result.precision < 1


def test_on_a_line_by_hand():
    real = [[0.0], [1], [10], [12]]  # with k = 1: [-1, 1], [0, 2], [8, 12], [10, 14]
    generated = [[2.0], [3], [5], [14], [20]]  # [1, 3], [2, 4], [3, 7], [8, 20], [14, 26]
    # Inside: 2 and 14, each on an edge, for balls are closed. Made: 1, on an edge, 10 and 12.
    assert precision_recall(real, generated, neighbors=1) == PrecisionRecall(2 / 5, 3 / 4)


def test_copies_have_both():
    real = np.random.default_rng(1).normal(size=(50, 300)) + 100
    assert precision_recall(real, real.copy()) == PrecisionRecall(1.0, 1.0)


def test_pictures_that_come_many_times_keep_their_copies():
    # Four of each and k = 3: every ball is of radius 0.
    real = np.repeat(np.random.default_rng(2).normal(size=(10, 300)), 4, axis=0)
    assert precision_recall(real, real[::-1]) == PrecisionRecall(1.0, 1.0)


def test_clear_but_few_kinds_and_many_kinds_but_unclear():
    random = np.random.default_rng(3)
    real = np.concatenate([random.normal(-20, size=(200, 4)), random.normal(20, size=(200, 4))])
    collapsed = random.normal(-20, 0.5, size=(400, 4))
    result = precision_recall(real, collapsed)
    assert result.precision > 0.95 and result.recall <= 0.5
    vague = np.concatenate([real, random.normal(0, 5, size=(400, 4))])
    result = precision_recall(real, vague)
    assert result.precision < 0.6 and result.recall == 1.0


def test_depends_on_the_sample_sizes_and_stays_below_one():
    random = np.random.default_rng(4)

    def precision(count):
        return precision_recall(*random.normal(size=(2, count, 32))).precision

    few, many = precision(50), precision(1000)
    assert few < 0.95 and many < 0.95
    assert abs(few - many) > 0.05


def test_standard_error_with_a_thousand():
    random = np.random.default_rng(5)
    results = [precision_recall(*random.normal(size=(2, 1000, 16))) for _ in range(12)]
    assert np.std([each.precision for each in results]) < 0.02
    assert np.std([each.recall for each in results]) < 0.02


@pytest.mark.parametrize(
    ("real", "generated", "neighbors", "message"),
    [
        (3, 9, 3, "at least 4 real"),
        (9, 3, 3, "at least 4 generated"),
        (9, 9, 0, "neighbors must be 1 or more, received 0"),
    ],
)
def test_refuses_too_few(real, generated, neighbors, message):
    with pytest.raises(ValueError, match=message):
        precision_recall(np.zeros((real, 2)), np.zeros((generated, 2)), neighbors)
