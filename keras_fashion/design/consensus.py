"""The style that the garments which people like best have in common."""

from typing import NamedTuple

import tensorflow as tf

from keras_fashion.design.group_preference import GroupPreference
from keras_fashion.design.people import People
from keras_fashion.design.prior_sample import PriorSample

TEMPERATURE = 0.35
"""Of the weights, in standard deviations of the objective over the prior."""


class Consensus(NamedTuple):
    """Weighted means over a sample of the prior; the weights are exp(objective / TEMPERATURE).

    The single best-liked garment owes its place partly to errors of the recommender, and a search
    that climbs on from it makes more of them. In the mean of many that are liked they cancel.

    Attributes:
        styles: (N, K) float32.
        unit: (N,) float32, mean squared difference in style of the prior from the consensus.
    """

    styles: tf.Tensor
    unit: tf.Tensor

    @classmethod
    def of(cls, sample: PriorSample, people: People, together: GroupPreference) -> "Consensus":
        """The consensus of N people over a sample of their categories.

        Args:
            sample: Of the prior, in the N people's categories.
            people: N of them.
            together: How the members' preferences become the group's.
        """
        objective = people.objective(sample, together)
        deviation = tf.maximum(tf.math.reduce_std(objective, axis=1, keepdims=True), 1e-6)
        weights = tf.nn.softmax(objective / (TEMPERATURE * deviation))
        styles = tf.linalg.matvec(sample.styles, weights, transpose_a=True)
        far = tf.reduce_mean(tf.square(sample.styles - styles[:, None]), axis=[1, 2])
        return cls(styles, tf.maximum(far, 1e-12))

    def distance(self, styles: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """How far (A, K) styles are from the consensus of (A,) rows: (A,); 1 as the prior is."""
        far = tf.square(styles - tf.gather(self.styles, rows))
        return tf.reduce_mean(far, axis=1) / tf.gather(self.unit, rows)
