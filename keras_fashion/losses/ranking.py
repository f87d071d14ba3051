"""Losses over a positive's score and those of its negatives, as pure functions.

All take `positive` (B, 1) and `negative` (B, M) scores and `mask` (B, M) float32, 1 where the
comparison counts and 0 where the "negative" is something that the user bought; all give a scalar.
"""

import tensorflow as tf

from keras_fashion.distribution.global_batch import mean_of_replicas


def bpr_loss(positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Mean of -ln sigmoid(x_ui - x_uj) (Rendle et al., "BPR", UAI 2009, BPR-OPT)."""
    return mean_over(tf.math.softplus(negative - positive), mask)


def logistic_loss(positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Mean of -ln sigmoid(x_ui) plus mean of -ln(1 - sigmoid(x_uj)), each pair by itself.

    He et al., "Neural Collaborative Filtering", WWW 2017, eq. 7; means in the place of sums, so
    that the positives weigh as much as all negatives together, however many are drawn.
    """
    bought = tf.reduce_mean(tf.math.softplus(-positive))
    return bought + mean_over(tf.math.softplus(negative), mask)


def warp_loss(
    positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor, num_items: int
) -> tf.Tensor:
    """Weighted approximate-rank pairwise loss (Weston et al., IJCAI 2011, section 3).

    The negatives of a row are draws, in their order; those that do not count were never drawn.
    With N draws until the first violation x_uj > x_ui - 1, the positive's rank is estimated as
    R = floor((I - 1) / N) and the row's loss is L(R) (1 - x_ui + x_uj), where L(R) = 1 + 1/2 +
    ... + 1/R; a row without a violation has no loss. The mean over rows is given.

    Args:
        positive: (B, 1).
        negative: (B, M).
        mask: (B, M).
        num_items: I, the paper's Y; after I draws or more a violation weighs nothing.
    """
    hinge = (1 - positive + negative) * mask
    violates = hinge > 0
    first = tf.argmax(violates, axis=1)[:, None]
    draws = tf.gather(tf.cumsum(mask, axis=1), first, batch_dims=1)
    rank = tf.floor((num_items - 1) / tf.maximum(draws, 1))
    # L(R) is the digamma function at R + 1, less its value at 1.
    weight = tf.math.digamma(rank + 1) - tf.math.digamma(1.0)
    return tf.reduce_mean(tf.nn.relu(tf.gather(weight * hinge, first, batch_dims=1)))


def mean_over(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Mean of the values that count; 0 if none does.

    With several replicas a replica's sum over what counts in the part of each on average: the mean
    over replicas is then that of the batch.
    """
    count = mean_of_replicas(tf.reduce_sum(mask))
    return tf.math.divide_no_nan(tf.reduce_sum(values * mask), count)
