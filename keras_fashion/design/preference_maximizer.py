"""Preference maximization: new garments for users and groups by a search over latents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import unscale
from keras_fashion.design.aggregation import MEAN, Aggregation
from keras_fashion.design.design_search import DesignSearch
from keras_fashion.design.objective import DesignBatch, open_specs
from keras_fashion.design.scored_generator import LATENTS_PER_BATCH
from keras_fashion.errors import InputError


@dataclass(frozen=True)
class Designs:
    """Designs for N users or groups, n for each, the best first.

    Attributes:
        pictures: (N, n, H, W, 3) uint8.
        latents: (N, n, Z) float32, in (-1, 1) unless the procedure is unbounded.
        preference: (N, n) float32, theta . Phi(G(z, c)); that of a group as its `Aggregation`
            defines it.
        realism: (N, n) float32, D(G(z, c), c); 1 stands for a real picture.
        path: (S + 1, N, n, Z) float32, the latents along the ascent, the start first.
        evaluations: Number of latents at which the objective and its gradient were evaluated, for
            all users together.

    Example:
        >>> designs = Designs(  # one user, two designs
        ...     pictures=np.zeros((1, 2, 8, 8, 3), np.uint8),
        ...     latents=np.zeros((1, 2, 4), np.float32),
        ...     preference=np.array([[2.5, 2.0]], np.float32),
        ...     realism=np.array([[0.9, 1.0]], np.float32),
        ...     path=np.zeros((7, 1, 2, 4), np.float32),
        ...     evaluations=56,
        ... )
        >>> designs.pictures[0, 0].shape, designs.preference[0].tolist()
        ((8, 8, 3), [2.5, 2.0])
    """

    pictures: np.ndarray
    latents: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    path: np.ndarray
    evaluations: int


class PreferenceMaximizer(DesignSearch):
    """Maximizes theta . Phi(G(z, c)) - eta s (D(G(z, c), c) - 1)² over z.

    This is equation 8 of the DVBPR paper (Kang et al., ICDM 2017) with the weight of realism in
    units of s, the standard deviation of the user's preference over the prior.

    The search starts at diverse latents with the highest objective in a sample of the prior, which
    is evaluated once for all users. All restarts of all users ascend together. Two penalties keep
    them from exploiting errors of the networks: one on the distance from the `Consensus`, one on
    leaving the prior's mass. A diverse selection of the best results is returned.

    Args:
        recommender: Trained DVBPR, which gives theta and Phi.
        gan: Trained generator of the same catalogue, which gives G and D, its `realism`.
        procedure: Settings of the search.

    Example:
        With the toy networks G(z) = z, Phi = z and D = 1 - z, the objective is z - eta z² / √3,
        since the deviation of z in (-1, 1) is 1 / √3:

        >>> from types import SimpleNamespace
        >>> from keras_fashion.design import Procedure
        >>> from keras_fashion.models import PictureGenerator
        >>> class Pixel(PictureGenerator):  # z is the brightness of a single pixel
        ...     num_categories, picture_size, latent_dim = 1, (1, 1), 1
        ...     def call(self, inputs, training=False):
        ...         return tf.repeat(inputs[0], 3, axis=1)[:, None, None]
        ...     def realism(self, pictures, category):
        ...         return 1 - pictures[:, 0, 0, 0]
        >>> def encoder(pictures):
        ...     return pictures[:, 0, 0, :1]
        >>> encoder.picture_size = (1, 1)
        >>> recommender = SimpleNamespace(
        ...     encoder=encoder, user_embedding=lambda users: tf.ones((len(users), 1))
        ... )
        >>> procedure = Procedure(steps=20, consensus_penalty=0.0, prior_penalty=0.0)
        >>> maximizer = PreferenceMaximizer(recommender, Pixel(), procedure)
        >>> designs = maximizer.design(users=[0], category=0, count=1, eta=1.7)
        >>> print(f"{designs.latents[0, 0, 0]:.1f}")
        0.5
    """

    def design(
        self,
        users: Sequence[int],
        category: int,
        count: int = 3,
        eta: float | None = None,
        seed: int = 0,
        weights: Sequence[float] | None = None,
        aggregation: Aggregation = MEAN,
        fixed_directions: np.ndarray | None = None,
    ) -> Designs:
        """Designs garments for one user or for a group.

        Args:
            users: Dense indices, one or more.
            category: Dense index.
            count: n, number of designs.
            eta: Weight of the realism term in units of s, at least 0; that of the procedure by
                default.
            seed: Seed of the choice of the starts.
            weights: Weights of the users, at least 0 and not all 0; equal by default.
            aggregation: How the members' preferences become the group's.
            fixed_directions: See `design_for`.

        Returns:
            Designs with N = 1.

        Raises:
            InputError: If there are no users, if the weights or `eta` are out of range, or if
                `count` is below 1 or above the number of restarts.
        """
        if not len(users):
            raise InputError("`users` must name one user or more.")
        shares = np.ones(len(users)) if weights is None else np.asarray(weights, np.float64)
        if shares.shape != (len(users),):
            raise InputError(
                f"`weights` must have one value for each of the {len(users)} users; "
                f"got {shares.size}."
            )
        if not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
            raise InputError(f"`weights` must be 0 or more, and not all 0; got {shares.tolist()}.")
        eta = self.procedure.eta if eta is None else eta
        user_embeddings = self.recommender.user_embedding(tf.constant(users))
        return self.design_for(
            user_embeddings[None],
            [category],
            count,
            [eta],
            seed,
            shares[None],
            aggregation,
            fixed_directions,
        )

    def design_for(
        self,
        user_embeddings: np.ndarray,
        categories: Sequence[int] | np.ndarray,
        count: int,
        etas: Sequence[float] | np.ndarray,
        seed: int,
        weights: np.ndarray | None = None,
        aggregation: Aggregation = MEAN,
        fixed_directions: np.ndarray | None = None,
    ) -> Designs:
        """Designs garments for N users or groups at once, each with a category and an eta.

        Args:
            user_embeddings: (N, K) float, theta of N users, or (N, M, K) for groups of M members.
            categories: N dense indices.
            count: n, number of designs for each.
            etas: N weights of the realism term in units of s, at least 0.
            seed: Seed of the choice of the starts. It is the same for all users, so that
                differences between users are not differences between draws.
            weights: (N, M) float, weights of the members; 0 where a group has fewer than M.
            aggregation: How the members' preferences become the group's.
            fixed_directions: (H, Z) float32, orthonormal directions, in the coordinates of
                `to_normal`, along which no design moves away from its start.

        Raises:
            InputError: If an eta is below 0, or if `count` is below 1 or above the number of
                restarts.
        """
        restarts = self.procedure.restarts
        if not 1 <= count <= restarts:
            raise InputError(
                f"`count` must be from 1 to {restarts}, the number of restarts; got {count}."
            )
        if fixed_directions is not None:
            fixed_directions = tf.constant(fixed_directions, tf.float32)
        users_at_once = max(1, LATENTS_PER_BATCH // restarts)
        results = []
        for first in range(0, len(user_embeddings), users_at_once):
            part = slice(first, first + users_at_once)
            sample = self.prior_sample(categories[part])
            batch = self.batch(
                user_embeddings[part],
                categories[part],
                etas[part],
                None if weights is None else weights[part],
            )
            settings = tf.constant(seed), tf.constant(count), aggregation, fixed_directions
            # Open shapes: another number of users or members is not traced anew.
            self.search.get_concrete_function(
                open_specs(sample), open_specs(batch, axes=2), *settings
            )
            results.append(self.search(sample, batch, *settings))

        def joined(name: str, axis: int = 0) -> np.ndarray:
            return np.concatenate([getattr(result, name) for result in results], axis)

        return Designs(
            pictures=unscale(joined("pictures")).numpy(),
            latents=joined("latents"),
            preference=joined("preference"),
            realism=joined("realism"),
            path=joined("path", axis=1),
            evaluations=sum(int(result.evaluations) for result in results),
        )

    def batch(
        self,
        user_embeddings: np.ndarray,
        categories: Sequence[int] | np.ndarray,
        etas: Sequence[float] | np.ndarray,
        weights: np.ndarray | None = None,
    ) -> DesignBatch:
        """Converts arguments of `design_for` to tensors and adds the scale of each member.

        Raises:
            InputError: If an eta is below 0.
        """
        if not np.all(np.asarray(etas) >= 0):
            raise InputError(f"`eta` must be 0 or more; got {np.min(etas):g}.")
        theta = tf.convert_to_tensor(user_embeddings, tf.float32)
        if theta.shape.rank == 2:
            theta = theta[:, None]
        return DesignBatch.from_prior(
            self.prior_sample(categories),
            theta,
            tf.ones(theta.shape[:2]) if weights is None else tf.cast(weights, tf.float32),
            tf.constant(categories, tf.int32),
            tf.constant(etas, tf.float32),
        )
