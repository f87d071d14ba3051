"""The search for designs in tensors, as one graph that can be exported."""

from typing import NamedTuple

import tensorflow as tf

from keras_fashion.design.aggregation import MEAN, Aggregation
from keras_fashion.design.diversity import diverse_top, picture_similarity, thumbnails
from keras_fashion.design.latent_search import from_normal, latent_ascent, prior_excess, to_normal
from keras_fashion.design.objective import Consensus, DesignBatch, Evaluation, PriorSample
from keras_fashion.design.procedure import PROCEDURES, Procedure
from keras_fashion.design.scored_generator import ScoredGenerator
from keras_fashion.models.dvbpr import DVBPR
from keras_fashion.models.picture_generator import PictureGenerator

CANDIDATES = 128
"""Number of latents with the highest objective from which diverse starts are selected."""


class SearchResult(NamedTuple):
    """The result of a search for N users or groups, n designs for each, the best first.

    Attributes:
        pictures: (N, n, H, W, 3) float32 in [-1, 1].
        latents: (N, n, Z) float32.
        preference: (N, n) float32.
        realism: (N, n) float32.
        path: (S + 1, N, n, Z) float32, the latents along the ascent, the start first.
        evaluations: () int32, number of latents at which the objective was evaluated.
    """

    pictures: tf.Tensor
    latents: tf.Tensor
    preference: tf.Tensor
    realism: tf.Tensor
    path: tf.Tensor
    evaluations: tf.Tensor


