import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from keras_fashion.metrics.manifold import DensityCoverage, density_coverage


@pytest.mark.parametrize("neighbors", [1, 5])
def test_equals_a_loop_over_balls(neighbors):
    """Naeem et al., equations 3 and 4."""
    random = np.random.default_rng(0)
    real, generated = random.normal(size=(60, 6)), random.normal(0.4, 0.8, size=(45, 6))
    distances, _ = NearestNeighbors(n_neighbors=neighbors).fit(real).kneighbors()
    inside = [
        [np.linalg.norm(center - point) <= radius for point in generated]
        for center, radius in zip(real, distances[:, -1], strict=True)
    ]
    result = density_coverage(real, generated, neighbors)
    assert result.density == pytest.approx(np.sum(inside) / (neighbors * 45))
    assert result.coverage == pytest.approx(np.mean([any(row) for row in inside]))
    assert 0 < result.coverage < 1


def test_on_a_line_by_hand():
    real = [[0.0], [1], [10], [12]]  # with k = 1: [-1, 1], [0, 2], [8, 12], [10, 14]
    generated = [[0.5], [2], [5]]  # in 2, 1 and no ball
    assert density_coverage(real, generated, neighbors=1) == DensityCoverage(3 / 3, 2 / 4)
    # With k = 2: [-10, 10], [-9, 11: hits 9], [1, 19], [1, 23]; 0.5 in 2, 2 and 5 in 4 each.
    assert density_coverage(real, generated, neighbors=2) == DensityCoverage(10 / 6, 1.0)


def test_crowding_where_real_ones_are_densest_is_above_one():
    random = np.random.default_rng(1)
    result = density_coverage(random.normal(size=(500, 4)), np.zeros((100, 4)))
    assert result.density > 1.5
    assert result.coverage < 0.5


@pytest.mark.parametrize("generated", [300, 600, 1200])
def test_expectation_for_real_pictures(generated):
    # As the docstring states: density 1, coverage 1 - (N / (N + M))^k.
    random = np.random.default_rng(2)
    results = [
        density_coverage(random.normal(size=(600, 16)), random.normal(size=(generated, 16)))
        for _ in range(12)
    ]
    densities, coverages = zip(*((each.density, each.coverage) for each in results), strict=True)
    assert np.mean(densities) == pytest.approx(1, abs=3 * np.std(densities) / np.sqrt(12) + 0.01)
    assert np.mean(coverages) == pytest.approx(1 - (600 / (600 + generated)) ** 5, abs=0.012)


def test_standard_error_with_a_thousand():
    random = np.random.default_rng(3)
    results = [density_coverage(*random.normal(size=(2, 1000, 16))) for _ in range(12)]
    assert np.std([each.coverage for each in results]) < 0.01


@pytest.mark.parametrize(
    ("real", "generated", "neighbors", "message"),
    [
        (5, 9, 5, "at least 6 real"),
        (9, 0, 5, "at least 1 generated"),
        (9, 9, 0, "neighbors must be 1 or more, received 0"),
    ],
)
def test_refuses_too_few(real, generated, neighbors, message):
    with pytest.raises(ValueError, match=message):
        density_coverage(np.zeros((real, 2)), np.zeros((generated, 2)), neighbors)
