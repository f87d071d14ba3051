"""Preference maximization: garments that do not exist, made for a taste."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import unscale
from keras_fashion.design.diversity import diverse_top, likeness, thumbnails
from keras_fashion.design.latent_search import from_normal, latent_ascent, prior_excess, to_normal
from keras_fashion.design.objective import MEAN, Aggregation, Consensus, DesignBatch, PriorSample
from keras_fashion.design.procedure import PROCEDURES, Procedure
from keras_fashion.errors import InputError
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dvbpr import DVBPR

LATENTS_PER_BATCH = 128
"""How many latents go through the networks together; more gains no speed and costs memory."""

SAMPLE = 1024
"""Latents of the prior that are judged in each category."""

CANDIDATES = 128
"""The best of those that stand for election, of which the starts are chosen."""


@dataclass(frozen=True)
class Designs:
    """Designs of N people or groups, n of each, the best first.

    Attributes:
        pictures: (N, n, H, W, 3) uint8.
        latents: (N, n, Z) float32; in (-1, 1) unless the procedure is unbounded.
        preference: (N, n) float32, theta . Phi(G(z, c)), of a group as its `Aggregation`.
        realism: (N, n) float32, D(G(z, c), c): 1 is what the discriminator takes for real.
        path: (S + 1, N, n, Z) float32, the latents on the way, the start first.
        evaluations: How many latents were drawn and judged on the way, with gradients, in all.
    """

    pictures: np.ndarray
    latents: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    path: np.ndarray
    evaluations: int


class PreferenceMaximizer:
    """Maximizes theta . Phi(G(z, c)) - eta (D(G(z, c), c) - 1)² over z (ICDM 2017, equation 8).

    The search begins at the latents that please most, and are not alike, of a sample of the prior,
    which is drawn and judged once for all tastes. All restarts of all tastes climb together, held
    back by a brake towards the style that the best-liked have in common (`Consensus`), and of
    those that have arrived the best that are not alike are kept.

    Args:
        recommender: A trained DVBPR: gives theta and Phi.
        gan: A trained conditional GAN of the same catalogue: gives G and D.
        procedure: How to search.

    Attributes:
        generate: Maps (A, Z) float32 latents and (A,) int32 categories to G(z, c), (A, H, W, 3)
            float32 pictures in [-1, 1].
        style: Maps pictures of the generator's size, (A, H, W, 3) float32 in [-1, 1], to Phi,
            (A, K) float32.
        realism: Maps such pictures and (A,) int32 categories to D(x, c), (A,) float32.

    Example:
        >>> maximizer = PreferenceMaximizer(recommender, gan)
        >>> designs = maximizer.design(users=[17], category=2, count=3)
        >>> designs.pictures.shape
        (1, 3, 64, 64, 3)
    """

    def __init__(
        self,
        recommender: DVBPR,
        gan: ConditionalGAN,
        procedure: Procedure = PROCEDURES["default"],
    ) -> None:
        self.recommender = recommender
        self.gan = gan
        self.procedure = procedure
        self._judged: dict[int, PriorSample] = {}
        latents = tf.TensorSpec([None, gan.latent_dim], tf.float32)
        pictures = tf.TensorSpec([None, *gan.picture_size, 3], tf.float32)
        categories = tf.TensorSpec([None], tf.int32)
        # Each network, and its gradient, is traced once for all graphs that it is part of.
        compiled = partial(tf.function, autograph=False)
        self.generate = compiled(self._generate, input_signature=[latents, categories])
        self.embed = compiled(self._embed, input_signature=[pictures])
        self.realism = compiled(self._realism, input_signature=[pictures, categories])

    def design(
        self,
        users: Sequence[int],
        category: int,
        count: int = 3,
        eta: float = 1.0,
        seed: int = 0,
        weights: Sequence[float] | None = None,
        aggregation: Aggregation = MEAN,
        fixed_directions: np.ndarray | None = None,
    ) -> Designs:
        """Designs for one user or for a group.

        Args:
            users: Dense indices, one or more.
            category: Dense index.
            count: n, how many designs.
            eta: Weight of the realism term.
            seed: Decides where the restarts begin.
            weights: Of the users, at least 0; equal by default.
            aggregation: How the members' preferences become the group's.
            fixed_directions: As in `design_for`.

        Returns:
            Designs with N = 1.

        Raises:
            InputError: If there are no users, a weight is below 0 or all are 0, eta is below 0,
                or fewer designs are wanted than 1 or more than there are restarts.
        """
        if not len(users):
            raise InputError("a group needs one member or more; name a user.")
        shares = np.ones(len(users)) if weights is None else np.asarray(weights, np.float64)
        if shares.shape != (len(users),):
            raise InputError(f"{shares.size} weights for {len(users)} users; give one for each.")
        if not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
            raise InputError(f"weights are 0 or more, and not all 0; got {shares.tolist()}.")
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
        categories: Sequence[int],
        count: int,
        etas: Sequence[float],
        seed: int,
        weights: np.ndarray | None = None,
        aggregation: Aggregation = MEAN,
        fixed_directions: np.ndarray | None = None,
    ) -> Designs:
        """Designs for N people or groups at once, each with its own category and eta.

        Args:
            user_embeddings: (N, K) float, or (N, M, K) for groups of M.
            categories: N dense indices.
            count: n, how many designs each.
            etas: N weights of the realism term.
            seed: Decides where the restarts begin; the same draw for every taste, so that
                differences between tastes are not differences between draws.
            weights: (N, M) float, 0 where a group has fewer members than M.
            aggregation: How the members' preferences become the group's.
            fixed_directions: (H, Z) float32, orthonormal directions along which no design moves
                from where it began, in the coordinates of `to_normal`.

        Raises:
            InputError: If an eta is below 0, or fewer designs are wanted than 1 or more than there
                are restarts.
        """
        restarts = self.procedure.restarts
        if not 1 <= count <= restarts:
            raise InputError(f"{count} designs: this procedure makes 1 to {restarts}.")
        at_a_time = max(1, LATENTS_PER_BATCH // restarts)
        wanted = tf.constant(count), aggregation, fixed_directions
        blocks = []
        for first in range(0, len(user_embeddings), at_a_time):
            some = slice(first, first + at_a_time)
            sample = self.prior_sample(categories[some])
            batch = self.batch(
                user_embeddings[some],
                categories[some],
                etas[some],
                None if weights is None else weights[some],
            )
            consensus = self.consensus(sample, batch, aggregation)
            start = self.starts(sample, batch, tf.constant(seed), aggregation)
            blocks.append(self.maximize(batch, consensus, start, *wanted))
        latents, pictures, preference, realism = (
            np.concatenate(parts) for parts in list(zip(*blocks, strict=True))[:4]
        )
        return Designs(
            pictures=unscale(pictures).numpy(),
            latents=latents,
            preference=preference,
            realism=realism,
            path=np.concatenate([block[4] for block in blocks], axis=1),
            evaluations=sum(int(block[5]) for block in blocks),
        )

    def batch(
        self,
        user_embeddings: np.ndarray,
        categories: Sequence[int],
        etas: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> DesignBatch:
        """Arguments of `design_for` as tensors, with everybody's scale.

        Raises:
            InputError: If an eta is below 0.
        """
        if not np.all(np.asarray(etas) >= 0):
            raise InputError(f"eta weighs realism and is 0 or more; got {np.min(etas):g}.")
        user_embeddings = tf.convert_to_tensor(user_embeddings, tf.float32)
        user_embeddings = (
            user_embeddings[:, None] if user_embeddings.shape.rank == 2 else user_embeddings
        )
        return DesignBatch.from_prior(
            self.prior_sample(categories),
            user_embeddings,
            tf.ones(user_embeddings.shape[:2]) if weights is None else tf.cast(weights, tf.float32),
            tf.constant(categories, tf.int32),
            tf.constant(etas, tf.float32),
        )

    def prior(self, count: int | tf.Tensor, seed: int | tf.Tensor) -> tf.Tensor:
        """(count, Z) latents from U(-1, 1)."""
        return tf.random.stateless_uniform([count, self.gan.latent_dim], [seed, 0], -1.0, 1.0)

    def prior_sample(self, categories: Sequence[int]) -> PriorSample:
        """The sample of the prior in each of N categories, judged at its first use."""
        for category in {int(each) for each in categories} - self._judged.keys():
            self._judged[category] = self._judge_prior(category)
        judged = [self._judged[int(category)] for category in categories]
        return PriorSample(
            judged[0].latents,
            *(tf.concat(parts, 0) for parts in list(zip(*judged, strict=True))[1:]),
        )

    def _judge_prior(self, category: int) -> PriorSample:
        latents = self.prior(SAMPLE, 0)
        parts = []
        for some in tf.split(latents, SAMPLE // LATENTS_PER_BATCH):
            pictures, embeddings, realism = self.terms(some, tf.fill([LATENTS_PER_BATCH], category))
            means = tf.reduce_mean(pictures, 0), tf.reduce_mean(tf.square(pictures))
            parts.append((embeddings, realism, thumbnails(pictures), *means))
        embeddings, realism, seen, pictures, squares = zip(*parts, strict=True)
        return PriorSample(
            latents,
            *(tf.concat(each, 0)[None] for each in (embeddings, realism, seen)),
            *(tf.reduce_mean(tf.stack(each), 0)[None] for each in (pictures, squares)),
        )

    def terms(
        self, latents: tf.Tensor, categories: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Pictures, styles and realism of latents, row by row.

        Args:
            latents: (A, Z) float32.
            categories: (A,) int32.

        Returns:
            G(z, c), (A, H, W, 3) float32 in [-1, 1]; Phi(G(z, c)), (A, K) float32; and
            D(G(z, c), c), (A,) float32.
        """
        pictures = self.generate(latents, categories)
        return pictures, self.embed(pictures), self.realism(pictures, categories)

    def _generate(self, latents: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
        return self.gan.ema_generator([latents, categories], training=False)

    def _embed(self, pictures: tf.Tensor) -> tf.Tensor:
        encoder = self.recommender.encoder
        # The filter through which the encoder has seen real pictures.
        return encoder(tf.image.resize(pictures, encoder.picture_size, antialias=True))

    def _realism(self, pictures: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
        return self.gan.discriminator([pictures, categories], training=False)[:, 0]

    @tf.function(reduce_retracing=True, autograph=False)
    def consensus(
        self, sample: PriorSample, batch: DesignBatch, aggregation: Aggregation = MEAN
    ) -> Consensus:
        """`Consensus.of`, compiled."""
        return Consensus.of(sample, batch, aggregation)

    @tf.function(reduce_retracing=True, autograph=False)
    def starts(
        self,
        sample: PriorSample,
        batch: DesignBatch,
        seed: tf.Tensor,
        aggregation: Aggregation = MEAN,
    ) -> tf.Tensor:
        """(N, R, Z) latents where the restarts of N people begin.

        A random half of the sample stands for election, so that another seed gives other designs.

        Args:
            sample: Of the prior, in their categories.
            batch: For whom.
            seed: () int32.
            aggregation: How the members' preferences become the group's.
        """
        restarts, size = self.procedure.restarts, tf.shape(sample.latents)[0]
        order = tf.random.experimental.stateless_shuffle(tf.range(size), [seed, 0])
        if not self.procedure.screened:
            start = tf.gather(sample.latents, order[:restarts])
            return tf.repeat(start[None], tf.shape(batch.etas)[0], axis=0)
        standing = order[: size // 2]
        values = tf.gather(batch.objective(sample, aggregation), standing, axis=1)
        values, best = tf.math.top_k(values, tf.minimum(max(CANDIDATES, restarts), size // 2))
        chosen = tf.gather(standing, best)
        alike = likeness(tf.gather(sample.thumbnails, chosen, batch_dims=1))
        first = diverse_top(values, alike, restarts, self.procedure.diversity * batch.unit)
        return tf.gather(sample.latents, tf.gather(chosen, first, batch_dims=1))

    @tf.function(reduce_retracing=True, autograph=False)
    def maximize(
        self,
        batch: DesignBatch,
        consensus: Consensus,
        start: tf.Tensor,
        count: int | tf.Tensor,
        aggregation: Aggregation = MEAN,
        fixed_directions: tf.Tensor | None = None,
        steps: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, ...]:
        """Climbs from R starts for each of N people and keeps the best n of each.

        Args:
            batch: For whom.
            consensus: Theirs.
            start: (N, R, Z) float32, latents.
            count: n.
            aggregation: How the members' preferences become the group's.
            fixed_directions: As in `design_for`.
            steps: () int32, S; the procedure's by default.

        Returns:
            Latents (N, n, Z), the best first, their pictures (N, n, H, W, 3), preference (N, n) and
            realism (N, n), their path (S + 1, N, n, Z), and the number of evaluations, () int32.
        """
        number, restarts = tf.unstack(tf.shape(start)[:2])
        group = tf.repeat(tf.range(number), restarts)

        def objective(coordinates: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            who = tf.gather(group, rows)
            value, _, embeddings, *_ = self.judge(coordinates, batch.rows(who), aggregation)
            if not self.procedure.consensus_penalty:
                return value
            brake = self.procedure.consensus_penalty * tf.gather(batch.unit, who)
            return value - brake * consensus.distance(embeddings, who)

        ascent = latent_ascent(
            objective,
            self.coordinates(tf.reshape(start, [number * restarts, self.gan.latent_dim])),
            self.procedure.steps if steps is None else steps,
            lambda _: self.procedure.learning_rate,
            self.procedure.patience,
            fixed_directions,
        )
        _, pictures, _, preference, realism = self.judge(
            ascent.coordinates, batch.rows(group), aggregation
        )
        best = diverse_top(
            tf.reshape(ascent.values, [number, restarts]),
            likeness(tf.reshape(thumbnails(pictures), [number, restarts, -1])),
            count,
            self.procedure.diversity * batch.unit,
        )
        rows = best + restarts * tf.range(number)[:, None]
        return (
            self.latents(tf.gather(ascent.coordinates, rows)),
            *(tf.gather(each, rows) for each in (pictures, preference, realism)),
            self.latents(tf.gather(ascent.path, rows, axis=1)),
            ascent.evaluations,
        )

    def judge(
        self, coordinates: tf.Tensor, batch: DesignBatch, aggregation: Aggregation = MEAN
    ) -> tuple[tf.Tensor, ...]:
        """The objective at places of the search but for the brake towards the consensus.

        With it comes what it is made of, row by row.

        Args:
            coordinates: (A, Z) float32.
            batch: A of them.
            aggregation: How the members' preferences become the group's.

        Returns:
            The objective, (A,); pictures, (A, H, W, 3); styles, (A, K); preference, (A,); and
            realism, (A,); all float32.
        """
        pictures, embeddings, realism = self.terms(self.latents(coordinates), batch.categories)
        preference = batch.preference(embeddings, aggregation)
        value = preference - batch.etas * tf.square(realism - 1.0)
        if self.procedure.prior_penalty:
            value -= self.procedure.prior_penalty * batch.unit * prior_excess(coordinates)
        return value, pictures, embeddings, preference, realism

    def coordinates(self, latents: tf.Tensor) -> tf.Tensor:
        """Latents in the coordinates of the search."""
        return to_normal(latents) if self.procedure.bounded else latents

    def latents(self, coordinates: tf.Tensor) -> tf.Tensor:
        """Places of the search as latents."""
        return from_normal(coordinates) if self.procedure.bounded else coordinates
