import numpy as np
import pytest
from scipy.linalg import sqrtm

from keras_fashion.metrics.frechet_and_kernel_distance import frechet_distance


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
def test_refuses_what_it_cannot_measure(real, generated, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, generated)
