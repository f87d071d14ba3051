"""The best of each row of a block of scores."""

import tensorflow as tf

CHUNK = 64
"""Scores that are reduced together."""


def best_columns(scores: tf.Tensor, k: tf.Tensor | int) -> tuple[tf.Tensor, tf.Tensor]:
    """The k greatest scores of each row, the greatest first; of equal ones the first column.

    A row's best k are in the k chunks with the greatest maxima, of equal ones the first: all other
    scores are read once, for their maximum, where `tf.math.top_k` would compare them in turn.

    Args:
        scores: (B, J) float, J a multiple of CHUNK.
        k: How many; J at most are found.

    Returns:
        The scores, (B, k) float, and their columns, (B, k) int32.
    """
    rows = tf.shape(scores)[0]
    chunks = tf.reshape(scores, [rows, -1, CHUNK])
    chosen = tf.minimum(k, tf.shape(chunks)[1])
    # In the order of the columns, so that this order settles ties.
    chosen = tf.sort(tf.math.top_k(tf.reduce_max(chunks, axis=2), chosen).indices, axis=1)
    candidates = tf.reshape(tf.gather(chunks, chosen, batch_dims=1), [rows, -1])
    best, at = tf.math.top_k(candidates, tf.minimum(k, tf.shape(candidates)[1]))
    return best, CHUNK * tf.gather(chosen, at // CHUNK, batch_dims=1) + at % CHUNK
