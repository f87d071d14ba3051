"""Redesign: an existing item, changed step by step towards a taste."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.pictures import scale, unscale
from keras_fashion.design.latent_ascent import latent_ascent
from keras_fashion.design.preference_maximiser import PreferenceMaximiser
from keras_fashion.models.generator import Generator

INVERSION_RESTARTS, INVERSION_STEPS, INVERSION_RATE = 32, 60, 0.1


@dataclass(frozen=True)
class Redesign:
    """A strip from an item to its redesign.

    Attributes:
        pictures: (n, H, W, 3) uint8; the first is the generator's nearest picture to the item.
        preference: (n,) float32.
        realism: (n,) float32, D; 1 is what the discriminator takes for real.
    """

    pictures: np.ndarray
    preference: np.ndarray
    realism: np.ndarray


def invert(
    maximiser: PreferenceMaximiser, picture: np.ndarray, category: int, seed: int
) -> tf.Tensor:
    """The code whose picture is nearest to a given one, in mean squared pixel difference.

    Args:
        maximiser: Whose generator is inverted.
        picture: (H, W, 3) uint8, of the generator's size.
        category: Dense index of the item's category.
        seed: Decides where the restarts begin.

    Returns:
        (Z,) float32 in (-1, 1).
    """
    start = maximiser.prior(INVERSION_RESTARTS, seed)
    return _nearest(maximiser.gan.generator, scale(picture), tf.constant(category), start)


@tf.function(reduce_retracing=True)
def _nearest(
    generator: Generator, target: tf.Tensor, category: tf.Tensor, start: tf.Tensor
) -> tf.Tensor:
    categories = tf.fill(tf.shape(start)[:1], category)

    def closeness(codes: tf.Tensor) -> tf.Tensor:
        pictures = generator([codes, categories], training=False)
        return -tf.reduce_mean(tf.square(pictures - target), axis=[1, 2, 3])

    ascent = latent_ascent(closeness, start, INVERSION_STEPS, INVERSION_RATE)
    return ascent.codes[tf.argmax(ascent.values)]


def redesign(
    maximiser: PreferenceMaximiser,
    user: int,
    picture: np.ndarray,
    category: int,
    frames: int = 6,
    eta: float = 1.0,
    seed: int = 0,
) -> Redesign:
    """Starts from an item's picture and follows the gradient of the design objective.

    Args:
        maximiser: Gives the networks, the number of steps and their size.
        user: Dense index of whom to please.
        picture: (H, W, 3) uint8, of the generator's size.
        category: Dense index of the item's category.
        frames: n, pictures on the way, both ends included.
        eta: Weight of the realism term.
        seed: Of the inversion.
    """
    taste = maximiser.recommender.taste(tf.constant([user]))
    categories = tf.constant([category])
    start = invert(maximiser, picture, category, seed)
    _, path = maximiser.maximise(taste, categories, tf.constant([eta]), start[None], 1)
    shown = np.linspace(0, len(path) - 1, frames).round().astype(int)
    codes = tf.reshape(tf.gather(path, shown), [1, frames, -1])
    pictures, preference, realism = maximiser.judge(codes, taste, categories)
    return Redesign(unscale(pictures[0]).numpy(), preference[0].numpy(), realism[0].numpy())
