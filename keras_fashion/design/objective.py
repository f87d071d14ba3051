"""The objective of preference maximization."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import tensorflow as tf


class PriorSample(NamedTuple):
    """B latents from the prior in N categories.

    Attributes:
        latents: (B, Z) float32, the same in every category.
        embeddings: (N, B, K) float32, Phi(G(z, c)).
        realism: (N, B) float32, D(G(z, c), c).
        thumbnails: (N, B, P) float32, the pictures at the size at which they are compared.
        mean_picture: (N, H, W, 3) float32 in [-1, 1].
        mean_square: (N,) float32, of all pixels.
    """

    latents: tf.Tensor
    embeddings: tf.Tensor
    realism: tf.Tensor
    thumbnails: tf.Tensor
    mean_picture: tf.Tensor
    mean_square: tf.Tensor


class Aggregation(ABC):
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
        aggregation = self.combine((preference - level) / spread, shares)
        return tf.reduce_sum(shares * level, 1) + tf.reduce_sum(shares * spread, 1) * aggregation

    @abstractmethod
    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """(A, M) standardized preferences and shares, which sum to 1, to (A,)."""


class Mean(Aggregation):
    """The weighted mean: what pleases on the whole, though somebody may dislike it."""

    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """sum of w_m p_m."""
        return tf.reduce_sum(shares * standard, axis=1)


class LeastMisery(Aggregation):
    """The least pleased member's (O'Connor et al., "PolyLens", ECSCW 2001).

    Weights only say who is a member, but for the scale on which it is put back.
    """

    def combine(self, standard: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """min over m of p_m."""
        return tf.reduce_min(tf.where(shares > 0, standard, standard.dtype.max), axis=1)


class SoftMin(Aggregation):
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

AGGREGATIONS = {"mean": MEAN, "least-misery": LeastMisery(), "soft-min": SoftMin()}
"""By the names that the commands know."""


class DesignBatch(NamedTuple):
    """N people or groups of M members, each with a category and a weight of realism.

    Attributes:
        user_embeddings: (N, M, K) float32, theta.
        weights: (N, M) float32, of the members; 0 is no member.
        categories: (N,) int32, what to design for them.
        etas: (N,) float32, weights of realism.
        level: (N, M) float32, each member's mean preference over the prior.
        spread: (N, M) float32, its standard deviation.
    """

    user_embeddings: tf.Tensor
    weights: tf.Tensor
    categories: tf.Tensor
    etas: tf.Tensor
    level: tf.Tensor
    spread: tf.Tensor

    @classmethod
    def from_prior(
        cls,
        sample: PriorSample,
        user_embeddings: tf.Tensor,
        weights: tf.Tensor,
        categories: tf.Tensor,
        etas: tf.Tensor,
    ) -> "DesignBatch":
        """DesignBatch whose level and spread are those over a sample of the N categories."""
        preference = tf.matmul(sample.embeddings, user_embeddings, transpose_b=True)
        level = tf.reduce_mean(preference, axis=1)
        # Someone to whom all garments are equal has no scale; 1e-6 keeps it from being 0.
        spread = tf.maximum(tf.math.reduce_std(preference, axis=1), 1e-6)
        return cls(user_embeddings, weights, categories, etas, level, spread)

    def rows(self, which: tf.Tensor) -> "DesignBatch":
        """(A,) int indices to the people of a batch of A."""
        return DesignBatch(*(tf.gather(each, which) for each in self))

    def preference(self, embeddings: tf.Tensor, aggregation: Aggregation) -> tf.Tensor:
        """What each of N groups thinks of a style of its own: (N, K) to (N,)."""
        members = tf.linalg.matvec(self.user_embeddings, embeddings)
        return aggregation(members, self.weights, self.level, self.spread)

    def objective(self, sample: PriorSample, aggregation: Aggregation) -> tf.Tensor:
        """The talk's objective of each of B latents of the sample for each of N: (N, B) float32."""
        number, size = tf.unstack(tf.shape(sample.realism))
        everyone = self.rows(tf.repeat(tf.range(number), size))
        embeddings = tf.reshape(sample.embeddings, [number * size, sample.embeddings.shape[-1]])
        liked = tf.reshape(everyone.preference(embeddings, aggregation), [number, size])
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
        embeddings: (N, K) float32.
        unit: (N,) float32, mean squared difference in style of the prior from the consensus.
    """

    embeddings: tf.Tensor
    unit: tf.Tensor

    @classmethod
    def of(cls, sample: PriorSample, batch: DesignBatch, aggregation: Aggregation) -> "Consensus":
        """The consensus of N people over a sample of their categories.

        Args:
            sample: Of the prior, in the N people's categories.
            batch: N of them.
            aggregation: How the members' preferences become the group's.
        """
        objective = batch.objective(sample, aggregation)
        deviation = tf.maximum(tf.math.reduce_std(objective, axis=1, keepdims=True), 1e-6)
        weights = tf.nn.softmax(objective / (TEMPERATURE * deviation))
        embeddings = tf.linalg.matvec(sample.embeddings, weights, transpose_a=True)
        far = tf.reduce_mean(tf.square(sample.embeddings - embeddings[:, None]), axis=[1, 2])
        return cls(embeddings, tf.maximum(far, 1e-12))

    def distance(self, embeddings: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """How far (A, K) styles are from the consensus of (A,) rows: (A,); 1 as the prior is."""
        far = tf.square(embeddings - tf.gather(self.embeddings, rows))
        return tf.reduce_mean(far, axis=1) / tf.gather(self.unit, rows)
