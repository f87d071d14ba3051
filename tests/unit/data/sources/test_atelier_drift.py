import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare

from keras_fashion.data import Catalogue, TimeCut, prepare, temporal_split
from keras_fashion.data.columns import Attribute
from keras_fashion.data.purchase_times import parse_day
from keras_fashion.data.sources.atelier import Atelier, Oracle, drift_recovery
from keras_fashion.data.sources.atelier import purchases as purchases_module
from keras_fashion.data.sources.atelier.attributes import CATEGORIES, garment_lab, sample_garments
from keras_fashion.data.sources.atelier.drift import (
    FIRST_DAY,
    NUM_DAYS,
    TERMS,
    Drift,
    sample_drift,
    sample_sales,
)
from keras_fashion.data.sources.atelier.purchases import purchases_in_time
from keras_fashion.data.sources.atelier.shoppers import garment_features, sample_shoppers
from keras_fashion.errors import InputError

STRENGTH = 1.5


@pytest.fixture(scope="module")
def drift():
    return sample_drift(np.random.default_rng(0), STRENGTH)


@pytest.fixture(scope="module")
def shop():
    """A catalogue without its pictures, and its truth."""
    source = Atelier(seed=5, users=300, items=700, drift=STRENGTH)
    items, bought = source.items(None, None), source.interactions()
    user_ids = sorted(bought["user"].unique())
    numbers = [pd.Index(user_ids).get_indexer(bought["user"])]
    numbers.append(pd.Index(items["item"]).get_indexer(bought["item"]))
    columns = {name: np.unique(items[name], return_inverse=True) for name in source.attributes}
    return SimpleNamespace(
        name="shop",
        user_ids=user_ids,
        item_ids=list(items["item"]),
        item_categories=pd.Categorical(items["category"]).codes,
        interactions=np.stack(numbers, axis=1),
        interaction_days=np.array([parse_day(text) for text in bought["time"]]),
        attributes={name: Attribute(*pair) for name, pair in columns.items()},
        oracle=source.oracle,
    )


def month_of(day):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day))).month - 1


def test_on_every_day_trend_and_season_spread_the_utilities_as_stated(drift):
    features = garment_features(sample_garments(np.random.default_rng(1), 6000))
    trend, season = drift.trend @ features.T, drift.season @ features.T
    np.testing.assert_allclose(trend.std(axis=1), STRENGTH, rtol=0.05)
    np.testing.assert_allclose(season.std(axis=1), STRENGTH, rtol=0.05)
    demand = drift.category @ features.T
    assert np.sqrt(demand.var(axis=1).mean()) == pytest.approx(STRENGTH, rel=0.05)
    for first, second in ((0, 200), (100, 900), (0, NUM_DAYS - 1)):
        expected = np.cos(np.pi * (second - first) / NUM_DAYS)
        assert np.corrcoef(trend[first], trend[second])[0, 1] == pytest.approx(expected, abs=0.05)
    # The trend never makes up for the season, nor the other way round.
    assert np.abs(np.corrcoef(trend[::100], season)[:11, 11:]).max() < 0.06


def test_seasons_are_those_of_a_northern_shop(drift):
    garments = sample_garments(np.random.default_rng(1), 6000)
    season, demand = (t @ garment_features(garments).T for t in (drift.season, drift.category))
    july, january = 6, 0
    assert np.corrcoef(season[july], garments["length"])[0, 1] < -0.5
    assert np.corrcoef(season[july], garments["lightness"])[0, 1] > 0.4
    assert np.corrcoef(season[january], garments["length"])[0, 1] > 0.5
    peaks = {}
    for index, name in enumerate(CATEGORIES):
        peaks[name] = int(demand[:, garments["category"] == index][:, 0].argmax())
    assert peaks["Dresses"] == 5 and peaks["Trousers"] == 0 and peaks["Shoes"] == 9


