"""What the garments that people like best have in common."""

from typing import NamedTuple

import tensorflow as tf

from keras_fashion.design.group_preference import GroupPreference
from keras_fashion.design.normal_codes import from_normal, to_normal
from keras_fashion.design.people import People
from keras_fashion.design.prior_sample import PriorSample

TEMPERATURE = 0.35
"""Of the weights, in standard deviations of the objective over the prior."""


class Consensus(NamedTuple):
    """Weighted means over a sample of the prior; the weights are exp(objective / TEMPERATURE).

    The single best-liked garment owes its place partly to errors of the recommender, and a search
    that climbs on from it makes more of them. In the mean of many that are liked they cancel.

    Attributes:
        codes: (N, Z) float32, in the coordinates of `to_normal`.
        styles: (N, K) float32.
        unit: (N,) float32, mean squared difference in style of the prior from the consensus.
    """

    codes: tf.Tensor
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
        number, size = tf.unstack(tf.shape(sample.realism))
        everyone = people.rows(tf.repeat(tf.range(number), size))
        styles = tf.reshape(sample.styles, [number * size, sample.styles.shape[-1]])
        liked = tf.reshape(everyone.preference(styles, together), [number, size])
        objective = liked - people.etas[:, None] * tf.square(sample.realism - 1.0)
        deviation = tf.maximum(tf.math.reduce_std(objective, axis=1, keepdims=True), 1e-6)
        weights = tf.nn.softmax(objective / (TEMPERATURE * deviation))
        mean_style = tf.linalg.matvec(sample.styles, weights, transpose_a=True)
        far = tf.reduce_mean(tf.square(sample.styles - mean_style[:, None]), axis=[1, 2])
        return cls(tf.matmul(weights, to_normal(sample.codes)), mean_style, tf.maximum(far, 1e-12))

    def starts(self, sample: PriorSample, drawn: tf.Tensor) -> tf.Tensor:
        """Codes that agree with the consensus, and differ in what taste hardly sees.

        Each goes its own way from the consensus, but for the directions that move the style.

        Args:
            sample: As in `of`.
            drawn: (R, Z) float32 codes from the prior: the ways to go.

        Returns:
            (N, R, Z) float32 codes.
        """
        way = to_normal(drawn) - self.codes[:, None]
        seen = tf.matmul(way, sample.directions)
        unseen = way - tf.matmul(seen, sample.directions, transpose_b=True)
        return from_normal(self.codes[:, None] + unseen)

    def distance(self, styles: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """How far (A, K) styles are from the consensus of (A,) rows: (A,); 1 as the prior is."""
        far = tf.square(styles - tf.gather(self.styles, rows))
        return tf.reduce_mean(far, axis=1) / tf.gather(self.unit, rows)
