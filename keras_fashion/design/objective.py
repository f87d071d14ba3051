"""The objective of preference maximization."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import tensorflow as tf


class PriorSample(NamedTuple):
    """B codes from the prior in N categories.

    Attributes:
        codes: (B, Z) float32, the same in every category.
        styles: (N, B, K) float32, Phi(G(z, c)).
        realism: (N, B) float32, D(G(z, c), c).
        looks: (N, B, P) float32, the pictures at the size at which they are compared.
        mean_picture: (N, H, W, 3) float32 in [-1, 1].
        mean_square: (N,) float32, of all pixels.
    """

    codes: tf.Tensor
    styles: tf.Tensor
    realism: tf.Tensor
    looks: tf.Tensor
    mean_picture: tf.Tensor
    mean_square: tf.Tensor


class GroupPreference(ABC):
    """Mechanism: each member's preference is taken on a scale of their own.

    BPR learns the order of garments for each person, so that theta_u . Phi of two people cannot
    be compared: members are put on one scale first, as standard deviations above what they think
    of a generated garment drawn at random. The result is put back on the members' mean scale, so
    that a single person's preference is theta_u . Phi itself. A subclass gives the formula.
    """

    def __call__(
        self, preference: tf.Tensor, weights: tf.Tensor, level: tf.Tensor, spread: tf.Tensor
    ) -> tf.Tensor:
        """The group's preference.

        Args:
            preference: (A, M) float32, theta_u . Phi of M members.
            weights: (A, M) float32, at least 0, with a sum above 0; 0 is no member.
            level: (A, M) float32, the mean preference of each over random garments.
            spread: (A, M) float32, its standard deviation.

        Returns:
            (A,) float32.
        """
        shares = weights / tf.reduce_sum(weights, axis=1, keepdims=True)
        together = self.combine((preference - level) / spread, shares)
        return tf.reduce_sum(shares * level, 1) + tf.reduce_sum(shares * spread, 1) * together

    @abstractmethod
    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """(A, M) standardised preferences and shares, which sum to 1, to (A,)."""


class Mean(GroupPreference):
    """The weighted mean: what pleases on the whole, though somebody may dislike it."""

    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """sum of w_m p_m."""
        return tf.reduce_sum(shares * standard, axis=1)


class LeastMisery(GroupPreference):
    """The least pleased member's (O'Connor et al., "PolyLens", ECSCW 2001).

    Weights only say who is a member, but for the scale on which it is put back.
    """

    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """min over m of p_m."""
        return tf.reduce_min(tf.where(shares > 0, standard, standard.dtype.max), axis=1)


class SoftMin(GroupPreference):
    """Between the two: -t ln sum of w_m exp(-p_m / t).

    Args:
        temperature: t, in standard deviations of preference; the mean as it grows, the least
            misery as it goes to 0.
    """

    def __init__(self, temperature: float = 0.5) -> None:
        self.temperature = temperature

    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """-t ln sum of w_m exp(-p_m / t)."""
        exponents = tf.math.log(shares) - standard / self.temperature
        return -self.temperature * tf.reduce_logsumexp(exponents, axis=1)


MEAN = Mean()

GROUP_PREFERENCES = {"mean": MEAN, "least-misery": LeastMisery(), "soft-min": SoftMin()}
"""By the names that the commands know."""


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
