"""A GAN that starts with the weights of a trained one, of other categories or another size."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_fashion.errors import InputError
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.generator import smallest_feature_map

NEW_CATEGORY_NOISE = 0.1
"""Part of its initial embedding that a new category keeps, around the mean of the trained ones. It
first looks like an average garment, and differs enough from other new categories to be learned."""


def warm_start(
    gan: ConditionalGAN,
    trained: ConditionalGAN,
    categories: Sequence[str],
    trained_categories: Sequence[str],
) -> None:
    """Copies the weights of a trained GAN into a new one.

    The generator and its average start as the trained average, and the discriminator as the trained
    one (Wang et al., "Transferring GANs: Generating Images from Limited Data", ECCV 2018). The
    optimizers are not copied. Two kinds of weights are adapted:

    - The embedding of a category is that of the trained category of the same name. Without one, it
      is the mean of all trained embeddings plus `NEW_CATEGORY_NOISE` times its initial value.
    - If the picture sizes differ, the weights that belong to the positions of the smallest feature
      maps, H / 16 x W / 16, are resized bilinearly. Those of the discriminator are divided by the
      growth of the number of positions, so that its outputs, which are sums over all positions,
      keep their size. All other weights do not depend on the picture size.

    Args:
        gan: GAN that is changed.
        trained: GAN with networks of the same classes, widths and latents.
        categories: Names of the categories of `gan`, in their order.
        trained_categories: Names of the categories of `trained`, in their order.

    Raises:
        InputError: If the networks differ in anything but categories and picture size, or if they
            have no embeddings of categories.

    Example:
        >>> from keras_fashion.models import GAN_PRESETS
        >>> trained = GAN_PRESETS["default"].make(num_categories=2, picture_size=(16, 16), width=2)
        >>> gan = GAN_PRESETS["default"].make(num_categories=1, picture_size=(16, 16), width=2)
        >>> warm_start(gan, trained, ["Tops"], ["Bags", "Tops"])
        >>> latents = trained.sample_latents(1)
        >>> tops, same = trained([latents, tf.constant([1])]), gan([latents, tf.constant([0])])
        >>> bool(tf.reduce_all(tops == same))
        True
    """
    _require_alike(gan, trained)
    before, after = (smallest_feature_map(each.picture_size) for each in (trained, gan))

    def embeddings(layer: layers.Embedding, trained_rows: np.ndarray) -> np.ndarray:
        """Returns the rows of the new categories, from trained rows of the new length."""
        new = trained_rows.mean(axis=0) + NEW_CATEGORY_NOISE * np.array(layer.embeddings)
        rows = dict(zip(trained_categories, trained_rows, strict=True))
        return np.stack([rows.get(name, row) for name, row in zip(categories, new, strict=True)])

    for layer, weights in _layers_and_trained_weights(gan.generator, trained.ema_generator):
        if isinstance(layer, layers.Embedding):
            weights = [embeddings(layer, weights[0])]
        elif isinstance(layer, layers.Dense):
            weights = [_resize_positions(weights[0], before, after)]
        layer.set_weights(weights)
    gan.ema_generator.set_weights(gan.generator.get_weights())

    growth = np.prod(after) / np.prod(before)
    for layer, weights in _layers_and_trained_weights(gan.discriminator, trained.discriminator):
        if isinstance(layer, layers.Embedding):
            weights = [embeddings(layer, _resize_positions(weights[0], before, after) / growth)]
        elif isinstance(layer, layers.Dense):
            kernel, bias = weights
            weights = [_resize_positions(kernel.T, before, after).T / growth, bias]
        layer.set_weights(weights)


def _require_alike(gan: ConditionalGAN, trained: ConditionalGAN) -> None:
    for name in ("generator", "discriminator"):
        ours, theirs = getattr(gan, name), getattr(trained, name)
        if type(ours) is not type(theirs):
            raise InputError(
                f"a {type(ours).__name__} cannot start from a {type(theirs).__name__}; give the "
                "`preset` of the trained GAN."
            )
        if ours.width != theirs.width:
            raise InputError(
                f"the trained GAN has a width of {theirs.width}, not {ours.width}; give `width` "
                f"{theirs.width}."
            )
        if not any(isinstance(layer, layers.Embedding) for layer in ours.layers):
            raise InputError(
                f"a {type(ours).__name__} has no embeddings of categories and cannot start from a "
                "trained one; give another `preset`."
            )
    if gan.latent_dim != trained.latent_dim:
        raise InputError(
            f"the trained GAN has latents of length {trained.latent_dim}, not {gan.latent_dim}; "
            f"make a GAN with `latent_dim` {trained.latent_dim}."
        )


def _layers_and_trained_weights(
    network: keras.Model, trained: keras.Model
) -> list[tuple[keras.layers.Layer, list[np.ndarray]]]:
    pairs = zip(network.layers, trained.layers, strict=True)
    return [(layer, source.get_weights()) for layer, source in pairs if source.weights]


def _resize_positions(
    weights: np.ndarray, before: tuple[int, int], after: tuple[int, int]
) -> np.ndarray:
    """Resizes weights (N, rows * columns * C) for feature maps of another height and width."""
    maps = weights.reshape(len(weights), *before, -1)
    resized = maps if before == after else tf.image.resize(maps, after, antialias=True).numpy()
    return resized.reshape(len(weights), -1)
