import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance as energy_distance_of_numbers

from keras_fashion.losses import Described, energy_distance

SIZES = [3, 5]


def described(count, seed, regions=4, shift=0.0):
    rng = np.random.default_rng(seed)
    features = rng.normal(shift, 1, (count, regions, sum(SIZES)))
    return Described(features.astype(np.float32), rng.integers(0, 3, count).astype(np.int32))


def by_loops(generated, real):
    """The formula of the docstring, a pair at a time."""

    def mean(pairs, squared):
        return np.mean([np.sqrt(squared(*pair) + 1e-4) for pair in pairs])

    total, first = 0.0, 0
    for size in SIZES:
        part = slice(first, first + size)
        first += size
        regions = range(generated.features.shape[1])
        for places in [*([region] for region in regions), list(regions)]:
            weight = 1.0 if len(places) > 1 else 1.0 / len(regions)

            def squared(one, k, another, j, places=places, part=part):
                difference = one.features[k][places, part] - another.features[j][places, part]
                far = 16.0 * (one.category[k] != another.category[j])
                return np.mean(difference.astype(np.float64) ** 2) + far

            to_real = [(k, j) for k in range(len(generated[1])) for j in range(len(real[1]))]
            others = [(k, j) for k in range(len(generated[1])) for j in range(len(generated[1]))]
            others = [pair for pair in others if pair[0] != pair[1]]
            total += weight * 2 * mean(to_real, lambda k, j: squared(generated, k, real, j))
            total -= weight * mean(others, lambda k, j: squared(generated, k, generated, j))
    return total


def test_it_is_the_formula_by_loops_over_all_pairs():
    generated, real = described(5, seed=0), described(7, seed=1)
    found = energy_distance(generated, real, SIZES)
    assert float(found) == pytest.approx(by_loops(generated, real), rel=1e-5)


def test_one_region_and_category_of_numbers_is_scipys_energy_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 60), rng.normal(0.7, 2, 80)
    count = len(x)
    sets = (
        Described(each.astype(np.float32)[:, None, None], np.zeros(len(each), np.int32))
        for each in (x, y)
    )
    within = [cdist(each[:, None], each[:, None]).mean() for each in (x, y)]
    # SciPy returns the root, counts pairs of a number with itself and keeps the constant term.
    expected = energy_distance_of_numbers(x, y) ** 2 + sum(within) - within[0] * count / (count - 1)
    # The region and the whole picture are the same here.
    assert float(energy_distance(*sets, [1])) / 2 == pytest.approx(expected, abs=1e-3)


def test_it_is_least_where_the_distributions_are_equal():
    real = described(300, seed=0)
    values = [
        float(energy_distance(described(300, seed=1, shift=shift), real, SIZES))
        for shift in (-0.5, 0.0, 0.5)
    ]
    assert values[1] < min(values[0], values[2])


def test_a_garment_of_another_category_is_far():
    features = tf.zeros((2, 1, sum(SIZES)))
    own, other = (Described(features, tf.constant(each)) for each in ([0, 0], [1, 1]))
    # Two levels, each by region and as a whole: 4 times 2 (4 - 0.01), beside 4 times -0.01.
    difference = energy_distance(own, other, SIZES) - energy_distance(own, own, SIZES)
    assert float(difference) == pytest.approx(4 * 2 * (4.0 - 0.01), abs=1e-3)


def test_equal_pictures_are_pushed_apart_and_toward_real_ones():
    real = Described(tf.constant([[[-1.0]], [[1.0]]]), tf.constant([0, 0]))
    x = tf.constant([[[-0.1]], [[0.1]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = energy_distance(Described(x, tf.constant([0, 0])), real, [1])
    left, right = tape.gradient(loss, x)[:, 0, 0].numpy()
    assert np.isfinite([left, right]).all()
    assert left > 0 > right  # a step down the gradient moves them outward
