"""What a recommender computes for a batch, from which its objective is made."""

from typing import NamedTuple

import tensorflow as tf


class ScoredBatch(NamedTuple):
    """Labels, scores and item vectors of a batch of `keras_fashion.data.triplets`.

    M is 1 if every positive has a negative of its own, and the number of shared negatives
    otherwise.

    Attributes:
        labels: (B, 1 + M) float32, those of `RankingLoss` and `RankingMetric`: 1 for the positive
            item, 0 for a negative item, -1 for a shared negative that the user bought.
        scores: (B, 1 + M) float32.
        items: (N,) int, the positive items and then the negative ones.
        vectors: (N, K) float32, q of `items`.

    Example:
        >>> import numpy as np
        >>> import keras_fashion as kf
        >>> train = np.array([[0, 0], [0, 1], [1, 2]], np.int32)
        >>> split = kf.data.Split(2, 4, train, validation=train[:0], test=train[:0])
        >>> batch = next(iter(kf.data.triplets(split, batch_size=2, seed=0)))
        >>> model = kf.models.BPRMF(num_users=2, num_items=4, latent_size=3, seed=0)
        >>> scored = model.score_batch(batch)
        >>> scored.scores.shape, scored.vectors.shape
        (TensorShape([2, 2]), TensorShape([4, 3]))
    """

    labels: tf.Tensor
    scores: tf.Tensor
    items: tf.Tensor
    vectors: tf.Tensor
