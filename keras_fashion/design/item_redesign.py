"""From an existing item, step by step, to one that a user likes better."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import unscale
from keras_fashion.design.inversion import Originals, nearest_codes
from keras_fashion.design.latent_search import latent_ascent
from keras_fashion.design.objective import People, PriorSample
from keras_fashion.design.preference_maximizer import PreferenceMaximiser
from keras_fashion.errors import InputError

STEPS, RATE = 40, 0.03


@dataclass(frozen=True)
class Redesign:
    """A strip from an item to its redesign.

    Attributes:
        pictures: (n, H, W, 3) uint8; the first is the generator's nearest picture to the item.
        codes: (n, Z) float32.
        preference: (n,) float32, theta . Phi.
        realism: (n,) float32, D; 1 is what the discriminator takes for real.
        distance: (n,) float32, from the item's picture: 0 is the same, 1 a garment drawn at
            random (`Originals`).
    """

    pictures: np.ndarray
    codes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    distance: np.ndarray


def redesign(
    maximiser: PreferenceMaximiser,
    user: int,
    picture: np.ndarray,
    category: int,
    frames: int = 6,
    eta: float = 1.0,
    proximity: float = 3.0,
    held: np.ndarray | None = None,
) -> Redesign:
    """Starts from an item's picture and climbs towards a taste, without leaving the item behind.

    The objective is the preference, the term of realism and the brake towards the prior, as of a
    design, less proximity times the distance from the item (which takes the place of the brake
    towards the consensus), in standard deviations of preference over the prior. The frames are
    places on the way at which the preference has risen by equal parts.

    Args:
        maximiser: Gives the networks.
        user: Dense index of whom to please.
        picture: (H, W, 3) uint8, of the generator's size.
        category: Dense index of the item's category.
        frames: n, pictures on the way, both ends included.
        eta: Weight of the realism term.
        proximity: Weight of the distance; 0 lets go of the item.
        held: (H, Z) float32, directions that do not change, as in `PreferenceMaximiser.design`.

    Raises:
        InputError: If the picture is of another size, frames are fewer than 2, or eta or proximity
            is below 0.
    """
    if frames < 2:
        raise InputError(f"a strip has 2 frames or more; got {frames}.")
    if not proximity >= 0:
        raise InputError(f"proximity is 0 or more; got {proximity:g}.")
    beside = Originals.of(maximiser, np.asarray(picture)[None], [category])
    people = maximiser.people(maximiser.recommender.taste(tf.constant([user])), [category], [eta])
    sample = maximiser.prior_sample([category])
    strip = towards(
        maximiser, sample, people, *beside, tf.constant(frames), tf.constant(proximity), held
    )
    return Redesign(*(each.numpy() for each in strip))


def towards(
    maximiser: PreferenceMaximiser,
    sample: PriorSample,
    people: People,
    originals: Originals,
    far: tf.Tensor,
    frames: tf.Tensor,
    proximity: tf.Tensor,
    held: tf.Tensor | None = None,
) -> tuple[tf.Tensor, ...]:
    """`redesign` in tensors, for graphs.

    Args:
        maximiser: Gives the networks.
        sample: Of the prior, in the item's category.
        people: One, whom to please.
        originals: The item's picture, one.
        far: (1, B) float32, its distance from each code of the sample.
        frames: () int32.
        proximity: () float32.
        held: As of `redesign`.

    Returns:
        What a `Redesign` holds, in its order.
    """
    start = nearest_codes(maximiser, sample, originals, far, people.categories)
    path, pictures, preference, *rest = _climb(maximiser, originals, people, start, proximity, held)
    shown = _equal_rises(preference, frames)
    return tuple(tf.gather(each, shown) for each in (unscale(pictures), path, preference, *rest))


@tf.function(reduce_retracing=True, autograph=False)
def _climb(
    maximiser: PreferenceMaximiser,
    originals: Originals,
    people: People,
    start: tf.Tensor,
    proximity: tf.Tensor,
    held: tf.Tensor | None,
) -> tuple[tf.Tensor, ...]:
    def objective(places: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        value, pictures, styles, *_ = maximiser.judge(places, people.rows(rows))
        return value - proximity * people.unit * originals.distance(pictures, styles, rows)

    rate = keras.optimizers.schedules.CosineDecay(RATE, STEPS)
    ascent = latent_ascent(objective, maximiser.places(start), STEPS, rate, STEPS, held)
    path = ascent.path[:, 0]
    item = tf.zeros(STEPS + 1, tf.int32)
    _, pictures, styles, preference, realism = maximiser.judge(path, people.rows(item))
    distance = originals.distance(pictures, styles, item)
    return maximiser.codes(path), pictures, preference, realism, distance


def _equal_rises(preference: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """Steps, (n,) int32, the first and the best at the ends, between them by equal rises."""
    end = tf.argmax(preference[1:], output_type=tf.int32) + 1
    rise = preference[: end + 1]
    until = tf.linalg.band_part(tf.ones([end + 1, end + 1], tf.bool), -1, 0)
    highest = tf.reduce_max(tf.where(until, rise, rise.dtype.min), axis=1)
    wanted = tf.linspace(highest[0], highest[-1], frames)[1:-1]
    return tf.concat([[0], tf.searchsorted(highest, wanted), [end]], axis=0)
