"""For whom designs are made: tastes, what they want, and the scale of each."""

from typing import NamedTuple

import tensorflow as tf

from keras_fashion.design.group_preference import GroupPreference
from keras_fashion.design.prior_sample import PriorSample


class People(NamedTuple):
    """N people or groups of M members, each with a category and a weight of realism.

    Attributes:
        tastes: (N, M, K) float32, theta.
        weights: (N, M) float32, of the members; 0 is no member.
        categories: (N,) int32, what to design for them.
        etas: (N,) float32, weights of realism.
        level: (N, M) float32, each member's mean preference over the prior.
        spread: (N, M) float32, its standard deviation.
    """

    tastes: tf.Tensor
    weights: tf.Tensor
    categories: tf.Tensor
    etas: tf.Tensor
    level: tf.Tensor
    spread: tf.Tensor

    @classmethod
    def on_scale(
        cls,
        sample: PriorSample,
        tastes: tf.Tensor,
        weights: tf.Tensor,
        categories: tf.Tensor,
        etas: tf.Tensor,
    ) -> "People":
        """People whose level and spread are those over a sample of the N categories."""
        preference = tf.matmul(sample.styles, tastes, transpose_b=True)
        level = tf.reduce_mean(preference, axis=1)
        # Someone to whom all garments are equal has no scale; 1e-6 keeps it from being 0.
        spread = tf.maximum(tf.math.reduce_std(preference, axis=1), 1e-6)
        return cls(tastes, weights, categories, etas, level, spread)

    def rows(self, which: tf.Tensor) -> "People":
        """(A,) int indices to the people of a batch of A."""
        return People(*(tf.gather(each, which) for each in self))

    def preference(self, styles: tf.Tensor, together: GroupPreference) -> tf.Tensor:
        """What each of N groups thinks of a style of its own: (N, K) to (N,)."""
        members = tf.linalg.matvec(self.tastes, styles)
        return together(members, self.weights, self.level, self.spread)

    def objective(self, sample: PriorSample, together: GroupPreference) -> tf.Tensor:
        """The talk's objective of each of B codes of the sample for each of N: (N, B) float32."""
        number, size = tf.unstack(tf.shape(sample.realism))
        everyone = self.rows(tf.repeat(tf.range(number), size))
        styles = tf.reshape(sample.styles, [number * size, sample.styles.shape[-1]])
        liked = tf.reshape(everyone.preference(styles, together), [number, size])
        return liked - self.etas[:, None] * tf.square(sample.realism - 1.0)

    @property
    def unit(self) -> tf.Tensor:
        """(N,) float32, a standard deviation of preference over the prior, of the mean member."""
        return tf.reduce_sum(self.weights * self.spread, 1) / tf.reduce_sum(self.weights, 1)
