"""What the search for designs and the exports ask of a generator, whatever it was trained by."""

from abc import abstractmethod

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import scale, unscale

BATCH_SIZE = 64
"""Number of pictures that `draw` and `discriminate` compute at a time."""


class PictureGenerator(keras.Model):
    """A model that draws pictures G(z, c) from latents and tells how real a picture looks.

    Calling it on `[latents, category]`, (B, latent_dim) float32 and (B,) int32, returns pictures
    (B, H, W, 3) float32 in [-1, 1], which are differentiable in the latents. Subclasses implement
    `call`, `realism` and `sample_latents`, and set the attributes.

    Attributes:
        num_categories: Number of categories.
        picture_size: Height and width in pixels.
        latent_dim: Z, length of a latent z.

    Example:
        >>> class Brightness(PictureGenerator):  # z is the brightness of a single pixel
        ...     num_categories, picture_size, latent_dim = 1, (1, 1), 1
        ...     def call(self, inputs, training=False):
        ...         return tf.repeat(inputs[0], 3, axis=1)[:, None, None]
        ...     def realism(self, pictures, category):
        ...         return 1.0 - pictures[:, 0, 0, 0]
        ...     def sample_latents(self, count):
        ...         return tf.random.uniform((count, 1), -1.0, 1.0)
        >>> generator = Brightness()
        >>> drawn = generator.draw(np.array([[1.0], [-1.0]], np.float32), np.array([0, 0]))
        >>> drawn[:, 0, 0, 0].tolist(), generator.discriminate(drawn, np.array([0, 0])).tolist()
        ([255, 0], [0.0, 2.0])
    """

    num_categories: int
    picture_size: tuple[int, int]
    latent_dim: int

    @abstractmethod
    def realism(self, pictures: tf.Tensor, category: tf.Tensor) -> tf.Tensor:
        """Tells how real pictures look, differentiably.

        Args:
            pictures: (B, H, W, 3) float32 in [-1, 1].
            category: (B,) int32, their categories.

        Returns:
            (B,) float32, about 1 for a real picture of the category and 0 for a generated one.
        """

    @abstractmethod
    def sample_latents(self, count: int | tf.Tensor) -> tf.Tensor:
        """Draws latents from the prior, which is U(-1, 1) for every generator.

        Args:
            count: Number of latents.

        Returns:
            (count, latent_dim) float32.
        """

    def draw(self, latents: np.ndarray, category: np.ndarray) -> np.ndarray:
        """Draws pictures in batches.

        Args:
            latents: (N, latent_dim) float.
            category: (N,) int, categories of the pictures.

        Returns:
            (N, H, W, 3) uint8.
        """
        pictures = np.empty((len(latents), *self.picture_size, 3), np.uint8)
        for start in range(0, len(latents), BATCH_SIZE):
            rows = slice(start, start + BATCH_SIZE)
            categories = np.asarray(category[rows], np.int32)
            pictures[rows] = unscale(self([latents[rows], categories], training=False))
        return pictures

    def discriminate(self, pictures: np.ndarray, category: np.ndarray) -> np.ndarray:
        """Computes the realism of pictures in batches.

        Args:
            pictures: (N, H, W, 3) uint8.
            category: (N,) int, categories of the pictures.

        Returns:
            (N,) float32, about 1 for a picture that looks real and 0 for one that does not.
        """
        outputs = np.empty(len(pictures), np.float32)
        for start in range(0, len(pictures), BATCH_SIZE):
            rows = slice(start, start + BATCH_SIZE)
            categories = tf.constant(category[rows], tf.int32)
            outputs[rows] = self.realism(scale(pictures[rows]), categories)
        return outputs