def test_utilities_are_the_stated_sum():
    rng = np.random.default_rng(2)
    garments, shoppers = sample_garments(rng, 20), sample_shoppers(rng, 3)
    first = parse_day("2024-02-27")
    # A shift of color and length only, a liking of patterns, a demand for categories.
    trend, season, category = np.zeros((5, 26)), np.zeros((12, 26)), np.zeros((12, 26))
    trend[:, :3], trend[:, 14:20] = rng.standard_normal((5, 3)), rng.standard_normal((5, 1))
    season[:, 4:8], category[:, 8:14] = (rng.standard_normal((12, n)) for n in (4, 6))
    oracle = Oracle(garments, shoppers, np.zeros(20), Drift(first, trend, season, category))
    days = first + np.array([4, 0, 3])  # The second of March, 27 February, the first of March.
    drifted = oracle.drift_utilities(days)
    for row, day in enumerate(days):
        place, month = day - first, month_of(day)
        for item, garment in enumerate(garments):
            expected = trend[place, :3] @ garment_lab(garment) / 17
            expected += trend[place, 14] * garment["length"] / 0.22
            expected += season[month, 4 + garment["pattern"]]
            expected += category[month, 8 + garment["category"]]
            assert drifted[row, item] == pytest.approx(expected)
    users = np.array([2, 0, 0])
    np.testing.assert_allclose(oracle.scores_at(users, days) - drifted, oracle.scores(users))
    parts = [oracle.drift_utilities(days, [name]) for name in TERMS]
    np.testing.assert_allclose(np.sum(parts, axis=0), drifted)
    still = Oracle(garments, shoppers, np.zeros(20))
    np.testing.assert_array_equal(still.scores_at(users, days), still.scores(users))


def test_a_day_without_drift_is_refused(drift):
    for day in (FIRST_DAY - 1, FIRST_DAY + NUM_DAYS):
        with pytest.raises(InputError, match="from 2023-01-01 to 2025-12-31"):
            drift.vectors(np.array([FIRST_DAY, day]))


def test_what_a_drift_without_terms_is(drift):
    until = FIRST_DAY + 800
    before = np.arange(FIRST_DAY, until)
    still = drift.without(TERMS, until).vectors(drift.days)
    np.testing.assert_allclose(still, np.tile(drift.vectors(before).mean(axis=0), (NUM_DAYS, 1)))
    no_trend = drift.without(["trend"], until)
    np.testing.assert_array_equal(no_trend.season, drift.season)
    np.testing.assert_allclose(no_trend.trend, np.tile(drift.trend[:800].mean(axis=0), (1096, 1)))


def test_what_a_persisting_trend_is(drift):
    kept = drift.persisting(FIRST_DAY + 800)
    np.testing.assert_array_equal(kept.trend[:800], drift.trend[:800])
    np.testing.assert_array_equal(kept.trend[800:], np.tile(drift.trend[799], (296, 1)))
    np.testing.assert_array_equal(kept.category, drift.category)


def test_about_as_many_garments_are_on_sale_on_every_day():
    begin, end = sample_sales(np.random.default_rng(3), 20000)
    lengths = end - begin + 1
    assert lengths.min() == 180 and lengths.max() == 365
    days = FIRST_DAY + np.arange(NUM_DAYS)
    assert begin.max() <= days[-1] and end.min() >= days[0]
    counts = [np.sum((begin <= day) & (day <= end)) for day in days]
    assert max(counts) < 1.1 * min(counts)


def small_world(shoppers):
    """Four garments that differ by their categories only, on two days of two months."""
    rng = np.random.default_rng(4)
    garments, people = sample_garments(rng, 1)[[0] * 4], sample_shoppers(rng, shoppers)
    garments["category"] = range(4)
    people["category"], people["length"] = np.log(1 / 6), 0.5
    category = np.zeros((12, 26))
    category[0, 8:12], category[1, 8:12] = (1.0, 0.0, -1.0, 3.0), (-1.0, 1.0, 0.0, 1.0)
    drift = Drift(parse_day("2024-01-31"), np.zeros((2, 26)), np.zeros((12, 26)), category)
    oracle = Oracle(garments, people, np.array([0.0, 0.2, -0.2, 0.0]), drift)
    # The third garment is sold until the first day, the fourth one from the second day on.
    begin, end = np.array([0, 0, -9, 1]), np.array([5, 5, 0, 5])
    sales = drift.first_day + begin, drift.first_day + end
    return oracle, drift, sales


