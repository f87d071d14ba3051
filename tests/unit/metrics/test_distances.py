import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from keras_fashion.metrics import distances as module
from keras_fashion.metrics.distances import (
    distance_chunks,
    nearest_neighbors,
    nearest_rows,
    neighbor_distances,
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "WORKING_MEMORY", 2**-10)  # 1 KiB, 128 distances


def whole(first, second):
    distances = np.full((len(first), len(second)), np.nan)
    for rows, chunk in distance_chunks(first, second):
        assert chunk.size <= max(128, len(second))
        distances[rows] = chunk
    return distances


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (16, 17), (50, 33), (5, 40)])
@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_chunks_make_scipys_matrix(rows, columns, offset):
    random = np.random.default_rng(0)
    first = random.normal(size=(rows, 7)) + offset
    second = random.normal(size=(columns, 7)) + offset
    # cdist subtracts before it squares; an offset that all share may cost nothing either.
    np.testing.assert_allclose(whole(first, second), cdist(first, second), rtol=1e-9)


def test_copies_are_at_distance_zero():
    points = np.random.default_rng(1).normal(size=(40, 300)) * 10
    assert (np.diag(whole(points, points.copy())) == 0).all()


def test_a_hundred_thousandth_of_the_length_is_no_copy():
    points = np.random.default_rng(2).normal(size=(2, 300))
    near = points * (1 + 1e-5)
    distances = np.diag(whole(points, near))
    np.testing.assert_allclose(distances[1], 1e-5 * np.linalg.norm(points[1]), rtol=1e-3)


@pytest.mark.parametrize("count", [6, 16, 17, 45])
@pytest.mark.parametrize("neighbors", [1, 5])
def test_neighbor_distances_equal_scikit_learns(count, neighbors):
    points = np.random.default_rng(3).normal(size=(count, 4))
    points[3] = points[0]  # a copy is another point
    expected, _ = NearestNeighbors(n_neighbors=neighbors).fit(points).kneighbors()
    np.testing.assert_allclose(
        neighbor_distances(points, neighbors), expected[:, -1], rtol=1e-9, atol=1e-12
    )


def test_neighbors_on_a_line_by_hand():
    points = np.array([[0.0], [1], [3], [7]])
    assert neighbor_distances(points, 1).tolist() == [1, 1, 2, 4]
    assert neighbor_distances(points, 2).tolist() == [3, 2, 3, 6]
    assert neighbor_distances(points, 3).tolist() == [7, 6, 4, 7]


def test_nearest_rows_and_copies():
    random = np.random.default_rng(4)
    points = random.normal(size=(60, 300)) + 50
    queries = np.concatenate([points[[7, 3]], random.normal(size=(20, 300)) + 50])
    rows, distances = nearest_rows(points, queries)
    expected = cdist(queries, points)
    assert rows.tolist() == expected.argmin(axis=1).tolist()
    np.testing.assert_allclose(distances, expected.min(axis=1), rtol=1e-9)
    assert distances[:2].tolist() == [0, 0]


def test_nearest_neighbors_are_those_of_the_sorted_matrix():
    random = np.random.default_rng(5)
    points, queries = random.normal(size=(30, 3)) + 1e5, random.normal(size=(20, 3)) + 1e5
    others = cdist(points, points)
    np.fill_diagonal(others, np.inf)
    for matrix, given in ((others, None), (cdist(queries, points), queries)):
        rows, distances = nearest_neighbors(points, 4, given)
        assert rows.tolist() == matrix.argsort(axis=1)[:, :4].tolist()
        np.testing.assert_allclose(distances, np.sort(matrix, axis=1)[:, :4], rtol=1e-9)
