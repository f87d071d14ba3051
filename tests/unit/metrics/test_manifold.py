import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from keras_fashion.metrics import (
    Coverage,
    Density,
    DensityCoverage,
    ManifoldPrecision,
    ManifoldRecall,
    PrecisionRecall,
    density_coverage,
    precision_recall,
)


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
def test_precision_and_recall_equal_a_loop_over_balls(neighbors):
    random = np.random.default_rng(0)
    real, generated = random.normal(size=(60, 6)), random.normal(0.4, 0.8, size=(45, 6))
    result = precision_recall(real, generated, neighbors)
    assert result.precision == pytest.approx(share_inside(real, generated, neighbors))
    assert result.recall == pytest.approx(share_inside(generated, real, neighbors))
    assert 0 < result.recall < 1 and 0 < result.precision < 1


def test_precision_and_recall_on_a_line_by_hand():
    real = [[0.0], [1], [10], [12]]  # with k = 1: [-1, 1], [0, 2], [8, 12], [10, 14]
    generated = [[2.0], [3], [5], [14], [20]]  # [1, 3], [2, 4], [3, 7], [8, 20], [14, 26]
    # Inside: 2 and 14, each on an edge, since balls are closed. Recalled: 1, on an edge, 10 and 12.
    assert precision_recall(real, generated, num_neighbors=1) == PrecisionRecall(2 / 5, 3 / 4)


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


def test_standard_error_of_precision_and_recall_with_a_thousand():
    random = np.random.default_rng(5)
    results = [precision_recall(*random.normal(size=(2, 1000, 16))) for _ in range(12)]
    assert np.std([each.precision for each in results]) < 0.02
    assert np.std([each.recall for each in results]) < 0.02


@pytest.mark.parametrize(
    ("real", "generated", "neighbors", "message"),
    [
        (3, 9, 3, "at least 4 real"),
        (9, 3, 3, "at least 4 generated"),
        (9, 9, 0, "num_neighbors must be 1 or more, received 0"),
    ],
)
def test_precision_and_recall_refuse_too_few(real, generated, neighbors, message):
    with pytest.raises(ValueError, match=message):
        precision_recall(np.zeros((real, 2)), np.zeros((generated, 2)), neighbors)


@pytest.mark.parametrize("neighbors", [1, 5])
def test_density_and_coverage_equal_a_loop_over_balls(neighbors):
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


def test_density_and_coverage_on_a_line_by_hand():
    real = [[0.0], [1], [10], [12]]  # with k = 1: [-1, 1], [0, 2], [8, 12], [10, 14]
    generated = [[0.5], [2], [5]]  # in 2, 1 and no ball
    assert density_coverage(real, generated, num_neighbors=1) == DensityCoverage(3 / 3, 2 / 4)
    # With k = 2: [-10, 10], [-9, 11: hits 9], [1, 19], [1, 23]; 0.5 in 2, 2 and 5 in 4 each.
    assert density_coverage(real, generated, num_neighbors=2) == DensityCoverage(10 / 6, 1.0)


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


def test_standard_error_of_coverage_with_a_thousand():
    random = np.random.default_rng(3)
    results = [density_coverage(*random.normal(size=(2, 1000, 16))) for _ in range(12)]
    assert np.std([each.coverage for each in results]) < 0.01


@pytest.mark.parametrize(
    ("real", "generated", "neighbors", "message"),
    [
        (5, 9, 5, "at least 6 real"),
        (9, 0, 5, "at least 1 generated"),
        (9, 9, 0, "num_neighbors must be 1 or more, received 0"),
    ],
)
def test_density_and_coverage_refuse_too_few(real, generated, neighbors, message):
    with pytest.raises(ValueError, match=message):
        density_coverage(np.zeros((real, 2)), np.zeros((generated, 2)), neighbors)


@pytest.mark.parametrize(
    ("metric", "function", "field"),
    [
        (ManifoldPrecision, precision_recall, "precision"),
        (ManifoldRecall, precision_recall, "recall"),
        (Density, density_coverage, "density"),
        (Coverage, density_coverage, "coverage"),
    ],
)
def test_metrics_give_what_the_functions_give(metric, function, field):
    random = np.random.default_rng(6)
    real, generated = random.normal(size=(60, 6)), random.normal(0.4, 0.8, size=(45, 6))
    metric = metric(num_neighbors=2)
    for start in range(0, 60, 20):
        metric.update_state(real[start : start + 20], generated[start : start + 20])
    assert float(metric.result()) == pytest.approx(getattr(function(real, generated, 2), field))
    again = type(metric).from_config(metric.get_config())
    assert again.get_config() == metric.get_config() and again.num_neighbors == 2
    with pytest.raises(ValueError, match="num_neighbors must be 1 or more"):
        type(metric)(num_neighbors=0)
