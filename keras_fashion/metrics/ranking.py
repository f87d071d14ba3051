"""Ranking metrics of one held-out item among a user's candidates, exact under ties.

keras-rs has metrics of these names. Its metrics draw the order of items that tie at random and
sort every list. These give the expected value over all orders without sorting (McSherry and
Najork, "Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied
Scores", ECIR 2008), so that a model that scores all items alike gets exactly what chance gets, and
they include the AUC, which keras-rs lacks.
"""

import abc
from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def recall_gain(ranks: Any, k: int) -> Any:
    """Computes Recall@k (the hit rate) of one relevant item at each rank: 1 up to k, then 0."""
    return ops.cast(ranks <= k, "float64")


def ndcg_gain(ranks: Any, k: int | None = None) -> Any:
    """Computes NDCG@k of one relevant item at each rank: 1 / log2(1 + rank) up to k, then 0.

    Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 2002. The
    ideal DCG of one relevant item is 1. Without k the list is not cut off.
    """
    gains = 1 / ops.log2(1 + ranks)
    return gains if k is None else gains * recall_gain(ranks, k)


def reciprocal_rank(ranks: Any) -> Any:
    """Computes the reciprocal rank of one relevant item at each rank: 1 / rank."""
    return 1 / ranks


def ranking_auc(above: Any, tied: Any, num_candidates: Any) -> Any:
    """Computes the AUC of one relevant item: the share of candidates below it, ties half."""
    return (num_candidates - above - tied / 2) / num_candidates


def expected_gain(gain: Callable[[Any], Any], above: Any, tied: Any, max_rank: Any = None) -> Any:
    """Computes the expected gain over the ranks that ties leave open.

    An item that ties with t others behind a higher-scoring ones has each of the ranks a + 1 to
    a + t + 1 with the same probability.

    Args:
        gain: Function that maps ranks, of shape (n,), float64, counted from 1, to their gains.
        above: Number of candidates that score higher, of shape (B,).
        tied: Number of candidates that score the same, of shape (B,).
        max_rank: Highest rank that can occur; by default it is computed, which XLA cannot compile.

    Returns:
        Expected gains of shape (B,), float64.

    Example:
        >>> from keras_fashion.metrics import expected_gain
        >>> gains = expected_gain(lambda ranks: 1 / ranks, above=[0, 1], tied=[1, 0])
        >>> gains.numpy().tolist()
        [0.75, 0.5]
    """
    above, num_ranks = ops.cast(above, "int32"), ops.cast(tied, "int32") + 1
    if max_rank is None:
        max_rank = ops.max(above + num_ranks, initial=0)
    gains = gain(ops.arange(1, max_rank + 1, dtype="float64"))
    cumulative = ops.pad(ops.cumsum(gains), [[1, 0]])
    total = ops.take(cumulative, above + num_ranks) - ops.take(cumulative, above)
    return total / ops.cast(num_ranks, "float64")


class RankingMetric(keras.metrics.Mean, abc.ABC):
    """Base class of the metrics that rank one positive item among candidates.

    The base class counts the candidates that score above the positive and those that tie with it;
    the value is the mean over rows. To define a metric, subclass this class and implement
    `compute_metric`.

    Rows that do not have exactly one positive and at least one candidate do not count. A row with
    a NaN score gives NaN.

    Args:
        name: Name of the metric.
        dtype: Dtype of the result; by default `keras.config.floatx()`. Ranks are counted exactly,
            and the formulas are computed in float64.

    Example:
        >>> from keras_fashion.metrics import RankingMetric
        >>> class ShareFirst(RankingMetric):
        ...     def compute_metric(self, above, tied, num_candidates, max_rank):
        ...         return keras.ops.cast(above + tied == 0, "float64")
        >>> metric = ShareFirst()
        >>> metric.update_state([[1, 0], [0, 1]], [[0.9, 0.1], [0.9, 0.1]])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    @abc.abstractmethod
    def compute_metric(self, above: Any, tied: Any, num_candidates: Any, max_rank: Any) -> Any:
        """Returns the value of each row, of shape (B,), float64.

        Args:
            above: Number of candidates that score above the positive, of shape (B,), float64.
            tied: Number of candidates that score the same, of shape (B,), float64.
            num_candidates: Number of candidates, of shape (B,), float64; at least 1.
            max_rank: Length N of the rows, which no rank exceeds.
        """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Accumulates the metric of a batch of rows.

        Args:
            y_true: Labels of shape (B, N): 1 for the positive of a row, 0 for a candidate, -1 for
                an item that is left out, for example because the user knows it.
            y_pred: Scores of shape (B, N).
            sample_weight: Weights of the rows, of shape (B,); by default 1.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        positive, candidate = ops.equal(y_true, 1), ops.equal(y_true, 0)
        # At most one term of the sum is not 0, so that the sum is the score itself.
        score = ops.sum(ops.where(positive, y_pred, ops.zeros_like(y_pred)), axis=1, keepdims=True)

        def count(items: Any) -> Any:
            return ops.sum(ops.cast(items, "float64"), axis=1)

        num_candidates = count(candidate)
        is_counted = ops.logical_and(ops.equal(count(positive), 1), num_candidates > 0)
        candidate = ops.logical_and(candidate, is_counted[:, None])
        values = self.compute_metric(
            count(ops.logical_and(candidate, y_pred > score)),
            count(ops.logical_and(candidate, ops.equal(y_pred, score))),
            ops.maximum(num_candidates, 1),
            ops.shape(y_pred)[1],
        )
        diverged = count(ops.logical_and(y_true >= 0, ops.isnan(y_pred))) > 0
        values = ops.where(diverged, ops.full_like(values, float("nan")), values)
        # Mean multiplies by the weight, and NaN times 0 is NaN.
        values = ops.where(is_counted, values, ops.zeros_like(values))
        weights = ops.cast(is_counted, self.dtype)
        if sample_weight is not None:
            weights = weights * ops.cast(sample_weight, self.dtype)
        return super().update_state(ops.cast(values, self.dtype), sample_weight=weights)


class _GainMetric(RankingMetric):
    """Base class of the metrics that are the expected gain of the positive's rank."""

    @abc.abstractmethod
    def gain(self, ranks: Any) -> Any:
        """Returns the gain at each rank, of shape (n,), float64."""

    def compute_metric(self, above: Any, tied: Any, num_candidates: Any, max_rank: Any) -> Any:
        """Returns the expected gain of each row."""
        return expected_gain(self.gain, above, tied, max_rank)


