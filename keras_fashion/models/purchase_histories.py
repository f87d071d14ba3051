"""Means over what users bought, in which recent purchases may count more."""

import numpy as np
import tensorflow as tf

from keras_fashion.data.split import Split
from keras_fashion.data.temporal import TemporalSplit
from keras_fashion.errors import InputError


def checked_recency(recency: int, history: int, split: Split) -> int:
    """Returns the `recency` of a model, if its split and its `history` fit.

    Args:
        recency: τ in days, or 0.
        history: Maximum number of items in a history.
        split: Split that the model is to be trained on.

    Raises:
        InputError: If there is a `recency` but no history, or no times of purchases.
    """
    if recency and not history:
        raise InputError("`recency` weighs the items of a `history`; give `history`, such as 64.")
    if recency and not isinstance(split, TemporalSplit):
        raise InputError(
            "`recency` needs the times of purchases; train on a split in time (`split_time`)."
        )
    return recency


def history_weights(history: tf.Tensor, ages: tf.Tensor | None, recency: int) -> tf.Tensor | None:
    """Computes how much the items of histories count: exp(-age / τ).

    Args:
        history: (B, H) int, items, padded with -1.
        ages: (B, H) int, how many days ago they were bought; None if it is not known.
        recency: τ in days; 0 if all count the same.

    Returns:
        (B, H) float32, relative to the latest item of each history, which counts 1; None if all
        count the same.
    """
    if not recency or ages is None:
        return None
    ages = tf.where(history >= 0, ages, ages.dtype.max)
    return _weights(ages, tf.reduce_min(ages, axis=1, keepdims=True), recency)


def mean_of_rows(
    table: tf.Tensor, history: tf.Tensor, weights: tf.Tensor | None = None
) -> tf.Tensor:
    """Computes the mean row of a table over histories.

    Args:
        table: (I, F) float32.
        history: (B, H) int, rows of the table, padded with -1.
        weights: (B, H) float32, how much each counts; None if all count the same.

    Returns:
        (B, F) float32, 0 for an empty history.
    """
    known = tf.cast(history >= 0, tf.float32)[:, :, None]
    if weights is not None:
        known *= weights[:, :, None]
    rows = tf.gather(table, tf.maximum(history, 0)) * known
    return tf.math.divide_no_nan(tf.reduce_sum(rows, axis=1), tf.reduce_sum(known, axis=1))


def mean_of_purchases(
    embeddings: np.ndarray,
    rows: np.ndarray,
    bought: np.ndarray,
    num_rows: int,
    ages: np.ndarray | None = None,
    recency: int = 0,
) -> tf.Tensor:
    """Computes the mean embedding of what was bought.

    Args:
        embeddings: (I, K) float32, embeddings of all items.
        rows: (n,) int, users, or interactions before which they bought something.
        bought: (n,) int, an item of each.
        num_rows: R, number of users or interactions.
        ages: (n,) int, how many days ago it was bought, if there is a `recency`.
        recency: τ in days; an item counts exp(-age / τ), or all count the same if it is 0.

    Returns:
        (R, K) float32, 0 where nothing was bought.
    """
    weights = tf.ones(len(rows))
    if recency:
        latest = tf.math.unsorted_segment_min(ages, rows, num_rows)
        weights = _weights(tf.constant(ages), tf.gather(latest, rows), recency)
    weighted = tf.gather(embeddings, bought) * weights[:, None]
    sums = tf.math.unsorted_segment_sum(weighted, rows, num_rows)
    total = tf.math.unsorted_segment_sum(weights, rows, num_rows)
    return tf.math.divide_no_nan(sums, total[:, None])


def _weights(ages: tf.Tensor, latest: tf.Tensor, recency: int) -> tf.Tensor:
    # Relative to the latest purchase, so that the weights of an old history do not all vanish.
    return tf.exp(tf.cast(latest - ages, tf.float32) / recency)
