"""Inversion of a generator: the latents whose pictures are nearest to given pictures."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from skimage.color import deltaE_ciede2000, rgb2lab

from keras_fashion.data.pictures import scale
from keras_fashion.design.diversity import mean_square_differences, thumbnails
from keras_fashion.design.latent_search import latent_ascent
from keras_fashion.design.objective import PriorSample, open_specs
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.design.scored_generator import ScoredGenerator
from keras_fashion.errors import InputError

RIDGE = 0.1
"""Ridge of the regression of latents on pictures, whose kernel is 1 for equal pictures."""

FARTHEST_ESTIMATE = 0.5
"""Distance from which on an estimate is not used; that of a random garment is 1. Pictures that the
generator cannot draw have such estimates."""

STEPS = 80
"""Number of steps of the descent."""

LEARNING_RATE = 0.03
"""Adam's first learning rate, which decays to 0 along half a cosine. Larger ones leave the good
start and do not come back to it within the steps."""


def color_difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Returns the color difference CIEDE2000 at each pixel (Sharma, Wu & Dalal, 2005).

    Args:
        before: (H, W, 3) uint8 RGB.
        after: (H, W, 3) uint8 RGB.

    Returns:
        (H, W) float32, 0 where they are equal. About 1 is just visible; the difference of black
        and white is 100.

    Raises:
        ValueError: If the two differ in size.

    Example:
        >>> black, white = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
        >>> color_difference(black, white).round().tolist()
        [[100.0]]
    """
    if before.shape != after.shape:
        raise ValueError(f"pictures of {before.shape} and {after.shape} cannot be compared")
    return deltaE_ciede2000(rgb2lab(before), rgb2lab(after)).astype(np.float32)


