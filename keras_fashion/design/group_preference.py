"""How the preferences of several people become that of the group."""

from abc import ABC, abstractmethod

import tensorflow as tf


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
