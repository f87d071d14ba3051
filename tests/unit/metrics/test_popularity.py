import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from keras_fashion.metrics import popularity_lift, self_information


def test_novelty_is_the_logarithm_of_the_share_of_buyers():
    baskets = [{0, 1}, {0}, {0, 3}, {0, 1, 3}, {0}, {0, 3}, {0}]
    counts = np.array([sum(item in basket for basket in baskets) for item in range(4)])
    bits = self_information(counts, len(baskets))
    # As if an eighth user had bought everything.
    assert bits.tolist() == pytest.approx([-math.log2(share) for share in (1, 3 / 8, 1 / 8, 4 / 8)])


def groups(seed=0, users=300):
    rng = np.random.default_rng(seed)
    bought = rng.lognormal(size=users)
    return 3 * bought * rng.lognormal(sigma=0.5, size=users) + 1, bought


def test_the_mean_is_the_lift_of_the_group():
    recommended, bought = groups()
    lift = (sum(recommended) / 300 - sum(bought) / 300) / (sum(bought) / 300)
    assert popularity_lift(recommended, bought).mean() == pytest.approx(lift)
    assert popularity_lift(7 * recommended, 7 * bought).mean() == pytest.approx(lift)
    assert popularity_lift(bought, bought).mean() == pytest.approx(0)
    assert popularity_lift(np.zeros(300), bought).mean() == pytest.approx(-1)


def test_the_spread_is_that_of_the_ratio():
    """Of users drawn again: their ratio of means varies as the mean of the values does."""
    recommended, bought = groups()

    def ratio(q, p, axis):
        return q.mean(axis=axis) / p.mean(axis=axis) - 1

    drawn = bootstrap(
        (recommended, bought), ratio, paired=True, vectorized=True, random_state=0, batch=1000
    )
    values = popularity_lift(recommended, bought)
    assert values.std() / 300**0.5 == pytest.approx(drawn.standard_error, rel=0.1)
    # A denominator that is taken as known, or a mean of ratios, has another spread.
    for other in ((recommended - bought) / bought.mean(), recommended / bought):
        assert other.std() / 300**0.5 != pytest.approx(drawn.standard_error, rel=0.1)


def test_users_without_a_list_or_a_past_are_in_no_group():
    recommended, bought = np.array([4.0, np.nan, 9.0, 2.0]), np.array([1.0, 7.0, np.nan, 2.0])
    values = popularity_lift(recommended, bought)
    np.testing.assert_array_equal(np.isnan(values), [False, True, True, False])
    assert np.nanmean(values) == pytest.approx(6 / 3 - 1)
    assert np.isnan(popularity_lift(np.array([np.nan]), np.array([1.0]))).all()
