"""Redesign: gradual changes of an existing item toward what a user prefers."""

from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import unscale
from keras_fashion.design.inversion import Originals, nearest_latents
from keras_fashion.design.latent_search import latent_ascent, prior_excess
from keras_fashion.design.objective import DesignBatch, Evaluation, PriorSample
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.errors import InputError

STEPS = 40
"""Number of steps of the ascent."""

LEARNING_RATE = 0.03
"""Adam's first learning rate, which decays to 0 along half a cosine."""

REFINEMENT_STEPS = 40
REFINEMENT_RATE = 0.02
"""The same of the steps that bring the frames nearer to the item."""

SHORTFALL_PENALTY = 10.0
"""Weight of the preference that a frame lacks while it is brought nearer to the item."""


@dataclass(frozen=True)
class Redesign:
    """n pictures from an item to its redesign.

    Attributes:
        pictures: (n, H, W, 3) uint8; the first is the generator's nearest picture to the item.
        latents: (n, Z) float32.
        preference: (n,) float32, theta . Phi.
        realism: (n,) float32, D; 1 stands for a real picture.
        distance: (n,) float32, distance from the item's picture: 0 for the picture itself, 1 on
            average for a random garment (`Originals`).

    Example:
        >>> result = Redesign(
        ...     pictures=np.zeros((3, 8, 8, 3), np.uint8),
        ...     latents=np.zeros((3, 4), np.float32),
        ...     preference=np.array([0.5, 1.0, 1.5], np.float32),
        ...     realism=np.ones(3, np.float32),
        ...     distance=np.array([0.25, 0.5, 1.0], np.float32),
        ... )
        >>> float(result.preference[-1] - result.preference[0])
        1.0
    """

    pictures: np.ndarray
    latents: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    distance: np.ndarray


class RedesignTensors(NamedTuple):
    """The attributes of `Redesign` in tensors, for n pictures."""

    pictures: tf.Tensor
    latents: tf.Tensor
    preference: tf.Tensor
    realism: tf.Tensor
    distance: tf.Tensor


def redesign(
    maximizer: PreferenceMaximizer,
    user: int,
    picture: np.ndarray,
    category: int,
    frames: int = 6,
    eta: float | None = None,
    proximity: float = 3.0,
    fixed_directions: np.ndarray | None = None,
) -> Redesign:
    """Changes an item's picture step by step toward what a user prefers.

    The picture is inverted, and its latent ascends an objective: that of a design, with the
    penalty on the distance from the consensus replaced by `proximity` times the distance from the
    item, in standard deviations of preference over the prior. Realism and the prior do not pull the
    item away from itself: only what is less real or less likely than the generator's picture of the
    item is penalized. The pictures on the path at which the preference has risen by equal parts are
    then brought as near to the item as they can be with this preference.

    Args:
        maximizer: Maximizer with the networks.
        user: Dense index of the user.
        picture: (H, W, 3) uint8, of the generator's size.
        category: Dense index of the item's category.
        frames: n, number of pictures, both ends included; at least 2.
        eta: Weight of the realism term, at least 0; that of the procedure by default.
        proximity: Weight of the distance from the item, at least 0; 0 for no such term.
        fixed_directions: (H, Z) float32, orthonormal directions along which the latent does not
            move, as in `PreferenceMaximizer.design_for`.

    Raises:
        InputError: If the picture has another size or dtype, or if `frames`, `eta` or `proximity`
            is out of range.

    Example:
        The latent of a toy generator is the brightness of its single pixel:

        >>> from types import SimpleNamespace
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
        >>> maximizer = PreferenceMaximizer(recommender, Pixel())
        >>> gray = np.full((1, 1, 3), 128, np.uint8)
        >>> result = redesign(maximizer, 0, gray, 0, frames=3, eta=0.0, proximity=0.0)
        >>> [f"{each:.1f}" for each in result.preference]
        ['0.0', '0.2', '0.5']
    """
    if frames < 2:
        raise InputError(f"`frames` must be 2 or more; got {frames}.")
    if not proximity >= 0:
        raise InputError(f"`proximity` must be 0 or more; got {proximity:g}.")
    eta = maximizer.procedure.eta if eta is None else eta
    originals, distances = Originals.from_pictures(maximizer, np.asarray(picture)[None], [category])
    user_embedding = maximizer.recommender.user_embedding(tf.constant([user]))
    result = redesign_tensors(
        maximizer,
        maximizer.prior_sample([category]),
        maximizer.batch(user_embedding, [category], [eta]),
        originals,
        distances,
        tf.constant(frames),
        tf.constant(proximity),
        fixed_directions,
    )
    return Redesign(**{name: each.numpy() for name, each in result._asdict().items()})


