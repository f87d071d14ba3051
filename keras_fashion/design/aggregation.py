"""Aggregations: how the preferences of the members of a group become one preference."""

from abc import ABC, abstractmethod

import tensorflow as tf


class Aggregation(ABC):
    """The abstract base of aggregations, which puts the members on a common scale.

    BPR learns the order of the garments for each user by itself, so the values theta_u . Phi of
    two users cannot be compared. Each member's preference is therefore standardized first: it is
    taken as the number of standard deviations above the member's mean preference for generated
    garments. The subclass combines the standardized preferences. The result is put back on the
    mean scale of the members, so the preference of a single user is theta_u . Phi itself.

    Example:
        >>> class Best(Aggregation):
        ...     def combine(self, standardized, shares):
        ...         return tf.reduce_max(standardized, axis=1)
        >>> group = Best()
        >>> preference, ones = tf.constant([[1.0, -2.0]]), tf.ones((1, 2))
        >>> group(preference, weights=ones, mean=0 * ones, std=ones).numpy().tolist()
        [1.0]
    """

    def __call__(
        self, preference: tf.Tensor, weights: tf.Tensor, mean: tf.Tensor, std: tf.Tensor
    ) -> tf.Tensor:
        """Returns the preferences of A groups of M members.

        Args:
            preference: (A, M) float32, theta_u . Phi of each member.
            weights: (A, M) float32, weights of the members, at least 0 and with a sum above 0.
                A weight of 0 excludes the member.
            mean: (A, M) float32, mean preference of each member over generated garments.
            std: (A, M) float32, standard deviation of the same.

        Returns:
            (A,) float32.
        """
        shares = weights / tf.reduce_sum(weights, axis=1, keepdims=True)
        combined = self.combine((preference - mean) / std, shares)
        return tf.reduce_sum(shares * mean, 1) + tf.reduce_sum(shares * std, 1) * combined

    @abstractmethod
    def combine(self, standardized: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """Combines standardized preferences.

        Args:
            standardized: (A, M) float32, standardized preferences p.
            shares: (A, M) float32, weights w that sum to 1 over the members.

        Returns:
            (A,) float32.
        """


class Mean(Aggregation):
    """The weighted mean, which may choose what a single member dislikes.

    Example:
        >>> ones = tf.ones((1, 2))
        >>> Mean()(tf.constant([[3.0, 1.0]]), weights=ones, mean=0 * ones, std=ones).numpy()
        array([2.], dtype=float32)
    """

    def combine(self, standardized: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """Returns the sum of w_m p_m over the members, (A,) float32."""
        return tf.reduce_sum(shares * standardized, axis=1)


class LeastMisery(Aggregation):
    """The preference of the least pleased member (O'Connor et al., "PolyLens", ECSCW 2001).

    The weights decide who is a member and on which scale the result is put back, but no member
    counts for more than another.

    Example:
        >>> ones = tf.ones((1, 2))
        >>> LeastMisery()(tf.constant([[3.0, 1.0]]), weights=ones, mean=0 * ones, std=ones).numpy()
        array([1.], dtype=float32)
    """

    def combine(self, standardized: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """Returns the minimum of p_m over the members, (A,) float32."""
        return tf.reduce_min(tf.where(shares > 0, standardized, standardized.dtype.max), axis=1)


class SoftMin(Aggregation):
    """A soft minimum, -t ln sum over m of w_m exp(-p_m / t), between mean and least misery.

    Args:
        temperature: t, in standard deviations of preference. The aggregation approaches the mean
            as t grows and the least misery as t goes to 0.

    Example:
        >>> preference, ones = tf.constant([[3.0, 1.0]]), tf.ones((1, 2))
        >>> value = SoftMin(0.5)(preference, weights=ones, mean=0 * ones, std=ones)
        >>> print(f"{value[0]:.2f}")
        1.34
    """

    def __init__(self, temperature: float = 0.5) -> None:
        self.temperature = temperature

    def combine(self, standardized: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """Returns -t ln sum of w_m exp(-p_m / t) over the members, (A,) float32."""
        exponents = tf.math.log(shares) - standardized / self.temperature
        return -self.temperature * tf.reduce_logsumexp(exponents, axis=1)


MEAN = Mean()

AGGREGATIONS: dict[str, Aggregation] = {
    "mean": MEAN,
    "least-misery": LeastMisery(),
    "soft-min": SoftMin(),
}
"""The aggregations by name."""