def test_purchases_follow_the_softmax_over_what_is_on_sale_on_the_day():
    oracle, drift, sales = small_world(shoppers=30000)
    one = np.ones(30000, int)
    users, items, days = purchases_in_time(np.random.default_rng(6), oracle, drift, sales, one)
    assert sorted(users) == list(range(30000))
    popular = np.exp([0.0, 0.2, -0.2, 0.0])
    weights = np.exp([[1, 0, -1, -np.inf], [-1, 1, -np.inf, 1]]) * popular
    for day, weight in zip(drift.days, weights, strict=True):
        bought = np.bincount(items[days == day], minlength=4)
        assert bought.sum() == pytest.approx(15000, abs=500)
        on_sale = weight > 0
        assert not bought[~on_sale].any()
        expected = bought.sum() * weight / weight.sum()
        assert chisquare(bought[on_sale], expected[on_sale]).pvalue > 1e-3


def test_nobody_buys_twice_or_more_than_there_is():
    oracle, drift, sales = small_world(shoppers=200)
    users, items, _ = purchases_in_time(
        np.random.default_rng(6), oracle, drift, sales, np.full(200, 9)
    )
    assert len(np.unique(np.stack([users, items]), axis=1).T) == len(users)
    # Who shops on both days gets all four garments.
    assert (np.bincount(users, minlength=200) == 4).mean() > 0.9


def test_a_shopper_of_a_large_shop_looks_at_a_part_of_it(monkeypatch):
    monkeypatch.setattr(purchases_module, "CONSIDERED", 2)
    oracle, drift, sales = small_world(shoppers=3000)
    _, items, days = purchases_in_time(
        np.random.default_rng(6), oracle, drift, sales, np.ones(3000, int)
    )
    for day in drift.days:
        assert len(set(items[days == day])) == 2


