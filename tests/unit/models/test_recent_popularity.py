"""Popularity of late, counted one by one."""

from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion import InputError
from keras_fashion.data import TimeCut, format_day, parse_day, temporal_split
from keras_fashion.data.split import Split
from keras_fashion.models import DecayedPopularity, RecentCategoryPopularity, RecentPopularity

FIRST = parse_day("2020-01-01")
NONE = np.empty((0, 2), np.int32)
MODELS = [RecentPopularity, DecayedPopularity, RecentCategoryPopularity]


@pytest.fixture(scope="module")
def shop():
    rng = np.random.default_rng(0)
    pairs = np.array([(user, item) for user in range(9) for item in range(8)], np.int32)
    return SimpleNamespace(
        name="shop",
        user_ids=[str(n) for n in range(9)],
        item_ids=[str(n) for n in range(8)],
        item_categories=np.arange(8, dtype=np.int32) % 3,
        categories=["a", "b", "c"],
        columns={
            "category": SimpleNamespace(values=np.array(["a", "b", "c"]), codes=np.arange(8) % 3)
        },
        attributes={},
        interactions=pairs,
        interaction_days=(FIRST + rng.integers(0, 100, len(pairs))).astype(np.int32),
    )


@pytest.fixture(scope="module")
def split(shop):
    return temporal_split(shop, TimeCut(format_day(FIRST + 80), format_day(FIRST + 70)))


def scores(model):
    every = model.scoring_vectors().scores(np.array([0, 5]))
    np.testing.assert_array_equal(every[0], every[1])
    return every[0]


def ages(split):
    for (_, item), day in zip(split.train.tolist(), split.train_days, strict=True):
        yield item, int(split.train_days.max() - day)


def test_recent_popularity_counts_the_last_days(shop, split):
    expected = np.zeros(8)
    for item, age in ages(split):
        expected[item] += age < 14
    assert 0 < expected.sum() < len(split.train)
    np.testing.assert_array_equal(
        scores(RecentPopularity.from_catalogue(shop, split, days=14)), expected
    )


def test_decayed_popularity_halves(shop, split):
    expected = np.zeros(8)
    for item, age in ages(split):
        expected[item] += 0.5 ** (age / 10)
    found = scores(DecayedPopularity.from_catalogue(shop, split, half_life=10))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_new_items_are_as_popular_as_their_category(shop, split):
    expected = np.zeros(3)
    for item, age in ages(split):
        expected[item % 3] += age < 14
    found = scores(RecentCategoryPopularity.from_catalogue(shop, split, days=14))
    np.testing.assert_array_equal(found, expected[np.arange(8) % 3])


@pytest.mark.parametrize("model", MODELS)
def test_a_split_without_times_is_refused(shop, model):
    plain = Split(9, 8, np.array([[0, 1]], np.int32), NONE, NONE)
    with pytest.raises(InputError, match="give `split_time`"):
        model.from_catalogue(shop, plain)
