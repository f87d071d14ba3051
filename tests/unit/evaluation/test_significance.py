import itertools

import numpy as np
import pytest

from keras_fashion.data import Split
from keras_fashion.evaluation import compare, rank_held_out, significance
from keras_fashion.evaluation.significance import (
    Estimate,
    bootstrap_mean,
    holm_correction,
    paired_test,
)


def test_interval_of_a_mean_is_that_of_normal_theory_where_it_holds():
    values = np.random.default_rng(0).normal(3, 2, 2000)
    estimate = bootstrap_mean(np.append(values, [np.nan] * 50))
    assert estimate.mean == pytest.approx(values.mean())
    half = 1.96 * values.std(ddof=1) / 2000**0.5
    assert estimate.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert estimate.high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_interval_of_a_rare_event_is_lopsided_and_no_share_below_zero():
    estimate = bootstrap_mean(np.repeat([0.0, 1.0], [497, 3]))
    assert 0 <= estimate.low < estimate.mean < estimate.high
    assert estimate.high - estimate.mean > estimate.mean - estimate.low


@pytest.mark.parametrize("values", [[0.5], [0.0, 0.0, np.nan]])
def test_nothing_varies_so_there_is_no_interval(values):
    assert bootstrap_mean(np.array(values)) == Estimate(values[0], None, None)


def test_no_users():
    nobody = np.array([np.nan, np.nan])
    assert bootstrap_mean(nobody) is None
    assert paired_test(nobody, np.array([1.0, 2.0])) is None


def test_p_value_of_few_users_is_the_share_of_all_sign_flips():
    first = np.array([0.9, 0.4, 0.7, 0.8, 0.3, np.nan, 0.6])
    second = np.array([0.5, 0.5, 0.2, 0.1, 0.2, 0.9, np.nan])
    test = paired_test(first, second)
    differences = (first - second)[:5]
    sums = [differences @ signs for signs in itertools.product([-1, 1], repeat=5)]
    as_far = np.mean([abs(each) >= differences.sum() - 1e-12 for each in sums])
    assert test.p_value == pytest.approx(as_far)
    assert test.users == 5
    assert test.difference.mean == pytest.approx(differences.mean())


def test_pairs_find_what_the_spread_over_users_hides():
    rng = np.random.default_rng(1)
    users = rng.uniform(0, 1, 300)
    first, second = users + rng.normal(0.01, 0.02, 300), users
    test = paired_test(first, second)
    assert test.p_value < 0.001 and test.difference.low > 0
    # Each mean by itself is far less certain than their difference.
    assert bootstrap_mean(first).low < bootstrap_mean(second).high
    same = paired_test(users + rng.normal(0, 0.02, 300), users)
    assert same.p_value > 0.02
    assert paired_test(second, second).p_value == 1


def test_batches_and_seeds(monkeypatch):
    values = np.random.default_rng(2).normal(size=40)
    whole = bootstrap_mean(values, seed=3), paired_test(values, np.zeros(40), seed=3)
    assert (bootstrap_mean(values, seed=3), paired_test(values, np.zeros(40), seed=3)) == whole
    assert bootstrap_mean(values, seed=4) != whole[0]
    monkeypatch.setattr(significance, "VALUES_PER_BATCH", 4000)
    small = bootstrap_mean(values, seed=3)
    assert small.low == pytest.approx(whole[0].low, abs=0.05)


def test_holm_rejects_as_its_stepwise_procedure_does():
    """From the smallest on, until one is above level / (number left)."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        p_values = rng.uniform(size=rng.integers(1, 8)) ** 3
        corrected = holm_correction(p_values)
        level = rng.uniform(0.01, 0.5)
        rejected, left = set(), len(p_values)
        for index in np.argsort(p_values):
            if p_values[index] > level / left:
                break
            rejected.add(int(index))
            left -= 1
        assert {index for index, each in enumerate(corrected) if each <= level} == rejected


def test_holm_by_hand():
    # 0.01 * 4; 0.02 * 3; 0.02 * 2, but at least the one before; 0.6 * 1.
    assert holm_correction([0.02, 0.6, 0.01, 0.02]) == pytest.approx([0.06, 0.6, 0.04, 0.06])
    assert holm_correction([0.9, 0.8]) == [1.0, 1.0] and holm_correction([]) == []


def test_compared_models_are_corrected_for_their_number():
    rng = np.random.default_rng(0)
    train = np.array([[user, item] for user in range(40) for item in range(3)], np.int32)
    test = np.array([[user, 3 + user % 5] for user in range(40)], np.int32)
    split = Split(40, 8, train, test[:0], test)
    tables = {name: rng.normal(size=(40, 8)) for name in "abc"}
    models = {name: (lambda users, each=each: each[users]) for name, each in tables.items()}
    values = {
        name: rank_held_out(model, split).per_user()["auc_matched"]
        for name, model in models.items()
    }
    alone = [paired_test(values[name], values["a"]).p_value for name in "bc"]
    found = compare(models, split, ks=(3,), reference="a").tests
    assert [found[name].p_value for name in "bc"] == holm_correction(alone)
