"""Toy features and batches for GANs that match real pictures."""

from functools import cache

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue, labeled_pictures, scale
from keras_fashion.features.regions import RegionBank
from keras_fashion.models import EnergyGAN, RegionFeatures

SIZE = (16, 16)
COLORS = (25, 128, 230)
"""Brightness of the pictures of each category."""


def pictures(count: int = 24, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Pictures of three categories in turn, nearly of one color each: (count, H, W, 3) uint8."""
    noise = np.random.default_rng(0).integers(-20, 21, (count, *size, 3))
    color = np.array(COLORS)[np.arange(count) % 3]
    return np.clip(color[:, None, None, None] + noise, 0, 255).astype(np.uint8)


@cache
def toy_features(size: tuple[int, int] = SIZE) -> RegionFeatures:
    """The colors of the regions and one convolution."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((*size, 3))
    maps = keras.layers.Conv2D(4, 3, (size[0] // 4, size[1] // 4), "same")(inputs)
    features = RegionFeatures(keras.Model(inputs, [maps]))
    features.adapt(pictures(size=size) / 127.5 - 1)
    return features


def toy_bank(
    catalogue: Catalogue, picture_size: tuple[int, int], mixed_precision: bool = False
) -> RegionBank:
    """The toy features of a catalogue's pictures, in place of `region_bank`."""
    features = toy_features(picture_size)
    return RegionBank(features, features(scale(catalogue.pictures(picture_size))).numpy())


def match(gan: EnergyGAN) -> EnergyGAN:
    """Sets the toy features, and returns the GAN."""
    gan.match(toy_features(gan.picture_size))
    return gan


def batches(batch_size: int, size: tuple[int, int] = SIZE) -> tf.data.Dataset:
    """Batches for the training of an `EnergyGAN` of three categories."""
    shown = pictures(size=size)
    rows = toy_features(size)(tf.cast(shown, tf.float32) / 127.5 - 1).numpy()
    return labeled_pictures(shown, np.arange(len(shown)) % 3, batch_size, 0, features=rows)
