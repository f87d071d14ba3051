"""Where a search for designs begins: at what the best-liked garments have in common."""

import tensorflow as tf

from keras_fashion.design.group_preference import GroupPreference
from keras_fashion.design.normal_codes import from_normal, to_normal
from keras_fashion.design.people import People
from keras_fashion.design.prior_sample import PriorSample

TEMPERATURE = 0.35
"""Of the weights, in standard deviations of the objective over the prior."""


def consensus_starts(
    sample: PriorSample, people: People, together: GroupPreference, drawn: tf.Tensor
) -> tf.Tensor:
    """Codes that agree with the best-liked of a sample, and differ in what taste does not see.

    The single best-liked code owes its place partly to errors of the recommender; the mean of the
    best-liked, weighted by exp(objective / TEMPERATURE), keeps what is liked in all of them. From
    there each start goes its own way in the directions that hardly move the style.

    Args:
        sample: Of the prior, in the N people's categories.
        people: N of them.
        together: How the members' preferences become the group's.
        drawn: (R, Z) float32 codes from the prior: the ways to go.

    Returns:
        (N, R, Z) float32 codes.
    """
    number, size = tf.unstack(tf.shape(sample.realism))
    everyone = people.rows(tf.repeat(tf.range(number), size))
    styles = tf.reshape(sample.styles, [number * size, sample.styles.shape[-1]])
    liked = tf.reshape(everyone.preference(styles, together), [number, size])
    objective = liked - people.etas[:, None] * tf.square(sample.realism - 1.0)
    weights = tf.nn.softmax(objective / (TEMPERATURE * _deviation(objective)))
    consensus = tf.matmul(weights, to_normal(sample.codes))[:, None]
    way = to_normal(drawn) - consensus
    seen = tf.matmul(way, sample.directions)
    unseen = way - tf.matmul(seen, sample.directions, transpose_b=True)
    return from_normal(consensus + unseen)


def _deviation(values: tf.Tensor) -> tf.Tensor:
    return tf.maximum(tf.math.reduce_std(values, axis=1, keepdims=True), 1e-6)