@keras.saving.register_keras_serializable(package="keras_fashion")
class RankingAUC(RankingMetric):
    """AUC over the candidates of each row (Rendle et al., "BPR", UAI 2009, section 6.2).

    Example:
        >>> from keras_fashion.metrics import RankingAUC
        >>> metric = RankingAUC()
        >>> metric.update_state([[1, 0, 0, -1]], [[0.5, 0.5, 0.1, 0.9]])
        >>> float(metric.result())
        0.75
    """

    def __init__(self, name: str = "ranking_auc", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def compute_metric(self, above: Any, tied: Any, num_candidates: Any, max_rank: Any) -> Any:
        """Returns the AUC of each row."""
        return ranking_auc(above, tied, num_candidates)


@keras.saving.register_keras_serializable(package="keras_fashion")
class RecallAtK(_GainMetric):
    """Share of rows whose positive is among the first k (the hit rate).

    Args:
        k: Length of the list.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import RecallAtK
        >>> metric = RecallAtK(k=1)
        >>> metric.update_state([[1, 0, 0], [0, 1, 0]], [[0.5, 0.5, 0.1], [0.1, 0.2, 0.3]])
        >>> float(metric.result())
        0.25
    """

    def __init__(self, k: int, name: str = "recall_at_k", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.k = _checked_k(k)

    def gain(self, ranks: Any) -> Any:
        """Returns `recall_gain`."""
        return recall_gain(ranks, self.k)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="keras_fashion")
class NDCG(_GainMetric):
    """Normalized discounted cumulative gain of the first k.

    Args:
        k: Length of the list; None for all items.
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import NDCG
        >>> metric = NDCG(k=3)
        >>> metric.update_state([[0, 0, 1]], [[0.3, 0.2, 0.1]])
        >>> float(metric.result())  # 1 / log2(1 + 3)
        0.5
    """

    def __init__(self, k: int | None = None, name: str = "ndcg", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.k = None if k is None else _checked_k(k)

    def gain(self, ranks: Any) -> Any:
        """Returns `ndcg_gain`."""
        return ndcg_gain(ranks, self.k)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="keras_fashion")
class MeanReciprocalRank(_GainMetric):
    """Mean over rows of 1 / rank of the positive.

    Args:
        name: Name of the metric.
        dtype: Dtype of the result.

    Example:
        >>> from keras_fashion.metrics import MeanReciprocalRank
        >>> metric = MeanReciprocalRank()
        >>> metric.update_state([[0, 1], [1, 0]], [[0.3, 0.2], [0.3, 0.2]])
        >>> float(metric.result())
        0.75
    """

    def __init__(self, name: str = "mean_reciprocal_rank", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def gain(self, ranks: Any) -> Any:
        """Returns `reciprocal_rank`."""
        return reciprocal_rank(ranks)


def _checked_k(k: int) -> int:
    if k < 1:
        raise ValueError(f"`k` must be a positive integer, received {k}.")
    return k
