"""A generator whose pictures a recommender and a discriminator score."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from keras_fashion.design.diversity import thumbnails
from keras_fashion.design.objective import PriorSample, Terms
from keras_fashion.models.dvbpr import DVBPR
from keras_fashion.models.picture_generator import PictureGenerator

LATENTS_PER_BATCH = 128
"""Number of latents in one batch; larger ones are no faster and need more memory."""

SAMPLE_SIZE = 1024
"""Number of latents of the prior that are evaluated in each category."""


class ScoredGenerator:
    """The networks of preference maximization, compiled: G, Phi and D.

    Of the generator, a `PictureGenerator`, only the call and `realism` are used.

    Args:
        recommender: Trained DVBPR, which gives theta and Phi.
        gan: Trained generator of the same catalogue, such as a `ConditionalGAN`, which gives G
            and D, its `realism`.

    Attributes:
        generate: Maps (A, Z) float32 latents and (A,) int32 categories to pictures G(z, c),
            (A, H, W, 3) float32 in [-1, 1].
        embed: Maps pictures of the generator's size, (A, H, W, 3) float32 in [-1, 1], to
            embeddings Phi, (A, K) float32.
        realism: Maps such pictures and (A,) int32 categories to D(x, c), (A,) float32.

    Example:
        The latent of a toy generator is the brightness of its single pixel:

        >>> class Pixel(PictureGenerator):
        ...     num_categories, picture_size, latent_dim = 1, (1, 1), 1
        ...     def call(self, inputs, training=False):
        ...         return tf.repeat(inputs[0], 3, axis=1)[:, None, None]
        >>> generator = ScoredGenerator(None, Pixel())
        >>> generator.generate(tf.constant([[0.5], [-1.0]]), tf.constant([0, 0])).shape
        TensorShape([2, 1, 1, 3])
        >>> generator.prior(3, seed=0).shape
        TensorShape([3, 1])
    """

    def __init__(self, recommender: DVBPR, gan: PictureGenerator) -> None:
        self.recommender = recommender
        self.gan = gan
        self._samples: dict[int, PriorSample] = {}
        latents = tf.TensorSpec([None, gan.latent_dim], tf.float32)
        pictures = tf.TensorSpec([None, *gan.picture_size, 3], tf.float32)
        categories = tf.TensorSpec([None], tf.int32)
        # Each network, and its gradient, is traced once for all graphs that it is part of.
        compiled = partial(tf.function, autograph=False)
        self.generate = compiled(self._generate, input_signature=[latents, categories])
        self.embed = compiled(self._embed, input_signature=[pictures])
        self.realism = compiled(self._realism, input_signature=[pictures, categories])

    def terms(self, latents: tf.Tensor, categories: tf.Tensor) -> Terms:
        """Returns pictures, embeddings and realism of latents.

        Args:
            latents: (A, Z) float32.
            categories: (A,) int32, dense indices.
        """
        pictures = self.generate(latents, categories)
        return Terms(pictures, self.embed(pictures), self.realism(pictures, categories))

    def prior(self, count: int | tf.Tensor, seed: int | tf.Tensor) -> tf.Tensor:
        """Returns (count, Z) float32 latents from the prior U(-1, 1)."""
        return tf.random.stateless_uniform([count, self.gan.latent_dim], [seed, 0], -1.0, 1.0)

    def prior_sample(self, categories: Sequence[int] | np.ndarray) -> PriorSample:
        """Returns the sample of the prior in each of N categories.

        The sample of a category is evaluated at its first use.
        """
        for category in {int(each) for each in categories} - self._samples.keys():
            self._samples[category] = self._evaluate_prior(category)
        samples = [self._samples[int(category)] for category in categories]
        return _concatenate(samples)

    def _evaluate_prior(self, category: int) -> PriorSample:
        latents = self.prior(SAMPLE_SIZE, 0)
        embeddings, realism, small, mean_pictures, mean_squares = [], [], [], [], []
        for part in tf.split(latents, SAMPLE_SIZE // LATENTS_PER_BATCH):
            terms = self.terms(part, tf.fill([LATENTS_PER_BATCH], category))
            embeddings.append(terms.embeddings)
            realism.append(terms.realism)
            small.append(thumbnails(terms.pictures))
            mean_pictures.append(tf.reduce_mean(terms.pictures, 0))
            mean_squares.append(tf.reduce_mean(tf.square(terms.pictures)))
        return PriorSample(
            latents=latents,
            embeddings=tf.concat(embeddings, 0)[None],
            realism=tf.concat(realism, 0)[None],
            thumbnails=tf.concat(small, 0)[None],
            mean_picture=tf.reduce_mean(tf.stack(mean_pictures), 0)[None],
            mean_square=tf.reduce_mean(tf.stack(mean_squares), 0)[None],
        )

    def _generate(self, latents: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
        return self.gan([latents, categories], training=False)

    def _embed(self, pictures: tf.Tensor) -> tf.Tensor:
        encoder = self.recommender.encoder
        # The same antialiasing filter as that of the catalogue's pictures in training.
        return encoder(tf.image.resize(pictures, encoder.picture_size, antialias=True))

    def _realism(self, pictures: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
        return self.gan.realism(pictures, categories)


def _concatenate(samples: Sequence[PriorSample]) -> PriorSample:
    """Joins samples of one category each; the latents are the same in all of them."""
    joined = {
        name: tf.concat([getattr(each, name) for each in samples], 0)
        for name in PriorSample._fields
        if name != "latents"
    }
    return PriorSample(latents=samples[0].latents, **joined)
