"""Novelty, popularity and diversity of lists, against every order of the items that tie."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from keras_fashion.data.split import Split
from keras_fashion.data.temporal import TemporalSplit
from keras_fashion.errors import InputError, ScoresDiverged
from keras_fashion.evaluation import compare, ranking
from keras_fashion.evaluation.ranking import rank_held_out

ITEMS = 15
NONE = np.empty((0, 2), np.int32)
STYLE = np.random.default_rng(9).normal(size=(ITEMS, 4))


def random_split(seed, users=8):
    """Users own 5 to 7 items, early items more often; the last item is bought by nobody."""
    rng = np.random.default_rng(seed)
    weights = 1 / (1 + np.arange(ITEMS - 1))
    parts = {"train": [], "validation": [], "test": []}
    for user in range(users):
        owned = rng.choice(ITEMS - 1, rng.integers(5, 8), replace=False, p=weights / weights.sum())
        parts["test"].append((user, owned[0]))
        parts["validation"].append((user, owned[1]))
        parts["train"] += [(user, item) for item in owned[2:]]
    return Split(users, ITEMS, **{name: np.array(p, np.int32) for name, p in parts.items()})


def possible_lists(scores, candidates, k):
    """All lists of the k best candidates."""
    candidates = [item for item in candidates if scores[item] > -np.inf]
    k = min(k, len(candidates))
    last = sorted(scores[candidates])[::-1][k - 1]
    above = [item for item in candidates if scores[item] > last]
    tied = [item for item in candidates if scores[item] == last]
    return [above + list(more) for more in combinations(tied, k - len(above))]


def brute_force(scores, split, k, candidates_of):
    """Novelty, popularity and diversity of the list of each test row, as a mean over ties."""
    buyers = {item: {u for u, i in split.train if i == item} for item in range(ITEMS)}
    num_users = len({u for u, _ in split.train})
    popularity = np.array([len(buyers[item]) / num_users for item in range(ITEMS)])
    bits = np.array([-np.log2((len(buyers[i]) + 1) / (num_users + 1)) for i in range(ITEMS)])
    distances = cosine_distances(STYLE)
    rows = []
    for row, (user, _) in enumerate(split.test):
        lists = possible_lists(scores[user], candidates_of(row), k)
        pairs = [[distances[pair] for pair in combinations(each, 2)] for each in lists]
        own = [popularity[i] for u, i in split.train if u == user]
        rows.append(
            (
                np.mean([bits[each].mean() for each in lists]),
                np.mean([popularity[each].mean() for each in lists]),
                np.mean(own),
                np.mean([np.mean(each) for each in pairs]) if pairs[0] else np.nan,
            )
        )
    return np.array(rows).T


def not_bought(split):
    every = np.concatenate([split.train, split.validation, split.test])

    def candidates_of(row):
        user, own = split.test[row]
        return [i for i in range(ITEMS) if i == own or (user, i) not in set(map(tuple, every))]

    return candidates_of


def some_scores(ties):
    scores = np.random.default_rng(2).normal(size=(8, ITEMS))
    if ties == "many":
        scores = np.rint(scores)
    if ties == "few":
        scores[:, 1::2] = scores[:, :-1:2]
    if ties == "all":
        scores[:] = 0
    return scores


@pytest.mark.parametrize("ties", ["none", "few", "many", "all"])
def test_lists_are_those_of_all_orders_of_what_ties(ties):
    split, scores = random_split(0), some_scores(ties)
    ranks = rank_held_out(lambda users: scores[users], split, ks=(1, 3, 6), style=STYLE)
    for k, contents in ranks.lists.items():
        expected = brute_force(scores, split, k, not_bought(split))
        np.testing.assert_allclose(contents, expected, rtol=1e-5)
    per_user, contents = ranks.per_user(), ranks.lists[3]
    np.testing.assert_array_equal(per_user["novelty@3"], contents.novelty)
    np.testing.assert_array_equal(per_user["diversity@3"], contents.diversity)
    recommended, bought = contents.popularity.mean(), contents.bought_popularity.mean()
    assert ranks.means()["popularity_lift@3"] == pytest.approx((recommended - bought) / bought)
    assert ranks.means()["diversity@1"] is None


def test_lists_in_time_are_of_what_is_on_sale_and_averaged_by_user():
    rng = np.random.default_rng(4)
    rows = {(int(rng.integers(6)), int(rng.integers(ITEMS))): day for day in range(50)}
    pairs, days = np.array(list(rows), np.int32), np.array(list(rows.values()), np.int32)
    late = (days >= 30) & np.isin(pairs[:, 0], pairs[days < 30, 0])
    split = TemporalSplit(
        *(6, ITEMS, pairs[days < 30], NONE, pairs[late]),
        *(days[days < 30], np.empty(0, np.int32), days[late]),
        on_sale_from=rng.integers(0, 40, ITEMS).astype(np.int32),
        on_sale_until=np.full(ITEMS, 60, np.int32),
    )
    scores = np.rint(rng.normal(size=(6, ITEMS)))

    def candidates_of(row):
        user, own = split.test[row]
        day = split.test_days[row]
        return [
            item
            for item in range(ITEMS)
            if item == own or (split.on_sale_from[item] <= day and rows.get((user, item), 99) > day)
        ]

    ranks = rank_held_out(lambda users: scores[users], split, ks=(3,), style=STYLE)
    expected = brute_force(scores, split, 3, candidates_of)
    np.testing.assert_allclose(ranks.lists[3], expected, rtol=1e-5)
    users = np.unique(split.test[:, 0])
    assert len(users) < len(split.test)
    novelty, popularity, bought, diversity = (
        np.array([np.nanmean(each[split.test[:, 0] == user]) for user in users])
        for each in expected
    )
    per_user = ranks.per_user()
    np.testing.assert_allclose(per_user["novelty@3"], novelty, rtol=1e-5)
    np.testing.assert_allclose(per_user["diversity@3"], diversity, rtol=1e-5)
    lift = popularity.mean() / bought.mean() - 1
    assert per_user["popularity_lift@3"].mean() == pytest.approx(lift, rel=1e-5)


def test_what_is_never_recommended_makes_lists_shorter():
    split, scores = random_split(0), some_scores("few")
    for user, own in split.test:
        scores[user, np.setdiff1d(np.arange(user, ITEMS), own)] = -np.inf
    ranks = rank_held_out(lambda users: scores[users], split, ks=(6,), style=STYLE)
    expected = brute_force(scores, split, 6, not_bought(split))
    assert 0 < np.isnan(expected[3]).sum() < 8  # Some lists have one item, some have more.
    np.testing.assert_allclose(ranks.lists[6], expected, rtol=1e-5)


def test_blocks_and_repeated_lengths_make_no_difference(monkeypatch):
    split, scores = random_split(3, users=90), np.tile(some_scores("many"), (12, 1))
    whole = rank_held_out(lambda users: scores[users], split, ks=(3, 5), style=STYLE)
    monkeypatch.setattr(ranking, "BLOCK", 1)
    blocks = rank_held_out(lambda users: scores[users], split, ks=(3, 5, 3), style=STYLE)
    assert list(blocks.lists) == [3, 5]
    for k in (3, 5):
        np.testing.assert_allclose(blocks.lists[k], whole.lists[k], rtol=1e-6)


def test_without_a_style_there_is_no_diversity():
    split, scores = random_split(0), some_scores("few")
    ranks = rank_held_out(lambda users: scores[users], split, ks=(3,))
    assert ranks.lists[3].diversity is None
    assert {"novelty@3", "popularity_lift@3"} <= set(ranks.means())
    assert "diversity@3" not in ranks.means()
    assert rank_held_out(lambda users: scores[users], split, style=STYLE).lists == {}


def test_a_comparison_has_intervals_of_them():
    split, scores = random_split(0), some_scores("few")
    models = {"flat": lambda users: 0 * scores[users], "few": lambda users: scores[users]}
    measured = compare(models, split, ks=(3,), style=STYLE).models["few"]
    for name in ("novelty@3", "diversity@3", "popularity_lift@3"):
        assert measured[name].low < measured[name].mean < measured[name].high


def test_refuses_the_style_of_other_items():
    scores = some_scores("none")
    with pytest.raises(InputError, match="`style` has the features of 14 items; .* has 15"):
        rank_held_out(lambda users: scores[users], random_split(0), ks=(3,), style=STYLE[1:])


def test_a_model_that_has_diverged_is_still_named():
    scores = some_scores("none")
    scores[2] = np.nan
    with pytest.raises(ScoresDiverged, match="user 2 "):
        rank_held_out(lambda users: scores[users], random_split(0), ks=(3,), style=STYLE)
