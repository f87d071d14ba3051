import math
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score

from keras_fashion.data.split import Split
from keras_fashion.data.temporal import TemporalSplit
from keras_fashion.errors import InputError
from keras_fashion.evaluation import ranking
from keras_fashion.evaluation.ranking import HeldOutRanks, rank_held_out
from keras_fashion.metrics import NDCG, MeanReciprocalRank, RankingAUC, RecallAtK
from keras_fashion.models.scoring_vectors import ScoringVectors

ITEMS = 14
NONE = np.empty((0, 2), np.int32)


def random_split(seed, users=9, items=ITEMS):
    """Users 0.. own 4 to 8 items, early items more often; the last user is in training only."""
    rng = np.random.default_rng(seed)
    weights = 1 / (1 + np.arange(items))
    parts = {"train": [], "validation": [], "test": []}
    for user in rng.permutation(users):
        size = rng.integers(4, 9)
        owned = rng.choice(items, size, replace=False, p=weights / weights.sum())
        if user == users - 1:
            parts["train"] += [(user, item) for item in owned]
            continue
        parts["test"].append((user, owned[0]))
        parts["validation"].append((user, owned[1]))
        parts["train"] += [(user, item) for item in owned[2:]]
    return Split(users, items, **{name: np.array(p, np.int32) for name, p in parts.items()})


def candidates(split, user, item):
    """Items that the user has in no part."""
    every = np.concatenate([split.train, split.validation, split.test])
    return np.setdiff1d(np.arange(split.num_items), every[every[:, 0] == user, 1])


def brute_force(scores, split, part):
    """AUC, matched AUC or NaN, training count, items above and tied, of each row, one by one."""
    counts = [sum(1 for _, item in split.train if item == each) for each in range(ITEMS)]
    rows = []
    for user, item in getattr(split, part):
        wins, pairs, matched_wins, matched_pairs, above, tied = 0.0, 0, 0.0, 0, 0, 0
        for other in candidates(split, user, item):
            win = 1.0 if scores[user, other] < scores[user, item] else 0.0
            if scores[user, other] == scores[user, item]:
                win = 0.5
            wins, pairs = wins + win, pairs + 1
            above, tied = above + (win == 0.0), tied + (win == 0.5)
            if counts[other] == counts[item] or (counts[other] >= 5 and counts[item] >= 5):
                matched_wins, matched_pairs = matched_wins + win, matched_pairs + 1
        matched = matched_wins / matched_pairs if matched_pairs else math.nan
        rows.append((wins / pairs, matched, counts[item], above, tied))
    return np.array(rows).T


def covered(scores, split, part, k):
    """Expected share of the catalogue in any user's k best, where ties are broken at random."""
    missed = np.ones(split.num_items)
    for user, item in getattr(split, part):
        others = np.array([*candidates(split, user, item), item])
        own = scores[user, others]
        for other, score in zip(others, own, strict=True):
            above, level = (own > score).sum(), (own == score).sum()
            missed[other] *= 1 - np.clip((k - above) / level, 0, 1)
    return 1 - missed.mean()


scores_with_ties = arrays(np.float64, (9, ITEMS), elements=st.integers(-4, 4))
part = st.sampled_from(["test", "validation"])


@settings(max_examples=60, deadline=None)
@given(scores=scores_with_ties, seed=st.integers(0, 10**6), part=part)
def test_equals_a_brute_force_loop(scores, seed, part):
    split = random_split(seed)
    ours = rank_held_out(lambda users: scores[users], split, part)
    all_items, matched, counts, above, tied = brute_force(scores, split, part)
    np.testing.assert_allclose(ours.auc, all_items)
    np.testing.assert_allclose(ours.matched, matched)
    np.testing.assert_array_equal(ours.training_count, counts)
    np.testing.assert_array_equal(ours.above, above)
    np.testing.assert_array_equal(ours.tied, tied)


