"""Inversion: the code whose picture is nearest to a given one."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.design.latent_ascent import latent_ascent
from keras_fashion.design.originals import Originals
from keras_fashion.design.preference_maximiser import PreferenceMaximiser
from keras_fashion.design.prior_sample import PriorSample

RESTARTS, STEPS, RATE, PATIENCE = 6, 80, 0.15, 20


def invert(
    maximiser: PreferenceMaximiser, pictures: np.ndarray, categories: Sequence[int]
) -> np.ndarray:
    """The codes that draw what is nearest to existing pictures, by pixels and style.

    Begins at the codes of the prior's sample that are nearest, and descends from there.

    Args:
        maximiser: Whose generator is inverted.
        pictures: (N, H, W, 3) uint8, of the generator's size.
        categories: N dense indices.

    Returns:
        (N, Z) float32.

    Raises:
        InputError: If the pictures are of another size.
    """
    originals, far = Originals.of(maximiser, pictures, categories)
    sample = maximiser.prior_sample(categories)
    which = tf.constant(categories, tf.int32)
    return nearest_codes(maximiser, sample, originals, far, which).numpy()


def nearest_codes(
    maximiser: PreferenceMaximiser,
    sample: PriorSample,
    originals: Originals,
    far: tf.Tensor,
    categories: tf.Tensor,
) -> tf.Tensor:
    """`invert` of originals whose distances from the sample, (N, B), are known."""
    _, nearest = tf.math.top_k(-far, RESTARTS)
    return _descend(maximiser, originals, categories, tf.gather(sample.codes, nearest))


@tf.function(reduce_retracing=True, autograph=False)
def _descend(
    maximiser: PreferenceMaximiser, originals: Originals, categories: tf.Tensor, start: tf.Tensor
) -> tf.Tensor:
    code_size = start.shape[-1]

    def closeness(places: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        which = rows // RESTARTS
        codes = maximiser.codes(places)
        pictures = maximiser.generate(codes, tf.gather(categories, which))
        return -originals.distance(pictures, maximiser.style(pictures), which)

    rate = keras.optimizers.schedules.CosineDecay(RATE, STEPS)
    places = maximiser.places(tf.reshape(start, [-1, code_size]))
    ascent = latent_ascent(closeness, places, STEPS, rate, PATIENCE)
    best = tf.argmax(tf.reshape(ascent.values, [-1, RESTARTS]), axis=1)
    found = tf.reshape(ascent.places, [-1, RESTARTS, code_size])
    return maximiser.codes(tf.gather(found, best, batch_dims=1))
