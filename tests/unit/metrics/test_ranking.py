"""Tests of the ranking metrics against keras-rs, scikit-learn, orders of ties, and by hand."""

import math

import keras
import numpy as np
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from keras_fashion.metrics.ranking import (
    NDCG,
    MeanReciprocalRank,
    RankingAUC,
    RankingMetric,
    RecallAtK,
    expected_gain,
    ndcg_gain,
    recall_gain,
    reciprocal_rank,
)

METRICS = [RankingAUC(), RecallAtK(k=3), NDCG(k=3), NDCG(), MeanReciprocalRank()]
EVERY = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: repr(metric)[1:20])


def drawn(seed, tied, rows=40, items=12):
    """Labels with one positive a row and some items left out, and scores."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((rows, items)) < 0.2, -1, 0)
    labels[np.arange(rows), rng.integers(items, size=rows)] = 1
    scores = rng.normal(size=(rows, items))
    return labels, (np.rint(scores) if tied else scores).astype(np.float32)


def measured(metric, labels, scores, sample_weight=None):
    metric.reset_state()
    metric.update_state(labels, scores, sample_weight)
    return float(metric.result())


@pytest.mark.parametrize("tied", [False, True])
def test_auc_equals_scikit_learns(tied):
    labels, scores = drawn(0, tied)
    expected = [
        roc_auc_score(row[row >= 0], score[row >= 0])
        for row, score in zip(labels, scores, strict=True)
    ]
    assert measured(RankingAUC(), labels, scores) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("k", [1, 3, None])
def test_ndcg_equals_scikit_learns(tied, k):
    """scikit-learn also takes the expected value over ties."""
    labels, scores = drawn(1, tied)
    expected = [
        ndcg_score([row[row >= 0]], [score[row >= 0]], k=k)
        for row, score in zip(labels, scores, strict=True)
    ]
    assert measured(NDCG(k), labels, scores) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("k", [1, 3, 12])
def test_equals_keras_rs(k):
    metrics = pytest.importorskip("keras_rs").metrics
    labels, scores = drawn(2, tied=False)
    for own, theirs in [
        (RecallAtK(k), metrics.RecallAtK(k=k)),
        (NDCG(k), metrics.NDCG(k=k)),
        (MeanReciprocalRank(), metrics.MeanReciprocalRank()),
    ]:
        assert measured(own, labels, scores) == pytest.approx(measured(theirs, labels, scores))


def test_equals_the_mean_of_keras_rs_over_random_orders_of_ties():
    metrics = pytest.importorskip("keras_rs").metrics
    labels, scores = np.tile([[0, 1, 0, 0, -1]], (4000, 1)), np.tile([[2, 1, 1, 1, 9.0]], (4000, 1))
    for own, theirs in [
        (RecallAtK(3), metrics.RecallAtK(k=3, seed=0)),
        (NDCG(3), metrics.NDCG(k=3, seed=0)),
        (MeanReciprocalRank(), metrics.MeanReciprocalRank(seed=0)),
    ]:
        assert measured(own, labels, scores) == pytest.approx(
            measured(theirs, labels, scores), abs=0.03
        )


@EVERY
def test_every_order_of_ties_by_hand(metric):
    # One candidate is above and three tie: the rank is 2, 3, 4 or 5, of 6 items.
    labels, scores = [[0, 0, 1, 0, 0, 0, -1]], [[3.0, 2, 2, 2, 2, 1, 2]]
    ranks = [2, 3, 4, 5]
    gains = {
        "ranking_auc": [(6 - rank) / 5 for rank in ranks],
        "recall_at_k": [1, 1, 0, 0],
        "ndcg": [
            1 / math.log2(1 + rank) if rank <= (getattr(metric, "k", None) or 9) else 0
            for rank in ranks
        ],
        "mean_reciprocal_rank": [1 / rank for rank in ranks],
    }
    assert measured(metric, labels, scores) == pytest.approx(np.mean(gains[metric.name]))


@EVERY
def test_batches_weights_and_rows_that_do_not_count(metric):
    labels, scores = drawn(3, tied=True)
    each = [measured(metric, labels[[row]], scores[[row]]) for row in range(40)]
    assert measured(metric, labels, scores) == pytest.approx(np.mean(each))
    weights = np.random.default_rng(0).random(40)
    assert measured(metric, labels, scores, weights) == pytest.approx(
        np.average(each, weights=weights)
    )
    # No positive, two of them, no candidate, nothing at all.
    others = np.full((4, 12), -1)
    others[0], others[1, :2], others[1, 2:], others[2, 0] = 0, 1, 0, 1
    nan = np.where(others >= 0, scores[:4], np.nan)
    metric.reset_state()
    metric.update_state(others, nan)
    assert float(metric.result()) == 0
    metric.update_state(labels, scores)
    assert float(metric.result()) == pytest.approx(np.mean(each))


@EVERY
def test_scores_that_are_not_finite(metric):
    labels, scores = drawn(4, tied=False)
    left_out = np.where(labels < 0, np.nan, scores)
    assert measured(metric, labels, left_out) == measured(metric, labels, scores)
    diverged = np.where(np.arange(12) == 5, np.nan, scores)
    assert math.isnan(measured(metric, np.maximum(labels, 0), diverged))
    # A model that recommends nothing ranks nothing.
    nothing = measured(metric, labels, np.full_like(scores, -np.inf))
    assert nothing == measured(metric, labels, np.zeros_like(scores))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_compiled_model_measures_and_is_saved_with_its_metrics(tmp_path, jit_compile):
    labels, scores = drawn(5, tied=True)
    model = keras.Sequential([keras.layers.Identity()])
    metrics = [RankingAUC(), RecallAtK(k=2), NDCG(k=4), MeanReciprocalRank()]
    model.compile(loss="mse", metrics=metrics, jit_compile=jit_compile)
    found = model.evaluate(scores, labels, batch_size=16, verbose=0, return_dict=True)
    for metric in metrics:
        assert found[metric.name] == pytest.approx(measured(metric, labels, scores))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.evaluate(scores, labels, batch_size=16, verbose=0, return_dict=True) == (
        pytest.approx(found)
    )


@EVERY
def test_config_round_trip(metric):
    again = type(metric).from_config(metric.get_config())
    assert again.get_config() == metric.get_config()
    assert isinstance(again, RankingMetric)


def test_ranks_of_a_long_list_are_exact():
    gains = [reciprocal_rank, lambda ranks: recall_gain(ranks, 10), ndcg_gain]
    above, tied = np.array([0, 200_000]), np.array([199_999, 0])
    ranks = np.arange(1, 200_001)
    for gain, last in zip(gains, [1 / 200_001, 0, 1 / np.log2(200_002)], strict=True):
        found = expected_gain(gain, above, tied).numpy()
        assert found[0] == pytest.approx(np.mean(gain(ranks.astype(float))), rel=1e-9)
        assert found[1] == pytest.approx(last, rel=1e-9)


@pytest.mark.parametrize("metric", [RecallAtK, NDCG])
def test_refuses_a_list_of_no_items(metric):
    with pytest.raises(ValueError, match="`k` must be a positive integer, received 0"):
        metric(k=0)