@settings(max_examples=30, deadline=None)
@given(scores=scores_with_ties, seed=st.integers(0, 10**6))
def test_equals_scikit_learn(scores, seed):
    split = random_split(seed)
    ours = rank_held_out(lambda users: scores[users], split)
    for (user, item), value in zip(split.test, ours.auc, strict=True):
        negatives = candidates(split, user, item)
        shown = np.append(scores[user, negatives], scores[user, item])
        truth = np.append(np.zeros(len(negatives)), 1)
        assert value == pytest.approx(roc_auc_score(truth, shown))


@settings(max_examples=30, deadline=None)
@given(scores=scores_with_ties, seed=st.integers(0, 10**6))
def test_depends_on_the_order_alone(scores, seed):
    split = random_split(seed)
    plain = rank_held_out(lambda users: scores[users], split)
    bent = rank_held_out(lambda users: scores[users] ** 3 + 7, split)
    turned = rank_held_out(lambda users: -scores[users], split)
    np.testing.assert_array_equal(bent.auc, plain.auc)
    np.testing.assert_array_equal(bent.matched, plain.matched)
    np.testing.assert_allclose(turned.auc, 1 - plain.auc)
    np.testing.assert_allclose(turned.matched, 1 - plain.matched)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("items", [ITEMS, 700], ids=["one chunk a bin", "many chunks"])
def test_coverage_equals_sorting(items, ties):
    split = random_split(1, items=items)
    scores = np.random.default_rng(2).normal(size=(9, items))
    scores = np.rint(2 * scores) if ties else scores
    ours = rank_held_out(lambda users: scores[users], split, "test", ks=(1, 3, 8, 12))
    for k, share in ours.coverage.items():
        assert share == pytest.approx(covered(scores, split, "test", k))


def test_by_hand():
    # Ten items. User 0 trains on 0 and 1, validates 2, is tested on 3: negatives 4 to 9.
    split = Split(
        num_users=2,
        num_items=10,
        train=np.array([(0, 0), (0, 1), (1, 3), (1, 4), (1, 5)], np.int32),
        validation=np.array([(0, 2)], np.int32),
        test=np.array([(0, 3)], np.int32),
    )
    #                 0    1    2    3    4    5    6    7    8    9
    scores = np.array([[9.0, 0.0, 9.0, 5.0, 4.0, 5.0, 6.0, 7.0, 1.0, 5.0]])
    result = rank_held_out(lambda users: scores[users], split, ks=(2, 4, 10))
    # Below 5: items 4 and 8; ties: 5 and 9; above: 6 and 7. (2 + 2 / 2) / 6.
    assert result.auc.tolist() == [0.5]
    # Item 3 has one training interaction, as have 4 (below) and 5 (a tie): 1.5 / 2.
    assert result.matched.tolist() == [0.75]
    assert result.training_count.tolist() == [1]
    # Behind 6 and 7, level with 5 and 9: its rank is 3, 4 or 5.
    assert result.above.tolist() == result.tied.tolist() == [2]
    # 7 and 6; then two of 3, 5 and 9, whichever; at last all seven that are not known.
    assert result.coverage == pytest.approx({2: 0.2, 4: 0.4, 10: 0.7})
    means = result.means()
    assert [means[f"recall@{k}"] for k in (2, 4, 10)] == pytest.approx([0, 2 / 3, 1])
    gains = 1 / math.log2(4), 1 / math.log2(5)
    assert [means[f"ndcg@{k}"] for k in (2, 4)] == pytest.approx([0, sum(gains) / 3])
    assert means["mrr"] == pytest.approx((1 / 3 + 1 / 4 + 1 / 5) / 3)