def redesign_tensors(
    maximizer: PreferenceMaximizer,
    sample: PriorSample,
    batch: DesignBatch,
    originals: Originals,
    distances: tf.Tensor,
    frames: tf.Tensor,
    proximity: tf.Tensor,
    fixed_directions: tf.Tensor | None = None,
) -> RedesignTensors:
    """Does the work of `redesign` in tensors, for graphs.

    Args:
        maximizer: Maximizer with the networks.
        sample: Sample of the prior in the item's category.
        batch: One user or group.
        originals: The picture of the one item.
        distances: (1, B) float32, its distances from the latents of the sample.
        frames: () int32.
        proximity: () float32.
        fixed_directions: (H, Z) float32, see `redesign`.
    """
    start = nearest_latents(maximizer, sample, originals, distances, batch.categories)
    result = _redesign_from(maximizer, originals, batch, start, frames, proximity, fixed_directions)
    return result._replace(pictures=unscale(result.pictures))


@tf.function(reduce_retracing=True, autograph=False)
def _redesign_from(
    maximizer: PreferenceMaximizer,
    originals: Originals,
    batch: DesignBatch,
    start: tf.Tensor,
    frames: tf.Tensor,
    proximity: tf.Tensor,
    fixed_directions: tf.Tensor | None,
) -> RedesignTensors:
    """Redesigns from the item's (1, Z) latent; returns n frames with pictures in [-1, 1]."""
    item = maximizer.coordinates(start)
    at_item = maximizer.evaluate(item, batch)
    excess = prior_excess(item)

    def evaluate(coordinates: tf.Tensor) -> tuple[Evaluation, tf.Tensor, tf.Tensor]:
        """Evaluates (A, Z) coordinates; returns the distances and the penalties too, (A,)."""
        rows = tf.zeros([tf.shape(coordinates)[0]], tf.int32)
        evaluation = maximizer.evaluate(coordinates, batch.gather(rows))
        distance = originals.distance(evaluation.pictures, evaluation.embeddings, rows)
        less_real = tf.nn.relu(at_item.realism - evaluation.realism)
        less_likely = tf.nn.relu(prior_excess(coordinates) - excess)
        penalty = proximity * distance + batch.etas * less_real**2
        penalty += maximizer.procedure.prior_penalty * less_likely
        return evaluation, distance, batch.scale * penalty

    def liked_and_near(coordinates: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        evaluation, _, penalty = evaluate(coordinates)
        return evaluation.preference - penalty

    falling = keras.optimizers.schedules.CosineDecay
    ascent = latent_ascent(
        liked_and_near, item, STEPS, falling(LEARNING_RATE, STEPS), STEPS, fixed_directions
    )
    preference = evaluate(ascent.path[:, 0])[0].preference
    begun = _equal_rises(preference, frames)
    wanted = tf.linspace(preference[0], tf.gather(preference, begun[-1]), frames)

    def near_and_liked_enough(coordinates: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        evaluation, _, penalty = evaluate(coordinates)
        shortfall = tf.nn.relu(tf.gather(wanted, rows) - evaluation.preference)
        return -penalty - SHORTFALL_PENALTY * shortfall

    refined = latent_ascent(
        near_and_liked_enough,
        tf.gather(ascent.path[:, 0], begun),
        REFINEMENT_STEPS,
        falling(REFINEMENT_RATE, REFINEMENT_STEPS),
        REFINEMENT_STEPS,
        fixed_directions,
    )
    coordinates = tf.concat([item, refined.coordinates[1:]], axis=0)
    evaluation, distance, _ = evaluate(coordinates)
    return RedesignTensors(
        pictures=evaluation.pictures,
        latents=maximizer.latents(coordinates),
        preference=evaluation.preference,
        realism=evaluation.realism,
        distance=distance,
    )


def _equal_rises(preference: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """Selects steps at which the preference has risen by equal parts of its whole rise.

    Args:
        preference: (S + 1,) float32, the preference at each step.
        frames: () int32, n.

    Returns:
        (n,) int32, the first step, then those that first reach each part, then the best step.
    """
    end = tf.argmax(preference[1:], output_type=tf.int32) + 1
    rise = preference[: end + 1]
    so_far = tf.linalg.band_part(tf.ones([end + 1, end + 1], tf.bool), -1, 0)
    highest = tf.reduce_max(tf.where(so_far, rise, rise.dtype.min), axis=1)
    levels = tf.linspace(highest[0], highest[-1], frames)[1:-1]
    return tf.concat([[0], tf.searchsorted(highest, levels), [end]], axis=0)
