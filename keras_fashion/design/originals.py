"""Pictures that others are compared with, by pixels and by style."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.pictures import scale
from keras_fashion.design.diverse_top import looks
from keras_fashion.design.preference_maximiser import PreferenceMaximiser
from keras_fashion.design.prior_sample import PriorSample
from keras_fashion.errors import InputError


class Originals(NamedTuple):
    """N pictures that others are compared with.

    A distance is half pixels and half style: mean squared differences, each divided by that of a
    generated garment of the category drawn at random, so that neither outweighs the other, 0 is
    the original itself and 1 no likeness at all.

    Attributes:
        pictures: (N, H, W, 3) float32 in [-1, 1].
        styles: (N, K) float32, Phi.
        pixel_unit: (N,) float32, mean squared difference in pixels of the prior's sample.
        style_unit: (N,) float32, the same in style.
    """

    pictures: tf.Tensor
    styles: tf.Tensor
    pixel_unit: tf.Tensor
    style_unit: tf.Tensor

    @classmethod
    def of(
        cls, maximiser: PreferenceMaximiser, pictures: np.ndarray, categories: Sequence[int]
    ) -> tuple["Originals", tf.Tensor]:
        """The originals, and about how far each is from each code of the prior's sample, (N, B).

        Args:
            maximiser: Gives the style and the sample.
            pictures: (N, H, W, 3) uint8, of the generator's size.
            categories: N dense indices.

        Raises:
            InputError: If the pictures are of another size or dtype.
        """
        wanted = (*maximiser.gan.picture_size, 3)
        pictures = np.asarray(pictures)
        if pictures.ndim != 4 or pictures.shape[1:] != wanted or pictures.dtype != np.uint8:
            raise InputError(
                f"a picture of shape {pictures.shape[1:]} and type {pictures.dtype} cannot be "
                f"compared with the generator's, {wanted} and uint8; decode it at that size."
            )
        return cls.beside(maximiser.prior_sample(categories), maximiser, scale(pictures))

    @classmethod
    def beside(
        cls, sample: PriorSample, maximiser: PreferenceMaximiser, scaled: tf.Tensor
    ) -> tuple["Originals", tf.Tensor]:
        """`of` pictures in [-1, 1], (N, H, W, 3) float32, and a sample of their categories."""
        styles = maximiser.style(scaled)
        # The mean of |X - x|² over the sample's pictures X, without keeping them.
        pixel_unit = sample.mean_square + tf.reduce_mean(
            tf.square(scaled) - 2 * scaled * sample.mean_picture, axis=[1, 2, 3]
        )
        by_style = tf.reduce_mean(tf.square(sample.styles - styles[:, None]), axis=-1)
        style_unit = tf.reduce_mean(by_style, axis=1)
        by_looks = tf.reduce_mean(tf.square(sample.looks - looks(scaled)[:, None]), axis=-1)
        far = by_looks / pixel_unit[:, None] + by_style / style_unit[:, None]
        return cls(scaled, styles, pixel_unit, style_unit), far / 2

    def distance(self, pictures: tf.Tensor, styles: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """From (A, H, W, 3) float32 and (A, K) float32 to the originals of (A,) rows: (A,)."""
        own = Originals(*(tf.gather(each, rows) for each in self))
        by_pixels = tf.reduce_mean(tf.square(pictures - own.pictures), axis=[1, 2, 3])
        by_style = tf.reduce_mean(tf.square(styles - own.styles), axis=1)
        return (by_pixels / own.pixel_unit + by_style / own.style_unit) / 2
