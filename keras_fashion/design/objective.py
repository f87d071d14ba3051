"""The objective of preference maximization, in tensors: its terms, its scale and its consensus."""

from typing import NamedTuple, TypeVar

import tensorflow as tf

from keras_fashion.design.aggregation import Aggregation

CONSENSUS_TEMPERATURE = 0.35
"""Temperature of the weights of `Consensus`, in standard deviations of the objective."""

T = TypeVar("T")


def open_specs(tensors: T, axes: int = 1) -> T:
    """Returns specs of tensors whose first axes may have any length.

    A `tf.function` whose concrete function is made with such specs is not traced anew for another
    number of users.

    Args:
        tensors: A NamedTuple or another nest of tensors.
        axes: Number of leading axes with any length.

    Example:
        >>> class Pair(NamedTuple):
        ...     first: tf.Tensor
        ...     second: tf.Tensor
        >>> open_specs(Pair(tf.zeros((2, 3)), tf.zeros(2))).first.shape
        TensorShape([None, 3])
    """

    def opened(tensor: tf.Tensor) -> tf.TensorSpec:
        shape = tensor.shape.as_list()
        return tf.TensorSpec([*[None] * len(shape[:axes]), *shape[axes:]], tensor.dtype)

    return tf.nest.map_structure(opened, tensors)


class Terms(NamedTuple):
    """What the networks make of A latents.

    Attributes:
        pictures: (A, H, W, 3) float32 in [-1, 1], G(z, c).
        embeddings: (A, K) float32, Phi(G(z, c)).
        realism: (A,) float32, D(G(z, c), c); 1 stands for a real picture.
    """

    pictures: tf.Tensor
    embeddings: tf.Tensor
    realism: tf.Tensor


class Evaluation(NamedTuple):
    """The objective at A latents, and what it consists of.

    Attributes:
        objective: (A,) float32.
        pictures: (A, H, W, 3) float32 in [-1, 1].
        embeddings: (A, K) float32.
        preference: (A,) float32.
        realism: (A,) float32.
    """

    objective: tf.Tensor
    pictures: tf.Tensor
    embeddings: tf.Tensor
    preference: tf.Tensor
    realism: tf.Tensor


class PriorSample(NamedTuple):
    """B latents from the prior, evaluated in each of N categories.

    Attributes:
        latents: (B, Z) float32, the same in every category.
        embeddings: (N, B, K) float32, Phi(G(z, c)).
        realism: (N, B) float32, D(G(z, c), c).
        thumbnails: (N, B, P) float32, the pictures at the size at which they are compared.
        mean_picture: (N, H, W, 3) float32 in [-1, 1].
        mean_square: (N,) float32, mean of the squared pixels of all pictures.
    """

    latents: tf.Tensor
    embeddings: tf.Tensor
    realism: tf.Tensor
    thumbnails: tf.Tensor
    mean_picture: tf.Tensor
    mean_square: tf.Tensor


