"""What a GAN of the default preset needs so that a benchmark can train it."""

import numpy as np

from keras_fashion.data import scale
from keras_fashion.features.regions import NETWORK_SIZE, RegionBank
from keras_fashion.models import RegionFeatures
from keras_fashion.models.efficientnet_lite import efficientnet_lite0
from keras_fashion.models.keras_applications import in_bfloat16


def random_bank(pictures: np.ndarray, mixed_precision: bool = False) -> RegionBank:
    """Makes the frozen features of `region_bank`, with random numbers in place of the pictures'.

    A step takes as long with them, and nothing is kept on disk.

    Args:
        pictures: (N, H, W, 3) uint8, real pictures.
        mixed_precision: Whether the network computes in bfloat16.
    """
    network = efficientnet_lite0(NETWORK_SIZE)
    features = RegionFeatures(in_bfloat16(network) if mixed_precision else network)
    features.adapt(scale(pictures[:64]))
    shape = (len(pictures), 16, sum(features.sizes))
    rows = np.random.default_rng(0).standard_normal(shape, np.float32)
    return RegionBank(features, rows.astype(np.float16))
