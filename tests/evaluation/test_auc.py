import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score

from keras_fashion.catalogue.split import Split
from keras_fashion.evaluation import auc
from keras_fashion.evaluation.auc import UserAUC, exact_auc

ITEMS = 14


def random_split(seed, users=9):
    """Users 0.. own 4 to 8 items, early items more often; the last user is in training only."""
    rng = np.random.default_rng(seed)
    weights = 1 / (1 + np.arange(ITEMS))
    parts = {"train": [], "validation": [], "test": []}
    for user in rng.permutation(users):
        size = rng.integers(4, 9)
        items = rng.choice(ITEMS, size, replace=False, p=weights / weights.sum())
        if user == users - 1:
            parts["train"] += [(user, item) for item in items]
            continue
        parts["test"].append((user, items[0]))
        parts["validation"].append((user, items[1]))
        parts["train"] += [(user, item) for item in items[2:]]
    return Split(users, ITEMS, **{name: np.array(p, np.int32) for name, p in parts.items()})


def brute_force(scores, split, part):
    """(user, AUC, matched AUC or NaN, training count) of each held-out row, one by one."""
    counts = [sum(1 for _, item in split.train if item == each) for each in range(ITEMS)]
    rows = []
    for user, item in getattr(split, part):
        known = {
            i for p in ("train", "validation", "test") for u, i in getattr(split, p) if u == user
        }
        wins, pairs, matched_wins, matched_pairs = 0.0, 0, 0.0, 0
        for other in range(ITEMS):
            if other in known:
                continue
            win = 1.0 if scores[user, other] < scores[user, item] else 0.0
            if scores[user, other] == scores[user, item]:
                win = 0.5
            wins, pairs = wins + win, pairs + 1
            if counts[other] == counts[item] or (counts[other] >= 5 and counts[item] >= 5):
                matched_wins, matched_pairs = matched_wins + win, matched_pairs + 1
        matched = matched_wins / matched_pairs if matched_pairs else math.nan
        rows.append((wins / pairs, matched, counts[item]))
    return np.array(rows).T


scores_with_ties = arrays(np.float64, (9, ITEMS), elements=st.integers(-4, 4))
part = st.sampled_from(["test", "validation"])


@settings(max_examples=60, deadline=None)
@given(scores=scores_with_ties, seed=st.integers(0, 10**6), part=part)
def test_equals_a_brute_force_loop(scores, seed, part):
    split = random_split(seed)
    ours = exact_auc(lambda users: scores[users], split, part)
    all_items, matched, counts = brute_force(scores, split, part)
    np.testing.assert_allclose(ours.auc, all_items)
    np.testing.assert_allclose(ours.matched, matched)
    np.testing.assert_array_equal(ours.training_count, counts)


@settings(max_examples=30, deadline=None)
@given(scores=scores_with_ties, seed=st.integers(0, 10**6))
def test_equals_scikit_learn(scores, seed):
    split = random_split(seed)
    ours = exact_auc(lambda users: scores[users], split)
    everything = np.concatenate([split.train, split.validation, split.test])
    for (user, item), value in zip(split.test, ours.auc, strict=True):
        negatives = np.setdiff1d(np.arange(ITEMS), everything[everything[:, 0] == user, 1])
        shown = np.append(scores[user, negatives], scores[user, item])
        truth = np.append(np.zeros(len(negatives)), 1)
        assert value == pytest.approx(roc_auc_score(truth, shown))


@settings(max_examples=30, deadline=None)
@given(scores=scores_with_ties, seed=st.integers(0, 10**6))
def test_depends_on_the_order_alone(scores, seed):
    split = random_split(seed)
    plain = exact_auc(lambda users: scores[users], split)
    bent = exact_auc(lambda users: scores[users] ** 3 + 7, split)
    turned = exact_auc(lambda users: -scores[users], split)
    np.testing.assert_array_equal(bent.auc, plain.auc)
    np.testing.assert_array_equal(bent.matched, plain.matched)
    np.testing.assert_allclose(turned.auc, 1 - plain.auc)
    np.testing.assert_allclose(turned.matched, 1 - plain.matched)


def test_by_hand():
    # Ten items. User 0 trains on 0 and 1, validates 2, is tested on 3: negatives 4 to 9.
    split = Split(
        user_count=2,
        item_count=10,
        train=np.array([(0, 0), (0, 1), (1, 3), (1, 4), (1, 5)], np.int32),
        validation=np.array([(0, 2)], np.int32),
        test=np.array([(0, 3)], np.int32),
    )
    #                 0    1    2    3    4    5    6    7    8    9
    scores = np.array([[9.0, 0.0, 9.0, 5.0, 4.0, 5.0, 6.0, 7.0, 1.0, 5.0]])
    result = exact_auc(lambda users: scores[users], split)
    # Below 5: items 4 and 8; ties: 5 and 9; above: 6 and 7. (2 + 2 / 2) / 6.
    assert result.auc.tolist() == [0.5]
    # Item 3 has one training interaction, as have 4 (below) and 5 (a tie): 1.5 / 2.
    assert result.matched.tolist() == [0.75]
    assert result.training_count.tolist() == [1]


def test_blocks_make_no_difference(monkeypatch):
    split = random_split(3, users=40)
    scores = np.random.default_rng(0).normal(size=(40, ITEMS))
    asked = []

    def of_block(users):
        asked.append(len(users))
        return scores[users]

    whole = exact_auc(of_block, split)
    monkeypatch.setattr(auc, "USERS_AT_A_TIME", 7)
    blocks = exact_auc(of_block, split)
    assert asked == [39, 7, 7, 7, 7, 7, 4]
    np.testing.assert_array_equal(blocks.auc, whole.auc)
    np.testing.assert_array_equal(blocks.matched, whole.matched)


def test_groups_by_hand():
    result = UserAUC(
        auc=np.array([0.1, 0.2, 0.4, 0.8, 0.9]),
        matched=np.array([0.3, np.nan, 0.5, 0.7, np.nan]),
        training_count=np.array([0, 1, 4, 5, 60]),
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


def test_an_empty_group_has_no_mean():
    warm = UserAUC(np.array([0.5]), np.array([np.nan]), np.array([9]))
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
    none = np.empty((0, 2), np.int32)
    split = Split(2, 3, train, none, np.array([(0, 2), (1, 1)], np.int32))
    result = exact_auc(lambda users: np.array([[0.0, 1.0, 0.5]] * 2)[users], split)
    np.testing.assert_array_equal(result.auc, [np.nan, 1])
    assert result.means()["auc_all"] == 1


def test_nobody_held_out():
    none = np.empty((0, 2), np.int32)
    split = Split(1, 2, np.array([(0, 0)], np.int32), none, none)
    means = exact_auc(lambda users: np.zeros((len(users), 2)), split).means()
    assert set(means.values()) == {None}