class DesignBatch(NamedTuple):
    """N users or groups of M members to design for, each with a category and an eta.

    Attributes:
        user_embeddings: (N, M, K) float32, theta of each member.
        weights: (N, M) float32, weights of the members; 0 excludes a member.
        categories: (N,) int32, dense indices of the categories to design in.
        etas: (N,) float32, weights of the realism term, in units of `scale`.
        preference_mean: (N, M) float32, mean preference of each member over the prior.
        preference_std: (N, M) float32, standard deviation of the same.
    """

    user_embeddings: tf.Tensor
    weights: tf.Tensor
    categories: tf.Tensor
    etas: tf.Tensor
    preference_mean: tf.Tensor
    preference_std: tf.Tensor

    @classmethod
    def from_prior(
        cls,
        sample: PriorSample,
        user_embeddings: tf.Tensor,
        weights: tf.Tensor,
        categories: tf.Tensor,
        etas: tf.Tensor,
    ) -> "DesignBatch":
        """Makes a batch whose means and deviations are those over a sample of the prior.

        Args:
            sample: Sample of the prior in the N categories.
            user_embeddings: (N, M, K) float32.
            weights: (N, M) float32.
            categories: (N,) int32.
            etas: (N,) float32.
        """
        preference = tf.matmul(sample.embeddings, user_embeddings, transpose_b=True)
        mean = tf.reduce_mean(preference, axis=1)
        # The floor keeps a user for whom all garments are equal from a division by 0.
        std = tf.maximum(tf.math.reduce_std(preference, axis=1), 1e-6)
        return cls(user_embeddings, weights, categories, etas, mean, std)

    def gather(self, indices: tf.Tensor) -> "DesignBatch":
        """Returns a batch of the users or groups at (A,) int indices, repeated as they are."""
        return DesignBatch(*(tf.gather(each, indices) for each in self))

    def preference(self, embeddings: tf.Tensor, aggregation: Aggregation) -> tf.Tensor:
        """Returns the preference of each of N groups for an embedding of its own.

        Args:
            embeddings: (N, K) float32.
            aggregation: How the members' preferences become one.

        Returns:
            (N,) float32.
        """
        members = tf.linalg.matvec(self.user_embeddings, embeddings)
        return aggregation(members, self.weights, self.preference_mean, self.preference_std)

    def objective(
        self, embeddings: tf.Tensor, realism: tf.Tensor, aggregation: Aggregation
    ) -> tf.Tensor:
        """Returns the objective of N pictures, (N,) float32.

        It is theta . Phi - eta s (D - 1)² (ICDM 2017, equation 8, there with s = 1), where s is
        the `scale`: users differ in the length of theta, and catalogues in that of Phi, and one
        eta is to mean the same for all of them.

        Args:
            embeddings: (N, K) float32, Phi of a picture for each of N groups.
            realism: (N,) float32, D of the same pictures.
            aggregation: How the members' preferences become one.
        """
        penalty = self.etas * self.scale * tf.square(realism - 1.0)
        return self.preference(embeddings, aggregation) - penalty

    def prior_objective(self, sample: PriorSample, aggregation: Aggregation) -> tf.Tensor:
        """Returns the objective of each of B latents of the sample for each of N: (N, B)."""
        number, size = tf.unstack(tf.shape(sample.realism))
        repeated = self.gather(tf.repeat(tf.range(number), size))
        embeddings = tf.reshape(sample.embeddings, [number * size, sample.embeddings.shape[-1]])
        values = repeated.objective(embeddings, tf.reshape(sample.realism, [-1]), aggregation)
        return tf.reshape(values, [number, size])

    @property
    def scale(self) -> tf.Tensor:
        """The members' mean standard deviation of preference over the prior, (N,) float32."""
        return tf.reduce_sum(self.weights * self.preference_std, 1) / tf.reduce_sum(self.weights, 1)


class Consensus(NamedTuple):
    """The mean embedding of the garments that a user or a group prefers.

    It is the mean over a sample of the prior with the weights exp(objective / temperature). The
    garment with the highest objective owes its rank partly to errors of the recommender, and a
    search that continues from it enlarges these errors. In the mean of many garments they cancel.

    Attributes:
        embeddings: (N, K) float32.
        scale: (N,) float32, mean squared difference of the prior's embeddings from the consensus.
    """

    embeddings: tf.Tensor
    scale: tf.Tensor

    @classmethod
    def from_prior(
        cls, sample: PriorSample, batch: DesignBatch, aggregation: Aggregation
    ) -> "Consensus":
        """Returns the consensus of each of N users or groups.

        Args:
            sample: Sample of the prior in the N categories of the batch.
            batch: The N users or groups.
            aggregation: How the members' preferences become the group's.
        """
        objective = batch.prior_objective(sample, aggregation)
        deviation = tf.maximum(tf.math.reduce_std(objective, axis=1, keepdims=True), 1e-6)
        weights = tf.nn.softmax(objective / (CONSENSUS_TEMPERATURE * deviation))
        embeddings = tf.linalg.matvec(sample.embeddings, weights, transpose_a=True)
        squares = tf.square(sample.embeddings - embeddings[:, None])
        return cls(embeddings, tf.maximum(tf.reduce_mean(squares, axis=[1, 2]), 1e-12))

    def distance(self, embeddings: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Returns distances of embeddings from the consensus; the prior's mean distance is 1.

        Args:
            embeddings: (A, K) float32.
            rows: (A,) int, the user or group to whose consensus each embedding is compared.

        Returns:
            (A,) float32, mean squared differences divided by `scale`.
        """
        squares = tf.square(embeddings - tf.gather(self.embeddings, rows))
        return tf.reduce_mean(squares, axis=1) / tf.gather(self.scale, rows)
