import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from keras_fashion.metrics.frechet_and_kernel_distance import kernel_distance


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
    result = kernel_distance(real, generated, subset_size=12, subsets=3)
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
    result = kernel_distance([[0.0], [1.0]], [[1.0], [1.0]], subset_size=2, subsets=1)
    assert result.mean == pytest.approx(1 + 8 - 2 * 4.5)


def test_is_unbiased_at_any_size():
    # Sets of one distribution: the mean over draws is 0 within its standard error. The biased
    # estimate, with the diagonal, would be at 2 (E k(x, x) - E k(x, y)) / n, 10 errors and more.
    random = np.random.default_rng(1)
    for size in (5, 50):
        estimates = [
            kernel_distance(
                *random.gamma(0.5, size=(2, size, 16)), subset_size=size, subsets=1
            ).mean
            for _ in range(400)
        ]
        error = np.std(estimates) / np.sqrt(400)
        assert abs(np.mean(estimates)) < 3 * error
        assert min(estimates) < 0 < max(estimates)


def test_smaller_subsets_keep_the_mean():
    random = np.random.default_rng(2)
    real, generated = random.normal(size=(600, 8)), random.normal(0.3, size=(600, 8))
    small = kernel_distance(real, generated, subset_size=50, subsets=400)
    large = kernel_distance(real, generated, subset_size=600, subsets=1)
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
        ({"subset_size": 12, "subsets": 0}, "subsets >= 1"),
    ],
)
def test_refuses_too_few(sets, arguments, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(*sets, **arguments)


def test_refuses_what_is_not_finite(sets):
    sets[1][3, 2] = np.inf
    with pytest.raises(ValueError, match="generated features must be finite, and row 3"):
        kernel_distance(*sets, subset_size=4)