def test_a_constant_scorer_is_worth_what_chance_is():
    split = random_split(5, items=300)
    ranks = rank_held_out(lambda users: np.zeros((len(users), 300)), split, ks=(10,))
    means, candidates_of = ranks.means(), ranks.tied + 1
    assert means["auc_all"] == means["auc_matched"] == 0.5
    assert means["recall@10"] == pytest.approx((10 / candidates_of).mean())
    gain = sum(1 / math.log2(1 + rank) for rank in range(1, 11))
    assert means["ndcg@10"] == pytest.approx((gain / candidates_of).mean())
    assert means["coverage@10"] == pytest.approx(1 - (1 - 10 / 292) ** 8, abs=0.01)


@pytest.mark.parametrize(("tied", "recall"), [(19, 0.5), (21, 10 / 22), (9, 1), (0, 1)])
def test_recall_of_ties_for_the_first_place_is_its_expected_value(tied, recall):
    ranks = HeldOutRanks(
        np.array([0.9]), np.array([0.9]), np.array([3]), np.array([0.0]), np.array([1.0 * tied])
    )
    means = replace(ranks, coverage={10: 0.1}).means()
    assert means["recall@10"] == pytest.approx(recall)
    # Every order of those that tie, one by one.
    gains = [1 / math.log2(1 + rank) if rank <= 10 else 0 for rank in range(1, tied + 2)]
    assert means["ndcg@10"] == pytest.approx(np.mean(gains))


