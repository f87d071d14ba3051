"""Preference maximisation: garments that do not exist, made for a taste."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.pictures import unscale
from keras_fashion.design.latent_ascent import Ascent, latent_ascent
from keras_fashion.errors import InputError
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dvbpr import DVBPR

CODES_AT_A_TIME = 256
"""How many codes go through the networks together; more gains no speed and costs memory."""


@dataclass(frozen=True)
class Designs:
    """Designs of N tastes, n of each, the best first.

    Attributes:
        pictures: (N, n, H, W, 3) uint8.
        codes: (N, n, Z) float32 in (-1, 1).
        preference: (N, n) float32, theta . Phi(G(z, c)).
        realism: (N, n) float32, D(G(z, c), c): 1 is what the discriminator takes for real.
        path: (S + 1, N, n, Z) float32, the codes on the way, the start first.
    """

    pictures: np.ndarray
    codes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    path: np.ndarray


class PreferenceMaximiser:
    """Maximises theta . Phi(G(z, c)) - eta (D(G(z, c), c) - 1)² over z (ICDM 2017, equation 8).

    z is bounded by tanh, each design is the best of many restarts, and all restarts of all
    tastes climb together.

    Args:
        recommender: A trained DVBPR: gives theta and Phi.
        gan: A trained conditional GAN of the same catalogue: gives G and D.
        restarts: Codes drawn from the prior for each taste; at least as many as designs wanted.
        steps: S, gradient steps.
        learning_rate: Of the steps, on arctanh(z). Many short steps from many restarts stay
            where the prior has its mass; long ones end in the corners of the cube, which please
            the recommender more and look worse.

    Example:
        >>> maximiser = PreferenceMaximiser(recommender, gan)
        >>> designs = maximiser.design(users=[17], category=2, count=3)
        >>> designs.pictures.shape
        (1, 3, 64, 64, 3)
    """

    def __init__(
        self,
        recommender: DVBPR,
        gan: ConditionalGAN,
        restarts: int = 16,
        steps: int = 25,
        learning_rate: float = 0.05,
    ) -> None:
        self.recommender = recommender
        self.gan = gan
        self.restarts = restarts
        self.steps = steps
        self.learning_rate = learning_rate

    def design(
        self,
        users: Sequence[int],
        category: int,
        count: int = 3,
        eta: float = 1.0,
        seed: int = 0,
    ) -> Designs:
        """Designs for one user or for a group.

        A group's preference is the mean of its members'; as the score is linear in theta, that
        is the preference of their mean theta.

        Args:
            users: Dense indices, one or more.
            category: Dense index.
            count: n, how many designs.
            eta: Weight of the realism term.
            seed: Decides where the restarts begin.

        Returns:
            Designs with N = 1.
        """
        taste = tf.reduce_mean(self.recommender.taste(tf.constant(users)), axis=0)
        return self.design_for(taste[None], [category], count, [eta], seed)

    def design_for(
        self,
        tastes: np.ndarray,
        categories: Sequence[int],
        count: int,
        etas: Sequence[float],
        seed: int,
    ) -> Designs:
        """Designs for N tastes at once, each with its own category and eta.

        Args:
            tastes: (N, K) float.
            categories: N dense indices.
            count: n, how many designs each.
            etas: N weights of the realism term.
            seed: Decides where the restarts begin; the same starts for every taste, so that
                differences between tastes are not differences between draws.

        Raises:
            InputError: If more designs are wanted than there are restarts.
        """
        if count > self.restarts:
            raise InputError(
                f"{count} designs need at least as many restarts; there are {self.restarts}."
            )
        tastes = tf.convert_to_tensor(tastes, tf.float32)
        categories = tf.constant(categories, tf.int32)
        etas = tf.constant(etas, tf.float32)
        start = self.prior(self.restarts, seed)
        together = max(1, CODES_AT_A_TIME // self.restarts)
        blocks = [
            self.maximise(
                tastes[first : first + together],
                categories[first : first + together],
                etas[first : first + together],
                start,
                count,
            )
            for first in range(0, len(tastes), together)
        ]
        codes, path = (
            tf.concat(parts, axis)
            for parts, axis in zip(zip(*blocks, strict=True), (0, 1), strict=True)
        )
        pictures, preference, realism = self.judge(codes, tastes, categories)
        return Designs(
            pictures=unscale(pictures).numpy(),
            codes=codes.numpy(),
            preference=preference.numpy(),
            realism=realism.numpy(),
            path=path.numpy(),
        )

    def prior(self, count: int, seed: int | tf.Tensor) -> tf.Tensor:
        """(count, Z) codes from U(-1, 1)."""
        return tf.random.stateless_uniform([count, self.gan.code_size], [seed, 0], -1.0, 1.0)

    def terms(
        self, codes: tf.Tensor, tastes: tf.Tensor, categories: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Pictures, preference and realism of codes, row by row.

        Args:
            codes: (R, Z) float32.
            tastes: (R, K) float32.
            categories: (R,) int32.

        Returns:
            (R, H, W, 3) float32 in [-1, 1], (R,) float32, (R,) float32.
        """
        pictures = self.gan.generator([codes, categories], training=False)
        realism = self.gan.discriminator([pictures, categories], training=False)[:, 0]
        encoder = self.recommender.encoder
        # The filter through which the encoder has seen real pictures.
        seen = tf.image.resize(pictures, encoder.picture_size, antialias=True)
        preference = tf.reduce_sum(tastes * encoder(seen, training=False), axis=-1)
        return pictures, preference, realism

    @tf.function(reduce_retracing=True)
    def maximise(
        self,
        tastes: tf.Tensor,
        categories: tf.Tensor,
        etas: tf.Tensor,
        start: tf.Tensor,
        count: int,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Climbs from the same R starts for each of N tastes and keeps the best n of each.

        Args:
            tastes: (N, K) float32.
            categories: (N,) int32.
            etas: (N,) float32.
            start: (R, Z) float32 in [-1, 1].
            count: n.

        Returns:
            Codes (N, n, Z), the best first, and their path (S + 1, N, n, Z).
        """
        restarts, code_size = tf.shape(start)[0], self.gan.code_size
        number = tf.shape(tastes)[0]
        row_tastes, row_categories, row_etas = (
            tf.repeat(each, restarts, axis=0) for each in (tastes, categories, etas)
        )

        def objective(codes: tf.Tensor) -> tf.Tensor:
            _, preference, realism = self.terms(codes, row_tastes, row_categories)
            return preference - row_etas * tf.square(realism - 1.0)

        ascent: Ascent = latent_ascent(
            objective, tf.tile(start, [number, 1]), self.steps, self.learning_rate
        )
        _, best = tf.math.top_k(tf.reshape(ascent.values, [number, restarts]), k=count)
        codes = tf.reshape(ascent.codes, [number, restarts, code_size])
        path = tf.reshape(ascent.path, [-1, number, restarts, code_size])
        path = tf.gather(tf.transpose(path, [1, 2, 0, 3]), best, batch_dims=1)
        return tf.gather(codes, best, batch_dims=1), tf.transpose(path, [2, 0, 1, 3])

    def judge(
        self, codes: tf.Tensor, tastes: tf.Tensor, categories: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """`terms` of (N, n, Z) codes under N tastes: shapes (N, n, H, W, 3), (N, n), (N, n)."""
        number, count, code_size = codes.shape
        pictures, preference, realism = self.terms(
            tf.reshape(codes, [-1, code_size]),
            tf.repeat(tastes, count, axis=0),
            tf.repeat(categories, count, axis=0),
        )
        shape = [number, count]
        return (
            tf.reshape(pictures, [*shape, *pictures.shape[1:]]),
            tf.reshape(preference, shape),
            tf.reshape(realism, shape),
        )
