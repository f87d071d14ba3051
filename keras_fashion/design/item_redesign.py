"""From an existing item, step by step, to one that a user likes better."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import unscale
from keras_fashion.design.inversion import Originals, nearest_latents
from keras_fashion.design.latent_search import latent_ascent
from keras_fashion.design.objective import DesignBatch, PriorSample
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.errors import InputError

STEPS, RATE = 40, 0.03


@dataclass(frozen=True)
class Redesign:
    """A strip from an item to its redesign.

    Attributes:
        pictures: (n, H, W, 3) uint8; the first is the generator's nearest picture to the item.
        latents: (n, Z) float32.
        preference: (n,) float32, theta . Phi.
        realism: (n,) float32, D; 1 is what the discriminator takes for real.
        distance: (n,) float32, from the item's picture: 0 is the same, 1 a garment drawn at
            random (`Originals`).
    """

    pictures: np.ndarray
    latents: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    distance: np.ndarray


def redesign(
    maximizer: PreferenceMaximizer,
    user: int,
    picture: np.ndarray,
    category: int,
    frames: int = 6,
    eta: float = 1.0,
    proximity: float = 3.0,
    fixed_directions: np.ndarray | None = None,
) -> Redesign:
    """Starts from an item's picture and climbs towards a taste, without leaving the item behind.

    The objective is the preference, the term of realism and the brake towards the prior, as of a
    design, less proximity times the distance from the item (which takes the place of the brake
    towards the consensus), in standard deviations of preference over the prior. The frames are
    places on the way at which the preference has risen by equal parts.

    Args:
        maximizer: Gives the networks.
        user: Dense index of whom to please.
        picture: (H, W, 3) uint8, of the generator's size.
        category: Dense index of the item's category.
        frames: n, pictures on the way, both ends included.
        eta: Weight of the realism term.
        proximity: Weight of the distance; 0 lets go of the item.
        fixed_directions: (H, Z) float32, directions that do not change, as in
            `PreferenceMaximizer.design`.

    Raises:
        InputError: If the picture is of another size, frames are fewer than 2, or eta or proximity
            is below 0.
    """
    if frames < 2:
        raise InputError(f"a strip has 2 frames or more; got {frames}.")
    if not proximity >= 0:
        raise InputError(f"proximity is 0 or more; got {proximity:g}.")
    beside = Originals.of(maximizer, np.asarray(picture)[None], [category])
    batch = maximizer.batch(
        maximizer.recommender.user_embedding(tf.constant([user])), [category], [eta]
    )
    sample = maximizer.prior_sample([category])
    strip = towards(
        maximizer,
        sample,
        batch,
        *beside,
        tf.constant(frames),
        tf.constant(proximity),
        fixed_directions,
    )
    return Redesign(*(each.numpy() for each in strip))


def towards(
    maximizer: PreferenceMaximizer,
    sample: PriorSample,
    batch: DesignBatch,
    originals: Originals,
    far: tf.Tensor,
    frames: tf.Tensor,
    proximity: tf.Tensor,
    fixed_directions: tf.Tensor | None = None,
) -> tuple[tf.Tensor, ...]:
    """`redesign` in tensors, for graphs.

    Args:
        maximizer: Gives the networks.
        sample: Of the prior, in the item's category.
        batch: One, whom to please.
        originals: The item's picture, one.
        far: (1, B) float32, its distance from each latent of the sample.
        frames: () int32.
        proximity: () float32.
        fixed_directions: As of `redesign`.

    Returns:
        What a `Redesign` holds, in its order.
    """
    start = nearest_latents(maximizer, sample, originals, far, batch.categories)
    path, pictures, preference, *rest = _climb(
        maximizer, originals, batch, start, proximity, fixed_directions
    )
    shown = _equal_rises(preference, frames)
    return tuple(tf.gather(each, shown) for each in (unscale(pictures), path, preference, *rest))


@tf.function(reduce_retracing=True, autograph=False)
def _climb(
    maximizer: PreferenceMaximizer,
    originals: Originals,
    batch: DesignBatch,
    start: tf.Tensor,
    proximity: tf.Tensor,
    fixed_directions: tf.Tensor | None,
) -> tuple[tf.Tensor, ...]:
    def objective(coordinates: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        value, pictures, embeddings, *_ = maximizer.judge(coordinates, batch.rows(rows))
        return value - proximity * batch.unit * originals.distance(pictures, embeddings, rows)

    rate = keras.optimizers.schedules.CosineDecay(RATE, STEPS)
    ascent = latent_ascent(
        objective, maximizer.coordinates(start), STEPS, rate, STEPS, fixed_directions
    )
    path = ascent.path[:, 0]
    item = tf.zeros(STEPS + 1, tf.int32)
    _, pictures, embeddings, preference, realism = maximizer.judge(path, batch.rows(item))
    distance = originals.distance(pictures, embeddings, item)
    return maximizer.latents(path), pictures, preference, realism, distance


def _equal_rises(preference: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """Steps, (n,) int32, the first and the best at the ends, between them by equal rises."""
    end = tf.argmax(preference[1:], output_type=tf.int32) + 1
    rise = preference[: end + 1]
    until = tf.linalg.band_part(tf.ones([end + 1, end + 1], tf.bool), -1, 0)
    highest = tf.reduce_max(tf.where(until, rise, rise.dtype.min), axis=1)
    wanted = tf.linspace(highest[0], highest[-1], frames)[1:-1]
    return tf.concat([[0], tf.searchsorted(highest, wanted), [end]], axis=0)