class DesignSearch(ScoredGenerator):
    """Searches latents that maximize preference and realism; the base of `PreferenceMaximizer`.

    The search consists of three parts: it selects starts from a sample of the prior (`starts`),
    ascends from them, and selects diverse designs from the results.

    Args:
        recommender: Trained DVBPR, which gives theta and Phi.
        gan: Trained generator of the same catalogue, which gives G and D, its `realism`.
        procedure: Settings of the search.

    Example:
        >>> from types import SimpleNamespace
        >>> gan = SimpleNamespace(latent_dim=2, picture_size=(16, 16))  # stands for a real GAN
        >>> unbounded = DesignSearch(None, gan, PROCEDURES["dvbpr"])
        >>> unbounded.coordinates(tf.constant([[0.5, 2.0]])).numpy().tolist()
        [[0.5, 2.0]]
        >>> bounded = DesignSearch(None, gan)
        >>> print(f"{bounded.latents(bounded.coordinates(tf.constant(0.5))):.2f}")
        0.50
    """

    def __init__(
        self,
        recommender: DVBPR,
        gan: PictureGenerator,
        procedure: Procedure = PROCEDURES["default"],
    ) -> None:
        super().__init__(recommender, gan)
        self.procedure = procedure

    @tf.function(reduce_retracing=True, autograph=False)
    def search(
        self,
        sample: PriorSample,
        batch: DesignBatch,
        seed: tf.Tensor,
        count: tf.Tensor,
        aggregation: Aggregation = MEAN,
        fixed_directions: tf.Tensor | None = None,
        steps: tf.Tensor | None = None,
    ) -> SearchResult:
        """Selects starts, ascends from them and selects designs.

        Args:
            sample: Sample of the prior in the categories of the batch.
            batch: N users or groups.
            seed: () int32, seed of the choice of the starts.
            count: () int32, n, number of designs for each.
            aggregation: How the members' preferences become the group's.
            fixed_directions: (H, Z) float32, see `latent_ascent`.
            steps: () int32, number of steps; that of the procedure by default.
        """
        consensus = Consensus.from_prior(sample, batch, aggregation)
        start = self.starts(sample, batch, seed, aggregation)
        steps = self.procedure.steps if steps is None else steps
        return self._maximize(batch, consensus, start, count, aggregation, fixed_directions, steps)

    def starts(
        self,
        sample: PriorSample,
        batch: DesignBatch,
        seed: tf.Tensor,
        aggregation: Aggregation = MEAN,
    ) -> tf.Tensor:
        """Selects the latents where the restarts begin.

        They are selected from a random half of the sample, so that another seed leads to other
        designs.

        Args:
            sample: Sample of the prior in the categories of the batch.
            batch: N users or groups.
            seed: () int32.
            aggregation: How the members' preferences become the group's.

        Returns:
            (N, R, Z) float32.
        """
        restarts, size = self.procedure.restarts, tf.shape(sample.latents)[0]
        order = tf.random.experimental.stateless_shuffle(tf.range(size), [seed, 0])
        if not self.procedure.screened:
            start = tf.gather(sample.latents, order[:restarts])
            return tf.repeat(start[None], tf.shape(batch.etas)[0], axis=0)
        half = order[: size // 2]
        values = tf.gather(batch.prior_objective(sample, aggregation), half, axis=1)
        values, best = tf.math.top_k(values, tf.minimum(max(CANDIDATES, restarts), size // 2))
        candidates = tf.gather(half, best)
        similarity = picture_similarity(tf.gather(sample.thumbnails, candidates, batch_dims=1))
        weight = self.procedure.diversity * batch.scale
        selected = diverse_top(values, similarity, restarts, weight)
        return tf.gather(sample.latents, tf.gather(candidates, selected, batch_dims=1))

    def _maximize(
        self,
        batch: DesignBatch,
        consensus: Consensus,
        start: tf.Tensor,
        count: tf.Tensor,
        aggregation: Aggregation,
        fixed_directions: tf.Tensor | None,
        steps: int | tf.Tensor,
    ) -> SearchResult:
        """Ascends from (N, R, Z) latents and selects n of the R results of each user or group."""
        procedure = self.procedure
        number, restarts = tf.unstack(tf.shape(start)[:2])
        owners = tf.repeat(tf.range(number), restarts)

        def objective(coordinates: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            indices = tf.gather(owners, rows)
            evaluation = self.evaluate(coordinates, batch.gather(indices), aggregation)
            if not procedure.consensus_penalty:
                return evaluation.objective
            penalty = procedure.consensus_penalty * tf.gather(batch.scale, indices)
            return evaluation.objective - penalty * consensus.distance(
                evaluation.embeddings, indices
            )

        ascent = latent_ascent(
            objective,
            self.coordinates(tf.reshape(start, [number * restarts, self.gan.latent_dim])),
            steps,
            lambda _: procedure.learning_rate,
            procedure.patience,
            fixed_directions,
        )
        found = self.evaluate(ascent.coordinates, batch.gather(owners), aggregation)
        selected = diverse_top(
            tf.reshape(ascent.values, [number, restarts]),
            picture_similarity(tf.reshape(thumbnails(found.pictures), [number, restarts, -1])),
            count,
            procedure.diversity * batch.scale,
        )
        rows = selected + restarts * tf.range(number)[:, None]
        return SearchResult(
            pictures=tf.gather(found.pictures, rows),
            latents=self.latents(tf.gather(ascent.coordinates, rows)),
            preference=tf.gather(found.preference, rows),
            realism=tf.gather(found.realism, rows),
            path=self.latents(tf.gather(ascent.path, rows, axis=1)),
            evaluations=ascent.evaluations,
        )

    def evaluate(
        self, coordinates: tf.Tensor, batch: DesignBatch, aggregation: Aggregation = MEAN
    ) -> Evaluation:
        """Evaluates the objective, without the consensus penalty, and its terms.

        Args:
            coordinates: (A, Z) float32, coordinates of the search.
            batch: A users or groups, one for each row of the coordinates.
            aggregation: How the members' preferences become the group's.
        """
        terms = self.terms(self.latents(coordinates), batch.categories)
        preference = batch.preference(terms.embeddings, aggregation)
        objective = batch.objective(terms.embeddings, terms.realism, aggregation)
        if self.procedure.prior_penalty:
            excess = prior_excess(coordinates)
            objective -= self.procedure.prior_penalty * batch.scale * excess
        return Evaluation(objective, terms.pictures, terms.embeddings, preference, terms.realism)

    def coordinates(self, latents: tf.Tensor) -> tf.Tensor:
        """Maps (..., Z) latents to the coordinates of the search."""
        return to_normal(latents) if self.procedure.bounded else latents

    def latents(self, coordinates: tf.Tensor) -> tf.Tensor:
        """Maps (..., Z) coordinates of the search to latents."""
        return from_normal(coordinates) if self.procedure.bounded else coordinates
