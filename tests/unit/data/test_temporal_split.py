"""A split in time, against loops over the purchases."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion import InputError
from keras_fashion.data import (
    TimeCut,
    format_day,
    last_out,
    parse_day,
    temporal_split,
    triplets,
)
from keras_fashion.data.columns import Attribute
from keras_fashion.data.purchase_times import UNKNOWN_DAY

USERS, ITEMS = 12, 30
FIRST = parse_day("2020-01-01")
CUT = TimeCut(format_day(FIRST + 70), validation_from=format_day(FIRST + 55))


def made(seed=0, attributes=None):
    """A catalogue of random purchases over a hundred days; items come on sale one after another."""
    rng = np.random.default_rng(seed)
    rows = {}
    for _ in range(240):
        user, day = int(rng.integers(USERS)), int(rng.integers(100))
        rows.setdefault((user, int(rng.integers(1 + ITEMS * (day + 10) // 110))), day)
    pairs = np.array(sorted(rows), np.int32)
    days = np.array([FIRST + rows[tuple(pair)] for pair in pairs.tolist()], np.int32)
    return SimpleNamespace(
        name="shop",
        user_ids=[f"u{n}" for n in range(USERS)],
        item_ids=[f"i{n}" for n in range(ITEMS)],
        interactions=pairs,
        interaction_days=days,
        attributes=attributes or {},
    )


@pytest.fixture(scope="module")
def shop():
    return made()


@pytest.fixture(scope="module")
def split(shop):
    return temporal_split(shop, CUT)


def purchases(shop):
    for (user, item), day in zip(shop.interactions.tolist(), shop.interaction_days, strict=True):
        yield user, item, int(day)


def test_the_parts_follow_each_other_in_time(shop, split):
    trained = {user for user, _, day in purchases(shop) if day < FIRST + 55}
    expected = {"train": set(), "validation": set(), "test": set()}
    for user, item, day in purchases(shop):
        if day < FIRST + 55:
            expected["train"].add((user, item, day))
        elif user in trained:
            expected["validation" if day < FIRST + 70 else "test"].add((user, item, day))
    for part, rows in expected.items():
        pairs, days = getattr(split, part), getattr(split, f"{part}_days")
        assert {(*pair, int(day)) for pair, day in zip(pairs.tolist(), days, strict=True)} == rows
        assert len(pairs) == len(rows)


def test_a_test_part_may_end(shop, split):
    end = TimeCut(CUT.test_from, CUT.validation_from, format_day(FIRST + 80))
    short = temporal_split(shop, end)
    within = split.test_days <= FIRST + 80
    assert sorted(map(tuple, short.test)) == sorted(map(tuple, split.test[within]))
    np.testing.assert_array_equal(short.train, split.train)


def test_validation_is_a_tenth_of_what_comes_before_unless_said(shop):
    split = temporal_split(shop, TimeCut(CUT.test_from))
    before = sorted(day for _, _, day in purchases(shop) if day < FIRST + 70)
    assert split.validation_days.min() >= before[int(0.9 * len(before))]
    assert split.train_days.max() < split.validation_days.min()


@pytest.mark.parametrize("part", ["validation", "test"])
def test_candidates_are_on_sale_and_not_bought_before(shop, split, part):
    first_sale = {}
    for _, item, day in purchases(shop):
        first_sale[item] = min(day, first_sale.get(item, day))
    kept = {user for user, _ in split.train.tolist()}
    found = [[] for _ in getattr(split, part)]
    for row, item in zip(*split.excluded(part), strict=True):
        found[row].append(item)
    assert len(found) > 10
    for number, ((user, own), day) in enumerate(
        zip(getattr(split, part).tolist(), getattr(split, f"{part}_days"), strict=True)
    ):
        bought = {i for u, i, d in purchases(shop) if u == user and d <= day and u in kept}
        off_sale = {item for item in range(ITEMS) if first_sale.get(item, np.inf) > day}
        assert sorted(found[number]) == sorted((bought | off_sale) - {own})


def test_excluded_items_of_some_rows_are_those_of_all(split):
    rows, items = split.excluded("test")
    some_rows, some_items = split.excluded("test", slice(3, 8))
    inside = (rows >= 3) & (rows < 8)
    np.testing.assert_array_equal(some_rows, rows[inside] - 3)
    np.testing.assert_array_equal(some_items, items[inside])


@pytest.fixture(scope="module")
def short_lived(shop):
    """The split of a shop in which an item is sold for 12 days, or until its last purchase."""
    split = temporal_split(shop, CUT)
    last_sale = np.zeros(ITEMS, np.int32)
    np.maximum.at(last_sale, shop.interactions[:, 1], shop.interaction_days)
    begin = np.minimum(split.on_sale_from, FIRST + 1000)
    until = np.maximum(begin + 12, np.minimum(last_sale, begin + 30))
    return replace(split, on_sale_until=until)


@pytest.mark.parametrize("name", ["split", "short_lived"])
def test_negatives_are_on_sale_on_the_day_of_their_positive(request, name):
    split = request.getfixturevalue(name)
    candidates = split.negatives()
    exhausted = 0
    for (user, _), day, count, earliest in zip(
        split.train.tolist(), split.train_days, candidates.counts, candidates.days, strict=True
    ):
        on_sale = set(np.flatnonzero(split.on_sale(day)).tolist())
        own = {item for other, item in split.train.tolist() if other == user}
        if on_sale <= own:
            exhausted += 1
            last = split.train_days.max()
            on_sale = {item for item in range(ITEMS) if split.on_sale_from[item] <= last}
        first = candidates.items[:count]
        assert set(first[candidates.last_days[first] >= earliest].tolist()) == on_sale
    assert 0 < exhausted < len(split.train) / 2


@pytest.mark.parametrize("name", ["split", "short_lived"])
@pytest.mark.parametrize("shared", [0, 16])
def test_batches_do_not_see_the_future(request, name, shared):
    split = request.getfixturevalue(name)
    day_of = {
        pair: day
        for pair, day in zip(map(tuple, split.train.tolist()), split.train_days, strict=True)
    }
    seen = 0
    for batch in triplets(split, 32, seed=0, negatives=shared, history=4).take(6):
        users, positives, negatives = (
            batch[name].numpy() for name in ("user", "positive", "negative")
        )
        assert batch["month"].numpy().tolist() == [
            int(np.datetime64(int(day_of[pair]), "D").astype("datetime64[M]").astype(int))
            for pair in zip(users.tolist(), positives.tolist(), strict=True)
        ]
        for row, (user, item) in enumerate(zip(users.tolist(), positives.tolist(), strict=True)):
            day = day_of[user, item]
            for each, age in zip(batch["history"][row], batch["history_age"][row], strict=True):
                assert each < 0 or day_of[user, int(each)] == day - int(age)
            history = [each for each in batch["history"][row].numpy().tolist() if each >= 0]
            earlier = [i for (u, i), d in day_of.items() if u == user and d < day]
            assert set(history) <= set(earlier) and len(history) == min(4, len(earlier))
            seen += len(history)
            compared = (
                negatives[batch["mask"][row].numpy() == 1] if shared else negatives[row : row + 1]
            )
            on_sale = split.on_sale(day)[compared]
            everything = set(np.flatnonzero(split.on_sale(day)).tolist())
            if not everything <= {i for u, i in day_of if u == user}:
                assert on_sale.all()
            assert not {(user, int(each)) for each in compared} & set(day_of)
    assert seen > 50


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_what_was_bought_before_an_interaction(shop, split, part):
    rows, items, ages = split.bought_before(part)
    found = set(zip(rows.tolist(), items.tolist(), ages.tolist(), strict=True))
    kept = set(split.train[:, 0].tolist())
    expected = {
        (row, item, int(day) - bought)
        for row, ((user, _), day) in enumerate(
            zip(getattr(split, part).tolist(), split.days_of(part), strict=True)
        )
        for other, item, bought in purchases(shop)
        if other == user and other in kept and bought < day
    }
    assert found == expected and len(found) == len(rows)


def test_what_was_bought_before_a_day(shop, split):
    day = FIRST + 80
    pairs, days = split.before(day)
    kept = set(split.train[:, 0].tolist())
    expected = {each for each in purchases(shop) if each[2] < day and each[0] in kept}
    assert {(*pair, int(d)) for pair, d in zip(pairs.tolist(), days, strict=True)} == expected


def test_a_shop_says_itself_when_items_are_on_sale():
    shop = made()
    last_sale = np.full(ITEMS, UNKNOWN_DAY)
    np.maximum.at(last_sale, shop.interactions[:, 1], shop.interaction_days)
    until = np.maximum(last_sale, FIRST + 60)
    texts = [format_day(each) if number else "" for number, each in enumerate(until)]
    values, codes = np.unique(texts, return_inverse=True)
    early = Attribute(np.array([format_day(FIRST - 9)]), np.zeros(ITEMS, np.int32))
    shop.attributes = {"on_sale_from": early, "on_sale_until": Attribute(values, codes)}
    split = temporal_split(shop, CUT)
    assert set(split.on_sale_from) == {FIRST - 9}
    np.testing.assert_array_equal(split.on_sale_until[1:], until[1:])
    assert split.on_sale_until[0] == np.iinfo(np.int32).max
    row = int(np.flatnonzero(split.test_days > FIRST + 75)[0])
    excluded = set(split.excluded("test", slice(row, row + 1))[1].tolist())
    ended = {item for item in range(1, ITEMS) if until[item] < split.test_days[row]}
    assert ended - {split.test[row, 1]} <= excluded


def test_a_summary_names_days_and_users(split):
    assert split.summary().startswith(f"split: {len(np.unique(split.train[:, 0]))} users; ")
    assert f"test ({format_day(split.test_days.min())} to " in split.summary()


def test_some_rows_of_the_test_part_keep_their_days(split):
    some = split.with_test_rows(np.array([4, 1]))
    np.testing.assert_array_equal(some.test, split.test[[4, 1]])
    np.testing.assert_array_equal(some.test_days, split.test_days[[4, 1]])


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (TimeCut("2019-01-01"), "the training part is empty: .* from 2020-01-01 to 2020-04-09"),
        (TimeCut("2020-05-01"), "the test part is empty: .* the test part on 2020-05-01"),
        (TimeCut("2020-03-01", "2019-12-01"), "the training part is empty"),
    ],
)
def test_a_part_that_is_empty_is_named(shop, cut, message):
    with pytest.raises(InputError, match=message):
        temporal_split(shop, cut)


def at_a_cut(shop):
    return temporal_split(shop, CUT)


def the_last_out(shop):
    return last_out(shop, seed=0)


@pytest.mark.parametrize("split", [at_a_cut, the_last_out])
def test_a_catalogue_without_times_is_refused(split):
    shop = made()
    shop.interaction_days = np.full(len(shop.interactions), UNKNOWN_DAY, np.int32)
    with pytest.raises(InputError, match="shop has no times of purchases"):
        split(shop)


@pytest.mark.parametrize("split", [at_a_cut, the_last_out])
def test_purchases_in_the_future_are_refused(split):
    shop = made()
    shop.interaction_days = shop.interaction_days + 80 * 365
    with pytest.raises(InputError, match="shop has purchases in the future, the last one on 2"):
        split(shop)


def test_the_last_purchase_is_tested_and_the_one_before_validates():
    shop = made()
    shop.interaction_days[::9] = UNKNOWN_DAY
    # Of user 3 two purchases are known in time.
    shop.interaction_days[np.flatnonzero(shop.interactions[:, 0] == 3)[2:]] = UNKNOWN_DAY
    split = last_out(shop, seed=0)
    rows = {
        part: {
            (*pair, int(day))
            for pair, day in zip(
                getattr(split, part).tolist(), getattr(split, f"{part}_days"), strict=True
            )
        }
        for part in ("train", "validation", "test")
    }
    dated = {row for row in purchases(shop) if row[2] != UNKNOWN_DAY}
    assert set.union(*rows.values()) == dated
    assert sum(map(len, rows.values())) == len(dated)
    for user in range(USERS):
        days = sorted(day for owner, _, day in dated if owner == user)
        own = {
            part: [day for owner, _, day in each if owner == user] for part, each in rows.items()
        }
        if len(days) < 3:
            assert own["train"] == days and not own["test"] + own["validation"]
        else:
            assert (own["validation"], own["test"]) == (days[-2:-1], days[-1:])
            assert sorted(own["train"]) == days[:-2]
    assert len(split.test) == len(split.validation) < USERS


def test_of_the_purchases_of_a_day_a_seed_says_which_is_last():
    shop = made()
    shop.interaction_days[shop.interactions[:, 0] == 5] = FIRST + 40
    own = set(shop.interactions[shop.interactions[:, 0] == 5, 1].tolist())
    tested = set()
    for seed in range(120):
        split = last_out(shop, seed)
        assert np.array_equal(split.test, last_out(shop, seed).test)
        tested |= set(split.test[split.test[:, 0] == 5, 1].tolist())
    assert len(own) > 10 and tested == own


def test_the_last_purchases_are_ranked_among_what_is_on_sale():
    shop = made()
    split = last_out(shop, seed=0)
    first_sale = {}
    for _, item, day in purchases(shop):
        first_sale[item] = min(day, first_sale.get(item, day))
    found = [set() for _ in split.validation]
    for row, item in zip(*split.excluded("validation"), strict=True):
        found[row].add(item)
    for number, ((user, own), day) in enumerate(
        zip(split.validation.tolist(), split.validation_days, strict=True)
    ):
        bought = {i for u, i, d in purchases(shop) if u == user and d <= day}
        off_sale = {item for item in range(ITEMS) if first_sale.get(item, np.inf) > day}
        assert found[number] == (bought | off_sale) - {own}


def test_users_with_two_purchases_have_no_last_one_to_hold_out():
    shop = made()
    rows = np.concatenate([np.flatnonzero(shop.interactions[:, 0] == u)[:2] for u in range(USERS)])
    shop.interactions, shop.interaction_days = shop.interactions[rows], shop.interaction_days[rows]
    with pytest.raises(InputError, match="no user of catalogue shop has three items with a time"):
        last_out(shop, seed=0)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (("22 June",), "'22 June' is no date"),
        (("2020-06-22", "2020-06-22"), "does not begin before the test part"),
        (("2020-06-22", None, "2020-06-21"), "ends on 2020-06-21, before it begins"),
    ],
)
def test_days_that_are_not_in_order_are_refused(days, message):
    with pytest.raises(InputError, match=message):
        TimeCut(*days)
