import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.metrics.pairwise import polynomial_kernel

from keras_fashion.metrics import FrechetDistance, KernelDistance, frechet_distance, kernel_distance


def published_formula(real, generated):
    first, second = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    difference = real.mean(axis=0) - generated.mean(axis=0)
    root = sqrtm(first @ second)
    return difference @ difference + np.trace(first + second - 2 * root.real)


def features(count, width, seed, offset=0.0):
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(width).normal(size=(width, width))
    return random.gamma(0.5, size=(count, width)) @ mixing + offset


@pytest.mark.parametrize(("real", "generated"), [(300, 300), (300, 50), (41, 300)])
def test_equals_scipys_square_root(real, generated):
    first, second = features(real, 40, 1), features(generated, 40, 2, offset=0.3)
    assert frechet_distance(first, second) == pytest.approx(
        published_formula(first, second), rel=1e-8
    )


@pytest.mark.parametrize(("real", "generated"), [(10, 12), (10, 200), (200, 10), (2, 2)])
def test_fewer_pictures_than_features(real, generated):
    # Independent of the covariances' product: the largest tr of a coupling, by Wasserstein's
    # definition, is the nuclear norm of the cross-product of any two square roots of Σ.
    first, second = features(real, 30, 3), features(generated, 30, 4)
    roots = []
    for each in (first, second):
        values, vectors = np.linalg.eigh(np.cov(each, rowvar=False))
        roots.append(vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T)
    expected = (
        np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
        + sum(np.sum(root**2) for root in roots)
        - 2 * np.linalg.norm(roots[0] @ roots[1], "nuc")
    )
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


def test_one_dimension_by_hand():
    # Means 1 and 4, variances 2 and 18 (over N - 1): 9 + (√2 - √18)² = 9 + 8.
    assert frechet_distance([[0.0], [2.0]], [[1.0], [7.0]]) == pytest.approx(17.0)


def test_closed_form_of_commuting_gaussians():
    # Σ (σ₁ - σ₂)² + |μ|², for diagonal covariances, made exact by whitening the sample.
    random = np.random.default_rng(5)
    sample = random.normal(size=(500, 6))
    sample -= sample.mean(axis=0)
    white = sample @ np.linalg.inv(np.linalg.cholesky(np.cov(sample, rowvar=False))).T
    first, second = np.arange(1, 7), np.array([2, 2, 2, 1, 0, 9])
    shift = np.linspace(0, 1, 6)
    expected = np.sum((first - second) ** 2) + np.sum(shift**2)
    assert frechet_distance(white * first, white * second + shift) == pytest.approx(expected)


@pytest.mark.parametrize("count", [20, 400])
def test_a_set_is_at_zero_from_itself_in_any_order(count):
    sample = features(count, 40, 6)
    assert 0 <= frechet_distance(sample, sample[::-1]) < 1e-8


def test_single_precision_far_from_the_origin():
    first, second = features(300, 8, 7).astype(np.float32), features(300, 8, 8).astype(np.float32)
    assert frechet_distance(first + 256, second + 256) == pytest.approx(
        frechet_distance(first, second), rel=1e-3
    )


def test_grows_with_fewer_pictures_as_one_over_n():
    # The bias that the docstring states, on two halves of one distribution.
    def floor(count):
        return np.mean(
            [
                frechet_distance(*np.split(features(2 * count, 16, 10 + seed), 2))
                for seed in range(20)
            ]
        )

    hundred, four_hundred, sixteen_hundred = floor(100), floor(400), floor(1600)
    assert hundred > four_hundred > sixteen_hundred > 0
    assert hundred / four_hundred == pytest.approx(4, rel=0.25)
    assert four_hundred / sixteen_hundred == pytest.approx(4, rel=0.25)


@pytest.mark.parametrize(
    ("real", "generated", "message"),
    [
        (np.zeros((1, 4)), np.zeros((9, 4)), "at least 2 real"),
        (np.zeros((9, 4)), np.zeros((1, 4)), "at least 2 generated"),
        (np.zeros((9, 4)), np.zeros((9, 5)), "one network"),
        (np.zeros((9, 4)), np.full((9, 4), np.nan), "finite"),
    ],
)
def test_frechet_distance_refuses_what_it_cannot_measure(real, generated, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, generated)