def vectors_of(split, dtype=np.float32):
    """Scoring vectors in which each two successive items tie exactly."""
    rng = np.random.default_rng(3)
    users = rng.normal(size=(split.num_users, 8)).astype(dtype)
    items = np.repeat(rng.normal(size=(split.num_items // 2, 8)), 2, axis=0).astype(dtype)
    biases = np.repeat(rng.normal(size=split.num_items // 2), 2).astype(dtype)
    return ScoringVectors(users, items, biases)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scoring_vectors_give_what_their_scores_give(dtype):
    split = random_split(3, users=40, items=700)
    vectors = vectors_of(split, dtype)
    ours = rank_held_out(vectors, split, ks=(5,))
    exact = vectors_of(split, np.float64).scores(np.arange(40))
    dense = rank_held_out(lambda users: tf.constant(exact[users]), split, ks=(5,))
    for name in ("auc", "matched", "above", "tied"):
        np.testing.assert_allclose(getattr(ours, name), getattr(dense, name))
    assert ours.coverage == pytest.approx(dense.coverage)
    # The other item of a pair ties in every precision, if the user does not have it.
    assert np.any(ours.tied == 1)


@pytest.mark.parametrize("linear", [True, False])
def test_blocks_make_no_difference(monkeypatch, linear):
    split = random_split(3, users=80, items=700)
    scores = vectors_of(split)
    asked = []

    def of_block(users):
        asked.append(len(users))
        return scores.scores(users)

    whole = rank_held_out(scores if linear else of_block, split, ks=(5,))
    monkeypatch.setattr(ranking, "BLOCK", 1)
    blocks = rank_held_out(scores if linear else of_block, split, ks=(5,))
    assert asked == ([] if linear else [79, 32, 32, 15])
    for name in ("auc", "matched", "above", "tied"):
        np.testing.assert_equal(getattr(blocks, name), getattr(whole, name))
    assert blocks.coverage == pytest.approx(whole.coverage)


def test_groups_by_hand():
    result = HeldOutRanks(
        auc=np.array([0.1, 0.2, 0.4, 0.8, 0.9]),
        matched=np.array([0.3, np.nan, 0.5, 0.7, np.nan]),
        training_count=np.array([0, 1, 4, 5, 60]),
        above=np.array([0, 1, 3, 9, 9]),
        tied=np.array([0, 1, 0, 0, 1]),
        coverage={10: 0.25},
    )
    means = result.means()
    assert means["auc_all"] == pytest.approx(0.48)
    assert means["auc_matched"] == pytest.approx(0.5)  # of 0.3, 0.5, 0.7
    assert means["auc_warm"] == pytest.approx(0.85)  # five and more
    assert means["auc_cold"] == pytest.approx(0.7 / 3)  # fewer than five, new ones among them
    assert means["auc_new"] == pytest.approx(0.1)
    assert means["auc_matched_cold"] == pytest.approx(0.4)
    squares = sum((value - 0.48) ** 2 for value in result.auc)
    assert means["auc_se"] == pytest.approx(math.sqrt(squares / 4) / math.sqrt(5))
    assert means["recall@10"] == 0.9  # the last one comes tenth or eleventh
    gains = [1, (1 / math.log2(3) + 0.5) / 2, 1 / math.log2(5), 1.5 / math.log2(11)]
    assert means["ndcg@10"] == pytest.approx(sum(gains) / 5)
    reciprocals = [1, (1 / 2 + 1 / 3) / 2, 1 / 4, 1 / 10, (1 / 10 + 1 / 11) / 2]
    assert means["mrr"] == pytest.approx(sum(reciprocals) / 5)
    assert means["coverage@10"] == 0.25


def test_an_empty_group_has_no_mean():
    warm = HeldOutRanks(
        np.array([0.5]), np.array([np.nan]), np.array([9]), np.array([1.0]), np.array([0.0])
    )
    assert warm.means() == {
        "auc_all": 0.5,
        "auc_matched": None,
        "auc_warm": 0.5,
        "auc_cold": None,
        "auc_new": None,
        "auc_matched_cold": None,
        "auc_se": None,
    }


def test_a_user_who_has_everything_does_not_spoil_the_mean():
    train = np.array([(0, 0), (0, 1), (1, 0)], np.int32)
    split = Split(2, 3, train, NONE, np.array([(0, 2), (1, 1)], np.int32))
    result = rank_held_out(lambda users: np.array([[0.0, 1.0, 0.5]] * 2)[users], split, ks=(1,))
    np.testing.assert_array_equal(result.auc, [np.nan, 1])
    means = result.means()
    assert means["auc_all"] == means["recall@1"] == means["mrr"] == 1


def test_nobody_held_out():
    split = Split(1, 2, np.array([(0, 0)], np.int32), NONE, NONE)
    means = rank_held_out(lambda users: np.zeros((len(users), 2)), split, ks=(1,)).means()
    assert means.pop("coverage@1") == 0
    assert set(means.values()) == {None}


def test_an_item_scored_minus_infinity_is_never_recommended():
    split = Split(1, 5, np.array([(0, 0)], np.int32), NONE, np.array([(0, 1)], np.int32))
    scores = np.array([[0, 1, -np.inf, 2, -np.inf]])
    result = rank_held_out(lambda users: scores[users], split, ks=(5,))
    assert result.auc.tolist() == [2 / 3]
    assert result.coverage == {5: 2 / 5}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_a_model_that_has_diverged(bad):
    split = random_split(0)
    user, item = split.test[4]
    scores = np.zeros((9, ITEMS))
    scores[user, item] = bad
    with pytest.raises(InputError, match=rf"scores of user {user} .*diverged"):
        rank_held_out(lambda users: scores[users], split)
    scores[user, item] = 0
    scores[user, candidates(split, user, item)[0]] = np.nan
    with pytest.raises(InputError, match=f"user {user} "):
        rank_held_out(lambda users: scores[users], split)
    vectors = vectors_of(split)
    vectors.users[user] = bad
    with pytest.raises(InputError, match=f"user {user} "):
        rank_held_out(vectors, split)


@pytest.mark.parametrize("k", [0, ITEMS + 1])
def test_refuses_a_list_longer_than_the_catalogue(k):
    with pytest.raises(InputError, match=f"{k} in `ks` .*14 items"):
        rank_held_out(lambda users: np.zeros((len(users), ITEMS)), random_split(0), ks=(1, k))


def test_refuses_scores_of_another_catalogue():
    split = random_split(0)
    with pytest.raises(InputError, match=r"\(8, 13\).*14 items"):
        rank_held_out(lambda users: np.zeros((len(users), 13)), split)
    with pytest.raises(InputError, match="9 users and 12 items.*9 and 14"):
        rank_held_out(vectors_of(random_split(0, items=12)), split)


@pytest.mark.parametrize("ties", [False, True])
def test_keras_metrics_of_the_whole_catalogue_give_the_same(ties):
    split = random_split(7)
    scores = np.random.default_rng(8).normal(size=(9, ITEMS))
    scores = np.rint(2 * scores) if ties else scores
    means = rank_held_out(lambda users: scores[users], split, ks=(3,)).means()
    labels = np.full((len(split.test), ITEMS), -1)
    for row, (user, item) in enumerate(split.test):
        labels[row, candidates(split, user, item)] = 0
        labels[row, item] = 1
    for name, metric in [
        ("auc_all", RankingAUC()),
        ("recall@3", RecallAtK(k=3)),
        ("ndcg@3", NDCG(k=3)),
        ("mrr", MeanReciprocalRank()),
    ]:
        metric.update_state(labels, scores[split.test[:, 0]])
        assert means[name] == pytest.approx(float(metric.result()))


def temporal_world(seed=0, users=7):
    """A split in time with several test rows a user, and random scores."""
    rng = np.random.default_rng(seed)
    first_sale = np.sort(rng.integers(0, 60, ITEMS))
    rows = {}
    for _ in range(90):
        user, item = int(rng.integers(users)), int(rng.integers(ITEMS))
        rows.setdefault((user, item), int(rng.integers(first_sale[item], 100)))
    days = {part: [] for part in ("train", "validation", "test")}
    pairs = {part: [] for part in days}
    for pair, day in rows.items():
        part = "train" if day < 60 else "validation" if day < 70 else "test"
        pairs[part].append(pair)
        days[part].append(day)
    split = TemporalSplit(
        users,
        ITEMS,
        **{part: np.array(each, np.int32).reshape(-1, 2) for part, each in pairs.items()},
        **{f"{part}_days": np.array(each, np.int32) for part, each in days.items()},
        on_sale_from=first_sale.astype(np.int32),
        on_sale_until=np.full(ITEMS, 95, np.int32),
    )
    return split, rows, rng.normal(size=(users, ITEMS))


def test_events_are_ranked_among_what_is_on_sale_and_averaged_by_user():
    split, rows, scores = temporal_world()
    ranks = rank_held_out(lambda users: scores[users], split, ks=(3,))
    aucs = []
    for (user, item), day in zip(split.test.tolist(), split.test_days, strict=True):
        others = [
            other
            for other in range(ITEMS)
            if split.on_sale_from[other] <= day <= split.on_sale_until[other]
            and rows.get((user, other), 999) > day
        ]
        labels = np.r_[1, np.zeros(len(others))]
        values = np.r_[scores[user, item], scores[user, others]]
        aucs.append(roc_auc_score(labels, values) if others else np.nan)
    np.testing.assert_allclose(ranks.auc, aucs, atol=1e-6)
    users = split.test[:, 0]
    assert len(np.unique(users)) < len(users)
    expected = [np.nanmean(np.array(aucs)[users == user]) for user in np.unique(users)]
    np.testing.assert_allclose(ranks.per_user()["auc_all"], expected)
    assert ranks.means()["auc_all"] == pytest.approx(np.nanmean(expected))
    among = np.where(np.isnan(ranks.above), np.nan, ranks.above < 3)
    recall = [np.nanmean(among[users == user]) for user in np.unique(users)]
    np.testing.assert_allclose(ranks.per_user()["recall@3"], recall)


def test_rows_of_a_temporal_split_are_ranked_as_in_the_whole():
    split, _, scores = temporal_world(1)
    whole = rank_held_out(lambda users: scores[users], split)
    some = rank_held_out(lambda users: scores[users], split, rows=slice(3, 9))
    np.testing.assert_array_equal(some.auc, whole.auc[3:9])
    np.testing.assert_array_equal(some.matched, whole.matched[3:9])