def test_purchases_are_of_garments_on_sale_and_distinct(shop):
    pairs, days = shop.interactions, shop.interaction_days
    assert list(shop.attributes) == ["on_sale_from", "on_sale_until"]
    begin, end = (
        np.array([parse_day(text) for text in attribute.values])[attribute.codes]
        for attribute in shop.attributes.values()
    )
    assert (begin[pairs[:, 1]] <= days).all() and (days <= end[pairs[:, 1]]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert np.bincount(pairs[:, 0]).min() >= 8
    assert days.min() >= FIRST_DAY and days.max() < FIRST_DAY + NUM_DAYS
    assert np.bincount((days - FIRST_DAY) // 100)[:10].min() > 500
    split = temporal_split(shop, TimeCut("2025-10-01"))
    np.testing.assert_array_equal(split.on_sale_from, begin)
    np.testing.assert_array_equal(split.on_sale_until, end)
    assert 0.5 < np.mean(split.training_counts[split.test[:, 1]] == 0) < 0.95


def test_purchases_by_category_and_month_follow_the_true_utilities(shop):
    (users, items), days = shop.interactions.T, shop.interaction_days
    months = np.array([month_of(day) for day in days])
    split = temporal_split(shop, TimeCut("2025-10-01"))
    sold = (split.on_sale_from <= days[:, None]) & (days[:, None] <= split.on_sale_until)
    bought_on = np.full((300, 700), FIRST_DAY + NUM_DAYS)
    bought_on[users, items] = days
    weights = np.where(sold & (bought_on[users] >= days[:, None]), 1.0, 0.0)
    weights *= np.exp(shop.oracle.scores_at(users, days))
    chances = weights / weights.sum(axis=1, keepdims=True) @ np.eye(6)[shop.item_categories]
    bought = np.eye(6)[shop.item_categories[items]]
    by_month = np.eye(12)[months].T
    deviations = by_month @ (bought - chances) / np.sqrt(by_month @ (chances * (1 - chances)))
    assert np.abs(deviations).max() < 4.5
    assert 0.6 < np.square(deviations).mean() < 1.5
    shares = by_month @ bought / by_month.sum(axis=1, keepdims=True)
    dresses, trousers = CATEGORIES.index("Dresses"), CATEGORIES.index("Trousers")
    assert shares[5, dresses] > 3 * shares[0, dresses]
    assert shares[0, trousers] > 3 * shares[6, trousers]


def test_every_term_of_the_truth_helps_to_rank_what_is_bought(shop):
    oracle, until = shop.oracle, parse_day("2025-07-01")
    split = temporal_split(shop, TimeCut("2025-07-01"))
    (users, items), days = split.test.T, split.test_days
    candidates = np.ones((len(users), 700), bool)
    candidates[split.excluded("test")] = False
    candidates[np.arange(len(users)), items] = False

    def auc(drift):
        truth = Oracle(oracle.garments, oracle.shoppers, oracle.popularity, drift)
        scores = truth.scores_at(users, days)
        below = (scores < scores[np.arange(len(users)), items, None]) & candidates
        return np.mean(below.sum(axis=1) / candidates.sum(axis=1))

    best = auc(oracle.drift)
    assert 0.93 < best < 0.99
    for term in TERMS:
        assert auc(oracle.drift.without([term], until)) < best - 0.005
    assert 0.85 < auc(oracle.drift.without(TERMS, until)) / best < 0.94
    assert 0.985 < auc(oracle.drift.persisting(int(split.validation_days.min()))) / best < 1


def test_truth_is_saved_and_loaded(tmp_path):
    oracle = Atelier(users=3, items=9, drift=STRENGTH).oracle
    oracle.save(tmp_path, seed=0)
    saved = Oracle.load(tmp_path)
    assert saved.drift.first_day == FIRST_DAY
    np.testing.assert_array_equal(saved.garments, oracle.garments)
    for name in TERMS:
        np.testing.assert_array_equal(getattr(saved.drift, name), getattr(oracle.drift, name))
    Atelier(users=3, items=9).oracle.save(tmp_path, seed=0)
    assert Oracle.load(tmp_path).drift is None
    with np.load(tmp_path / "truth.npz") as truth:
        assert set(truth) == {"garments", "shoppers", "popularity", "seed"}


def test_a_seed_decides_every_byte_of_a_drift(tmp_path):
    for folder, seed in (("first", 3), ("same", 3), ("other", 4)):
        source = Atelier(seed=seed, users=6, items=24, size=16, drift=1.0)
        prepare(source, tmp_path / folder, name="tiny")
    catalogue = Catalogue.load(tmp_path / "first")
    assert list(catalogue.attributes) == ["on_sale_from", "on_sale_until"]
    for file in (tmp_path / "first").iterdir():
        assert (tmp_path / "same" / file.name).read_bytes() == file.read_bytes(), file
    for name in ("items.parquet", "interactions.parquet", "truth.npz"):
        other = (tmp_path / "other" / name).read_bytes()
        assert other != (tmp_path / "first" / name).read_bytes(), name


def test_garments_and_shoppers_are_those_of_the_catalogue_without_drift():
    still, drifting = Atelier(users=20, items=60), Atelier(users=20, items=60, drift=1.0)
    np.testing.assert_array_equal(still.oracle.garments, drifting.oracle.garments)
    np.testing.assert_array_equal(still.oracle.shoppers, drifting.oracle.shoppers)
    assert still.attributes == () and still.oracle.drift is None
    assert list(still.items(None, None)) == ["item", "category", "picture"]
    days = pd.to_datetime(still.interactions()["time"])
    assert set(days.dt.year) == {2025}


def test_a_drift_of_zero_is_three_years_without_changes():
    source = Atelier(users=20, items=200, drift=0.0)
    assert not source.oracle.drift_utilities(source.oracle.drift.days).any()
    assert set(pd.to_datetime(source.interactions()["time"]).dt.year) == {2023, 2024, 2025}


@pytest.mark.parametrize("drift", [-0.1, np.nan, np.inf])
def test_a_drift_that_is_no_number_of_nats_is_refused(drift):
    with pytest.raises(InputError, match=f"`drift` is {drift}, but it is a number of nats"):
        Atelier(drift=drift)


# Recovery


@pytest.fixture(scope="module")
def oracle():
    return Atelier(seed=1, users=4, items=150, drift=STRENGTH).oracle


@pytest.fixture(scope="module")
def days():
    """The middle of each month from 2023-01 to 2025-09."""
    return (
        np.arange("2023-01", "2025-10", dtype="datetime64[M]").astype("datetime64[D]").astype(int)
        + 14
    )


def test_the_truth_is_recovered_in_any_unit_and_with_any_tastes(oracle, days):
    rng = np.random.default_rng(7)
    truth = oracle.drift_utilities(days)
    same = 3 * truth + rng.standard_normal((len(days), 1)) + 5 * rng.standard_normal((1, 150))
    assert drift_recovery(oracle, same, days) == pytest.approx((1, 1))
    assert drift_recovery(oracle, -truth, days) == pytest.approx((-1, -1))


def test_what_recurs_every_year_is_season_wherever_a_model_has_it(oracle, days):
    truth = oracle.drift_utilities(days)
    months = np.array([month_of(day) for day in days])
    recurring = np.random.default_rng(8).standard_normal((4, 150))[months // 3]
    assert drift_recovery(oracle, truth + recurring, days).trend == pytest.approx(1)
    assert drift_recovery(oracle, truth + recurring, days).season < 0.98
    trend, season = (
        oracle.drift_utilities(days, terms) for terms in (["trend"], ["season", "category"])
    )
    assert drift_recovery(oracle, season, days).trend == 0
    assert drift_recovery(oracle, trend, days).trend == pytest.approx(1)
    assert drift_recovery(oracle, season, days).season > 0.95
    assert drift_recovery(oracle, trend, days).season < 0.5


def test_noise_recovers_nothing(oracle, days):
    noise = np.random.default_rng(9).standard_normal((len(days), 150))
    assert np.abs(drift_recovery(oracle, noise, days)).max() < 0.06
    assert drift_recovery(oracle, np.ones((len(days), 150)), days) == (0, 0)


def test_recovery_is_the_correlation_of_the_parts(oracle, days):
    truth = oracle.drift_utilities(days)
    rough = truth + 2 * np.random.default_rng(10).standard_normal(truth.shape)
    months = np.array([month_of(day) for day in days])

    def parts(table):
        frame = pd.DataFrame(table)
        frame = frame.sub(frame.mean(axis=1), axis=0)
        by_month = frame.groupby(months)
        season = by_month.mean()
        return frame - by_month.transform("mean"), season - season.mean()

    expected = [
        np.corrcoef(p.to_numpy().ravel(), t.to_numpy().ravel())[0, 1]
        for p, t in zip(parts(rough), parts(truth), strict=True)
    ]
    assert drift_recovery(oracle, rough, days) == pytest.approx(expected)
    assert min(expected) > 0.3 and max(expected) < 0.95


def test_what_cannot_be_recovered_is_refused(oracle, days):
    with pytest.raises(InputError, match="no drift"):
        drift_recovery(Atelier(users=3, items=150).oracle, np.zeros((33, 150)), days)
    with pytest.raises(InputError, match=r"shape \(33, 149\)"):
        drift_recovery(oracle, np.zeros((33, 149)), days)
    with pytest.raises(InputError, match="month 1 occurs once"):
        drift_recovery(oracle, np.zeros((12, 150)), days[:12])