@pytest.fixture
def sets():
    random = np.random.default_rng(0)
    return random.gamma(0.5, size=(12, 5)), random.gamma(0.7, size=(12, 5))


def test_equals_a_loop_over_pairs(sets):
    real, generated = sets

    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / 5 + 1) ** 3

    def others(points):
        return [kernel(x, y) for i, x in enumerate(points) for j, y in enumerate(points) if i != j]

    across = [kernel(x, y) for x in real for y in generated]
    expected = np.mean(others(real)) + np.mean(others(generated)) - 2 * np.mean(across)
    result = kernel_distance(real, generated, subset_size=12, num_subsets=3)
    assert result.mean == pytest.approx(expected)
    assert result.standard_deviation == pytest.approx(0, abs=1e-12)  # each subset is all of them


def test_equals_scikit_learns_kernel(sets):
    real, generated = (np.tile(each, (1, 8)) for each in sets)
    kernels = [
        polynomial_kernel(*pair, degree=3, coef0=1)  # gamma is 1 / F unless told
        for pair in [(real, real), (generated, generated), (real, generated)]
    ]
    for kernel in kernels[:2]:
        np.fill_diagonal(kernel, 0)
    expected = (kernels[0].sum() + kernels[1].sum()) / (12 * 11) - 2 * kernels[2].mean()
    assert kernel_distance(real, generated, 12, 1).mean == pytest.approx(expected)


def test_two_points_by_hand():
    # k(0, y) = 1 and k(1, 1) = 8. Within {0, 1}: 1; within {1, 1}: 8; across: (1 + 1 + 8 + 8) / 4.
    result = kernel_distance([[0.0], [1.0]], [[1.0], [1.0]], subset_size=2, num_subsets=1)
    assert result.mean == pytest.approx(1 + 8 - 2 * 4.5)


def test_is_unbiased_at_any_size():
    # Sets of one distribution: the mean over draws is 0 within its standard error. The biased
    # estimate, with the diagonal, would be at 2 (E k(x, x) - E k(x, y)) / n, 10 errors and more.
    random = np.random.default_rng(1)
    for size in (5, 50):
        estimates = [
            kernel_distance(
                *random.gamma(0.5, size=(2, size, 16)), subset_size=size, num_subsets=1
            ).mean
            for _ in range(400)
        ]
        error = np.std(estimates) / np.sqrt(400)
        assert abs(np.mean(estimates)) < 3 * error
        assert min(estimates) < 0 < max(estimates)


def test_smaller_subsets_keep_the_mean():
    random = np.random.default_rng(2)
    real, generated = random.normal(size=(600, 8)), random.normal(0.3, size=(600, 8))
    small = kernel_distance(real, generated, subset_size=50, num_subsets=400)
    large = kernel_distance(real, generated, subset_size=600, num_subsets=1)
    assert small.mean == pytest.approx(large.mean, rel=0.1)
    assert small.standard_deviation > 0


def test_the_seed_decides_the_subsets(sets):
    first, again, other = (kernel_distance(*sets, 6, 10, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "at least 1000 real"),
        ({"subset_size": 1}, "subset_size >= 2"),
        ({"subset_size": 12, "num_subsets": 0}, "num_subsets >= 1"),
    ],
)
def test_kernel_distance_refuses_too_few(sets, arguments, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(*sets, **arguments)


def test_kernel_distance_refuses_what_is_not_finite(sets):
    sets[1][3, 2] = np.inf
    with pytest.raises(ValueError, match="generated features must be finite, and row 3"):
        kernel_distance(*sets, subset_size=4)


def test_metrics_give_what_the_functions_give(sets):
    frechet, kernel = FrechetDistance(), KernelDistance(subset_size=6, num_subsets=10, seed=3)
    for metric in (frechet, kernel):
        for start in range(0, 12, 5):
            metric.update_state(*(each[start : start + 5] for each in sets))
    assert float(frechet.result()) == pytest.approx(frechet_distance(*sets))
    assert float(kernel.result()) == pytest.approx(kernel_distance(*sets, 6, 10, seed=3).mean)
    for metric in (frechet, kernel):
        again = type(metric).from_config(metric.get_config())
        assert again.get_config() == metric.get_config()
