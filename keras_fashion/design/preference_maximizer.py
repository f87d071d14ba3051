"""Preference maximisation: garments that do not exist, made for a taste."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import unscale
from keras_fashion.design.diversity import diverse_top, likeness, looks
from keras_fashion.design.latent_search import beyond_prior, from_normal, latent_ascent, to_normal
from keras_fashion.design.objective import MEAN, Consensus, GroupPreference, People, PriorSample
from keras_fashion.design.procedure import PROCEDURES, Procedure
from keras_fashion.errors import InputError
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dvbpr import DVBPR

CODES_AT_A_TIME = 128
"""How many codes go through the networks together; more gains no speed and costs memory."""

SAMPLE = 1024
"""Codes of the prior that are judged in each category."""

CANDIDATES = 128
"""The best of those that stand for election, of which the starts are chosen."""


@dataclass(frozen=True)
class Designs:
    """Designs of N people or groups, n of each, the best first.

    Attributes:
        pictures: (N, n, H, W, 3) uint8.
        codes: (N, n, Z) float32; in (-1, 1) unless the procedure is unbounded.
        preference: (N, n) float32, theta . Phi(G(z, c)), of a group as its `GroupPreference`.
        realism: (N, n) float32, D(G(z, c), c): 1 is what the discriminator takes for real.
        path: (S + 1, N, n, Z) float32, the codes on the way, the start first.
        evaluations: How many codes were drawn and judged on the way, with gradients, in all.
    """

    pictures: np.ndarray
    codes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    path: np.ndarray
    evaluations: int


class PreferenceMaximiser:
    """Maximises theta . Phi(G(z, c)) - eta (D(G(z, c), c) - 1)² over z (ICDM 2017, equation 8).

    The search begins at the codes that please most, and are not alike, of a sample of the prior,
    which is drawn and judged once for all tastes. All restarts of all tastes climb together, held
    back by a brake towards the style that the best-liked have in common (`Consensus`), and of
    those that have arrived the best that are not alike are kept.

    Args:
        recommender: A trained DVBPR: gives theta and Phi.
        gan: A trained conditional GAN of the same catalogue: gives G and D.
        procedure: How to search.

    Attributes:
        generate: Maps (A, Z) float32 codes and (A,) int32 categories to G(z, c), (A, H, W, 3)
            float32 pictures in [-1, 1].
        style: Maps pictures of the generator's size, (A, H, W, 3) float32 in [-1, 1], to Phi,
            (A, K) float32.
        realism: Maps such pictures and (A,) int32 categories to D(x, c), (A,) float32.

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
        procedure: Procedure = PROCEDURES["default"],
    ) -> None:
        self.recommender = recommender
        self.gan = gan
        self.procedure = procedure
        self._judged: dict[int, PriorSample] = {}
        codes = tf.TensorSpec([None, gan.code_size], tf.float32)
        pictures = tf.TensorSpec([None, *gan.picture_size, 3], tf.float32)
        categories = tf.TensorSpec([None], tf.int32)
        # Each network, and its gradient, is traced once for all graphs that it is part of.
        compiled = partial(tf.function, autograph=False)
        self.generate = compiled(self._generate, input_signature=[codes, categories])
        self.style = compiled(self._style, input_signature=[pictures])
        self.realism = compiled(self._realism, input_signature=[pictures, categories])

    def design(
        self,
        users: Sequence[int],
        category: int,
        count: int = 3,
        eta: float = 1.0,
        seed: int = 0,
        weights: Sequence[float] | None = None,
        together: GroupPreference = MEAN,
        held: np.ndarray | None = None,
    ) -> Designs:
        """Designs for one user or for a group.

        Args:
            users: Dense indices, one or more.
            category: Dense index.
            count: n, how many designs.
            eta: Weight of the realism term.
            seed: Decides where the restarts begin.
            weights: Of the users, at least 0; equal by default.
            together: How the members' preferences become the group's.
            held: As in `design_for`.

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
        tastes = self.recommender.taste(tf.constant(users))
        return self.design_for(
            tastes[None], [category], count, [eta], seed, shares[None], together, held
        )

    def design_for(
        self,
        tastes: np.ndarray,
        categories: Sequence[int],
        count: int,
        etas: Sequence[float],
        seed: int,
        weights: np.ndarray | None = None,
        together: GroupPreference = MEAN,
        held: np.ndarray | None = None,
    ) -> Designs:
        """Designs for N people or groups at once, each with its own category and eta.

        Args:
            tastes: (N, K) float, or (N, M, K) for groups of M.
            categories: N dense indices.
            count: n, how many designs each.
            etas: N weights of the realism term.
            seed: Decides where the restarts begin; the same draw for every taste, so that
                differences between tastes are not differences between draws.
            weights: (N, M) float, 0 where a group has fewer members than M.
            together: How the members' preferences become the group's.
            held: (H, Z) float32, orthonormal directions along which no design moves from where
                it began, in the coordinates of `to_normal`.

        Raises:
            InputError: If an eta is below 0, or fewer designs are wanted than 1 or more than there
                are restarts.
        """
        restarts = self.procedure.restarts
        if not 1 <= count <= restarts:
            raise InputError(f"{count} designs: this procedure makes 1 to {restarts}.")
        at_a_time = max(1, CODES_AT_A_TIME // restarts)
        wanted = tf.constant(count), together, held
        blocks = []
        for first in range(0, len(tastes), at_a_time):
            some = slice(first, first + at_a_time)
            sample = self.prior_sample(categories[some])
            people = self.people(
                tastes[some],
                categories[some],
                etas[some],
                None if weights is None else weights[some],
            )
            consensus = self.consensus(sample, people, together)
            start = self.starts(sample, people, tf.constant(seed), together)
            blocks.append(self.maximise(people, consensus, start, *wanted))
        codes, pictures, preference, realism = (
            np.concatenate(parts) for parts in list(zip(*blocks, strict=True))[:4]
        )
        return Designs(
            pictures=unscale(pictures).numpy(),
            codes=codes,
            preference=preference,
            realism=realism,
            path=np.concatenate([block[4] for block in blocks], axis=1),
            evaluations=sum(int(block[5]) for block in blocks),
        )

    def people(
        self,
        tastes: np.ndarray,
        categories: Sequence[int],
        etas: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> People:
        """Arguments of `design_for` as tensors, with everybody's scale.

        Raises:
            InputError: If an eta is below 0.
        """
        if not np.all(np.asarray(etas) >= 0):
            raise InputError(f"eta weighs realism and is 0 or more; got {np.min(etas):g}.")
        tastes = tf.convert_to_tensor(tastes, tf.float32)
        tastes = tastes[:, None] if tastes.shape.rank == 2 else tastes
        return People.on_scale(
            self.prior_sample(categories),
            tastes,
            tf.ones(tastes.shape[:2]) if weights is None else tf.cast(weights, tf.float32),
            tf.constant(categories, tf.int32),
            tf.constant(etas, tf.float32),
        )

    def prior(self, count: int | tf.Tensor, seed: int | tf.Tensor) -> tf.Tensor:
        """(count, Z) codes from U(-1, 1)."""
        return tf.random.stateless_uniform([count, self.gan.code_size], [seed, 0], -1.0, 1.0)

    def prior_sample(self, categories: Sequence[int]) -> PriorSample:
        """The sample of the prior in each of N categories, judged at its first use."""
        for category in {int(each) for each in categories} - self._judged.keys():
            self._judged[category] = self._judge_prior(category)
        judged = [self._judged[int(category)] for category in categories]
        return PriorSample(
            judged[0].codes,
            *(tf.concat(parts, 0) for parts in list(zip(*judged, strict=True))[1:]),
        )

    def _judge_prior(self, category: int) -> PriorSample:
        codes = self.prior(SAMPLE, 0)
        parts = []
        for some in tf.split(codes, SAMPLE // CODES_AT_A_TIME):
            pictures, styles, realism = self.terms(some, tf.fill([CODES_AT_A_TIME], category))
            means = tf.reduce_mean(pictures, 0), tf.reduce_mean(tf.square(pictures))
            parts.append((styles, realism, looks(pictures), *means))
        styles, realism, seen, pictures, squares = zip(*parts, strict=True)
        return PriorSample(
            codes,
            *(tf.concat(each, 0)[None] for each in (styles, realism, seen)),
            *(tf.reduce_mean(tf.stack(each), 0)[None] for each in (pictures, squares)),
        )

    def terms(
        self, codes: tf.Tensor, categories: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Pictures, styles and realism of codes, row by row.

        Args:
            codes: (A, Z) float32.
            categories: (A,) int32.

        Returns:
            G(z, c), (A, H, W, 3) float32 in [-1, 1]; Phi(G(z, c)), (A, K) float32; and
            D(G(z, c), c), (A,) float32.
        """
        pictures = self.generate(codes, categories)
        return pictures, self.style(pictures), self.realism(pictures, categories)

    def _generate(self, codes: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
        return self.gan.generator([codes, categories], training=False)

    def _style(self, pictures: tf.Tensor) -> tf.Tensor:
        encoder = self.recommender.encoder
        # The filter through which the encoder has seen real pictures.
        return encoder(tf.image.resize(pictures, encoder.picture_size, antialias=True))

    def _realism(self, pictures: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
        return self.gan.discriminator([pictures, categories], training=False)[:, 0]

    @tf.function(reduce_retracing=True, autograph=False)
    def consensus(
        self, sample: PriorSample, people: People, together: GroupPreference = MEAN
    ) -> Consensus:
        """`Consensus.of`, compiled."""
        return Consensus.of(sample, people, together)

    @tf.function(reduce_retracing=True, autograph=False)
    def starts(
        self,
        sample: PriorSample,
        people: People,
        seed: tf.Tensor,
        together: GroupPreference = MEAN,
    ) -> tf.Tensor:
        """(N, R, Z) codes where the restarts of N people begin.

        A random half of the sample stands for election, so that another seed gives other designs.

        Args:
            sample: Of the prior, in their categories.
            people: For whom.
            seed: () int32.
            together: How the members' preferences become the group's.
        """
        restarts, size = self.procedure.restarts, tf.shape(sample.codes)[0]
        order = tf.random.experimental.stateless_shuffle(tf.range(size), [seed, 0])
        if not self.procedure.screened:
            start = tf.gather(sample.codes, order[:restarts])
            return tf.repeat(start[None], tf.shape(people.etas)[0], axis=0)
        standing = order[: size // 2]
        values = tf.gather(people.objective(sample, together), standing, axis=1)
        values, best = tf.math.top_k(values, tf.minimum(max(CANDIDATES, restarts), size // 2))
        chosen = tf.gather(standing, best)
        alike = likeness(tf.gather(sample.looks, chosen, batch_dims=1))
        first = diverse_top(values, alike, restarts, self.procedure.diversity * people.unit)
        return tf.gather(sample.codes, tf.gather(chosen, first, batch_dims=1))

    @tf.function(reduce_retracing=True, autograph=False)
    def maximise(
        self,
        people: People,
        consensus: Consensus,
        start: tf.Tensor,
        count: int | tf.Tensor,
        together: GroupPreference = MEAN,
        held: tf.Tensor | None = None,
        steps: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, ...]:
        """Climbs from R starts for each of N people and keeps the best n of each.

        Args:
            people: For whom.
            consensus: Theirs.
            start: (N, R, Z) float32, codes.
            count: n.
            together: How the members' preferences become the group's.
            held: As in `design_for`.
            steps: () int32, S; the procedure's by default.

        Returns:
            Codes (N, n, Z), the best first, their pictures (N, n, H, W, 3), preference (N, n) and
            realism (N, n), their path (S + 1, N, n, Z), and the number of evaluations, () int32.
        """
        number, restarts = tf.unstack(tf.shape(start)[:2])
        group = tf.repeat(tf.range(number), restarts)

        def objective(places: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            who = tf.gather(group, rows)
            value, _, styles, *_ = self.judge(places, people.rows(who), together)
            if not self.procedure.consensus_brake:
                return value
            brake = self.procedure.consensus_brake * tf.gather(people.unit, who)
            return value - brake * consensus.distance(styles, who)

        ascent = latent_ascent(
            objective,
            self.places(tf.reshape(start, [number * restarts, self.gan.code_size])),
            self.procedure.steps if steps is None else steps,
            lambda _: self.procedure.learning_rate,
            self.procedure.patience,
            held,
        )
        _, pictures, _, preference, realism = self.judge(
            ascent.places, people.rows(group), together
        )
        best = diverse_top(
            tf.reshape(ascent.values, [number, restarts]),
            likeness(tf.reshape(looks(pictures), [number, restarts, -1])),
            count,
            self.procedure.diversity * people.unit,
        )
        rows = best + restarts * tf.range(number)[:, None]
        return (
            self.codes(tf.gather(ascent.places, rows)),
            *(tf.gather(each, rows) for each in (pictures, preference, realism)),
            self.codes(tf.gather(ascent.path, rows, axis=1)),
            ascent.evaluations,
        )

    def judge(
        self, places: tf.Tensor, people: People, together: GroupPreference = MEAN
    ) -> tuple[tf.Tensor, ...]:
        """The objective at places of the search but for the brake towards the consensus.

        With it comes what it is made of, row by row.

        Args:
            places: (A, Z) float32.
            people: A of them.
            together: How the members' preferences become the group's.

        Returns:
            The objective, (A,); pictures, (A, H, W, 3); styles, (A, K); preference, (A,); and
            realism, (A,); all float32.
        """
        pictures, styles, realism = self.terms(self.codes(places), people.categories)
        preference = people.preference(styles, together)
        value = preference - people.etas * tf.square(realism - 1.0)
        if self.procedure.prior_brake:
            value -= self.procedure.prior_brake * people.unit * beyond_prior(places)
        return value, pictures, styles, preference, realism

    def places(self, codes: tf.Tensor) -> tf.Tensor:
        """Codes in the coordinates of the search."""
        return to_normal(codes) if self.procedure.bounded else codes

    def codes(self, places: tf.Tensor) -> tf.Tensor:
        """Places of the search as codes."""
        return from_normal(places) if self.procedure.bounded else places
