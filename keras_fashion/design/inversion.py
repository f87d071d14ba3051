"""Inversion: the latent whose picture is nearest to a given one."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from skimage.color import deltaE_ciede2000, rgb2lab

from keras_fashion.data.pictures import scale
from keras_fashion.design.diversity import thumbnails
from keras_fashion.design.latent_search import latent_ascent
from keras_fashion.design.objective import PriorSample
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.errors import InputError

RESTARTS, STEPS, RATE, PATIENCE = 6, 80, 0.15, 20


def color_difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """CIEDE2000 (Sharma, Wu & Dalal, 2005) at each pixel, as of an item and its redesign.

    Args:
        before: (H, W, 3) uint8.
        after: (H, W, 3) uint8.

    Returns:
        (H, W) float32, 0 where they are equal; about 1 is just seen, black to white is 100.

    Raises:
        ValueError: If the two differ in size.
    """
    if before.shape != after.shape:
        raise ValueError(f"pictures of {before.shape} and {after.shape} cannot be compared")
    return deltaE_ciede2000(rgb2lab(before), rgb2lab(after)).astype(np.float32)


class Originals(NamedTuple):
    """N pictures that others are compared with.

    A distance is half pixels and half style: mean squared differences, each divided by that of a
    generated garment of the category drawn at random, so that neither outweighs the other, 0 is
    the original itself and 1 no likeness at all.

    Attributes:
        pictures: (N, H, W, 3) float32 in [-1, 1].
        embeddings: (N, K) float32, Phi.
        pixel_unit: (N,) float32, mean squared difference in pixels of the prior's sample.
        embedding_unit: (N,) float32, the same in style.
    """

    pictures: tf.Tensor
    embeddings: tf.Tensor
    pixel_unit: tf.Tensor
    embedding_unit: tf.Tensor

    @classmethod
    def of(
        cls, maximizer: PreferenceMaximizer, pictures: np.ndarray, categories: Sequence[int]
    ) -> tuple["Originals", tf.Tensor]:
        """The originals, and about how far each is from each latent of the prior's sample, (N, B).

        Args:
            maximizer: Gives the style and the sample.
            pictures: (N, H, W, 3) uint8, of the generator's size.
            categories: N dense indices.

        Raises:
            InputError: If the pictures are of another size or dtype.
        """
        wanted = (*maximizer.gan.picture_size, 3)
        pictures = np.asarray(pictures)
        if pictures.ndim != 4 or pictures.shape[1:] != wanted or pictures.dtype != np.uint8:
            raise InputError(
                f"a picture of shape {pictures.shape[1:]} and type {pictures.dtype} cannot be "
                f"compared with the generator's, {wanted} and uint8; decode it at that size."
            )
        return cls.beside(maximizer.prior_sample(categories), maximizer, scale(pictures))

    @classmethod
    def beside(
        cls, sample: PriorSample, maximizer: PreferenceMaximizer, scaled: tf.Tensor
    ) -> tuple["Originals", tf.Tensor]:
        """`of` pictures in [-1, 1], (N, H, W, 3) float32, and a sample of their categories."""
        embeddings = maximizer.embed(scaled)
        # The mean of |X - x|² over the sample's pictures X, without keeping them.
        pixel_unit = sample.mean_square + tf.reduce_mean(
            tf.square(scaled) - 2 * scaled * sample.mean_picture, axis=[1, 2, 3]
        )
        by_style = tf.reduce_mean(tf.square(sample.embeddings - embeddings[:, None]), axis=-1)
        embedding_unit = tf.reduce_mean(by_style, axis=1)
        by_looks = tf.reduce_mean(
            tf.square(sample.thumbnails - thumbnails(scaled)[:, None]), axis=-1
        )
        far = by_looks / pixel_unit[:, None] + by_style / embedding_unit[:, None]
        return cls(scaled, embeddings, pixel_unit, embedding_unit), far / 2

    def distance(self, pictures: tf.Tensor, embeddings: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """From (A, H, W, 3) float32 and (A, K) float32 to the originals of (A,) rows: (A,)."""
        own = Originals(*(tf.gather(each, rows) for each in self))
        by_pixels = tf.reduce_mean(tf.square(pictures - own.pictures), axis=[1, 2, 3])
        by_style = tf.reduce_mean(tf.square(embeddings - own.embeddings), axis=1)
        return (by_pixels / own.pixel_unit + by_style / own.embedding_unit) / 2


def invert(
    maximizer: PreferenceMaximizer, pictures: np.ndarray, categories: Sequence[int]
) -> np.ndarray:
    """The latents that draw what is nearest to existing pictures, by pixels and style.

    Begins at the latents of the prior's sample that are nearest, and descends from there.

    Args:
        maximizer: Whose generator is inverted.
        pictures: (N, H, W, 3) uint8, of the generator's size.
        categories: N dense indices.

    Returns:
        (N, Z) float32.

    Raises:
        InputError: If the pictures are of another size.
    """
    originals, far = Originals.of(maximizer, pictures, categories)
    sample = maximizer.prior_sample(categories)
    which = tf.constant(categories, tf.int32)
    return nearest_latents(maximizer, sample, originals, far, which).numpy()


def nearest_latents(
    maximizer: PreferenceMaximizer,
    sample: PriorSample,
    originals: Originals,
    far: tf.Tensor,
    categories: tf.Tensor,
) -> tf.Tensor:
    """`invert` of originals whose distances from the sample, (N, B), are known."""
    _, nearest = tf.math.top_k(-far, RESTARTS)
    return _descend(maximizer, originals, categories, tf.gather(sample.latents, nearest))


@tf.function(reduce_retracing=True, autograph=False)
def _descend(
    maximizer: PreferenceMaximizer, originals: Originals, categories: tf.Tensor, start: tf.Tensor
) -> tf.Tensor:
    latent_dim = start.shape[-1]

    def closeness(coordinates: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        which = rows // RESTARTS
        latents = maximizer.latents(coordinates)
        pictures = maximizer.generate(latents, tf.gather(categories, which))
        return -originals.distance(pictures, maximizer.embed(pictures), which)

    rate = keras.optimizers.schedules.CosineDecay(RATE, STEPS)
    coordinates = maximizer.coordinates(tf.reshape(start, [-1, latent_dim]))
    ascent = latent_ascent(closeness, coordinates, STEPS, rate, PATIENCE)
    best = tf.argmax(tf.reshape(ascent.values, [-1, RESTARTS]), axis=1)
    found = tf.reshape(ascent.coordinates, [-1, RESTARTS, latent_dim])
    return maximizer.latents(tf.gather(found, best, batch_dims=1))