class Originals(NamedTuple):
    """N pictures from which the distance of generated pictures is measured.

    A distance is half one of pixels and half one of embeddings. Both are mean squared differences
    divided by that of a random generated garment of the category, so that neither outweighs the
    other. The distance of the original itself is 0, and the mean distance of random garments is 1.

    Attributes:
        pictures: (N, H, W, 3) float32 in [-1, 1].
        embeddings: (N, K) float32, Phi.
        pixel_scale: (N,) float32, mean squared difference in pixels over the sample of the prior.
        embedding_scale: (N,) float32, the same in embeddings.

    Example:
        >>> originals = Originals(
        ...     pictures=tf.zeros((1, 2, 2, 3)),
        ...     embeddings=tf.zeros((1, 5)),
        ...     pixel_scale=tf.constant([4.0]),
        ...     embedding_scale=tf.constant([1.0]),
        ... )
        >>> distance = originals.distance(tf.ones((1, 2, 2, 3)), tf.ones((1, 5)), tf.constant([0]))
        >>> distance.numpy().tolist()
        [0.625]
    """

    pictures: tf.Tensor
    embeddings: tf.Tensor
    pixel_scale: tf.Tensor
    embedding_scale: tf.Tensor

    @classmethod
    def from_pictures(
        cls, generator: ScoredGenerator, pictures: np.ndarray, categories: Sequence[int]
    ) -> tuple["Originals", tf.Tensor]:
        """Makes originals and measures their distances from a sample of the prior.

        Args:
            generator: Generator with the encoder and the sample, such as a `PreferenceMaximizer`.
            pictures: (N, H, W, 3) uint8, of the generator's size.
            categories: N dense indices.

        Returns:
            The originals, and (N, B) float32, approximate distances of each from the B latents of
            the sample: pixels are compared at the size of `thumbnails`.

        Raises:
            InputError: If the pictures have another size or dtype.
        """
        expected = (*generator.gan.picture_size, 3)
        pictures = np.asarray(pictures)
        if pictures.ndim != 4 or pictures.shape[1:] != expected or pictures.dtype != np.uint8:
            raise InputError(
                f"a picture of shape {pictures.shape[1:]} and type {pictures.dtype} cannot be "
                f"compared with the generator's, {expected} and uint8; decode it at that size."
            )
        return cls.from_sample(generator, generator.prior_sample(categories), scale(pictures))

    @classmethod
    def from_sample(
        cls, generator: ScoredGenerator, sample: PriorSample, pictures: tf.Tensor
    ) -> tuple["Originals", tf.Tensor]:
        """Does the work of `from_pictures` in tensors, for graphs.

        Args:
            generator: Generator with the encoder.
            sample: Sample of the prior in the N categories of the pictures.
            pictures: (N, H, W, 3) float32 in [-1, 1].
        """
        embeddings = generator.embed(pictures)
        # The mean of |X - x|² over the sample's pictures X, which are not kept.
        pixel_scale = sample.mean_square + tf.reduce_mean(
            tf.square(pictures) - 2 * pictures * sample.mean_picture, axis=[1, 2, 3]
        )
        in_embeddings = tf.reduce_mean(tf.square(sample.embeddings - embeddings[:, None]), axis=-1)
        embedding_scale = tf.reduce_mean(in_embeddings, axis=1)
        in_pixels = tf.reduce_mean(
            tf.square(sample.thumbnails - thumbnails(pictures)[:, None]), axis=-1
        )
        distances = in_pixels / pixel_scale[:, None] + in_embeddings / embedding_scale[:, None]
        return cls(pictures, embeddings, pixel_scale, embedding_scale), distances / 2

    def distance(self, pictures: tf.Tensor, embeddings: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Returns the distances of pictures from originals.

        Args:
            pictures: (A, H, W, 3) float32 in [-1, 1].
            embeddings: (A, K) float32, their embeddings.
            rows: (A,) int, the original that each picture is compared with.

        Returns:
            (A,) float32.
        """
        own = Originals(*(tf.gather(each, rows) for each in self))
        in_pixels = tf.reduce_mean(tf.square(pictures - own.pictures), axis=[1, 2, 3])
        in_embeddings = tf.reduce_mean(tf.square(embeddings - own.embeddings), axis=1)
        return (in_pixels / own.pixel_scale + in_embeddings / own.embedding_scale) / 2


def invert(
    maximizer: PreferenceMaximizer, pictures: np.ndarray, categories: Sequence[int]
) -> np.ndarray:
    """Finds the latents whose generated pictures are nearest to given pictures.

    An estimate by kernel ridge regression on the sample of the prior (`estimated_coordinates`) is
    refined by steps of Adam on the distance of `Originals`. Where the estimate is far from the
    picture, the descent starts at the nearest latent of the sample instead.

    Args:
        maximizer: Maximizer whose generator is inverted.
        pictures: (N, H, W, 3) uint8, of the generator's size.
        categories: N dense indices.

    Returns:
        (N, Z) float32.

    Raises:
        InputError: If the pictures have another size or dtype.

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
        >>> maximizer = PreferenceMaximizer(SimpleNamespace(encoder=encoder), Pixel())
        >>> print(f"{invert(maximizer, np.full((1, 1, 1, 3), 191, np.uint8), [0])[0, 0]:.1f}")
        0.5
    """
    originals, distances = Originals.from_pictures(maximizer, pictures, categories)
    sample = maximizer.prior_sample(categories)
    indices = tf.constant(categories, tf.int32)
    return nearest_latents(maximizer, sample, originals, distances, indices).numpy()


def nearest_latents(
    maximizer: PreferenceMaximizer,
    sample: PriorSample,
    originals: Originals,
    distances: tf.Tensor,
    categories: tf.Tensor,
) -> tf.Tensor:
    """Does the work of `invert` in tensors, for graphs.

    Args:
        maximizer: Maximizer whose generator is inverted.
        sample: Sample of the prior in the N categories.
        originals: The N pictures.
        distances: (N, B) float32, their distances from the latents of the sample.
        categories: (N,) int32.

    Returns:
        (N, Z) float32.
    """
    coordinates = maximizer.coordinates(sample.latents)
    estimate = estimated_coordinates(sample, originals, distances, coordinates)
    nearest = tf.gather(coordinates, tf.argmin(distances, axis=1))
    tensors = originals, categories, estimate, nearest
    # Open shapes: another number of pictures is not traced anew.
    _descend.get_concrete_function(maximizer, *open_specs(tensors))
    return _descend(maximizer, *tensors)


def estimated_coordinates(
    sample: PriorSample, originals: Originals, distances: tf.Tensor, coordinates: tf.Tensor
) -> tf.Tensor:
    """Estimates the latents of pictures by regression on the sample of the prior.

    This is kernel ridge regression of the sample's coordinates on its pictures, with the kernel
    exp(-d / 2) of the distance d of `Originals`. It takes the place of an encoder and needs no
    training. Descents from it end nearer to the picture than those from the sample's nearest latent
    (docs/design.md).

    Args:
        sample: Sample of the prior in the categories of the N pictures.
        originals: The N pictures.
        distances: (N, B) float32, their distances from the latents of the sample.
        coordinates: (B, Z) float32, the latents of the sample in the coordinates of the search.

    Returns:
        (N, Z) float32.
    """
    size = tf.shape(coordinates)[0]

    def estimate(row: tuple[tf.Tensor, ...]) -> tf.Tensor:
        small, embeddings, pixel_scale, embedding_scale, to_sample = row
        within = mean_square_differences(small) / pixel_scale
        within += mean_square_differences(embeddings) / embedding_scale
        kernel = tf.exp(-within / 4.0) + RIDGE * tf.eye(size)
        weights = tf.linalg.cholesky_solve(
            tf.linalg.cholesky(kernel), tf.exp(-to_sample / 2.0)[:, None]
        )
        return tf.linalg.matvec(coordinates, weights[:, 0], transpose_a=True)

    scales = originals.pixel_scale, originals.embedding_scale
    # One picture after the other, because a kernel has B x B numbers.
    rows = sample.thumbnails, sample.embeddings, *scales, distances
    return tf.map_fn(estimate, rows, fn_output_signature=coordinates.dtype)


@tf.function(reduce_retracing=True, autograph=False)
def _descend(
    maximizer: PreferenceMaximizer,
    originals: Originals,
    categories: tf.Tensor,
    estimate: tf.Tensor,
    nearest: tf.Tensor,
) -> tf.Tensor:
    """Descends from estimates, or from the nearest of the sample; returns latents, (N, Z)."""

    def negative_distance(coordinates: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        latents = maximizer.latents(coordinates)
        pictures = maximizer.generate(latents, tf.gather(categories, rows))
        return -originals.distance(pictures, maximizer.embed(pictures), rows)

    distances = -negative_distance(estimate, tf.range(tf.shape(estimate)[0]))
    start = tf.where(distances[:, None] < FARTHEST_ESTIMATE, estimate, nearest)
    learning_rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS)
    ascent = latent_ascent(negative_distance, start, STEPS, learning_rate, patience=STEPS)
    return maximizer.latents(ascent.coordinates)
