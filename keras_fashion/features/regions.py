"""The region features of all real pictures, computed once and kept with the catalogue."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_fashion.atomic_files import atomic_folder
from keras_fashion.data import Catalogue, picture_batches, scale
from keras_fashion.data.pictures import DECODER
from keras_fashion.models.efficientnet_lite import efficientnet_lite0
from keras_fashion.models.keras_applications import in_bfloat16
from keras_fashion.models.region_features import GRID, RegionFeatures

NETWORK_SIZE = (128, 128)
"""Height and width to which pictures are resized for the network. At 64x64, it hardly sees clothes:
of its probabilities, ImageNet's classes of clothes have .02 at 64x64 and .16 at 128x128."""

NUM_ADAPTED = 256
"""Number of real pictures by which the features are standardized."""

BATCH_SIZE = 64
"""Number of pictures that go through the network at a time."""


class RegionBank(NamedTuple):
    """Region features of a catalogue's pictures, and the function that computes them.

    Attributes:
        features: The function, for generated pictures.
        rows: Features of the real pictures, (I, R, F) float16, in item order; on disk.

    Example:
        >>> bank = RegionBank(None, np.zeros((3, 16, 720), np.float16))
        >>> bank.rows[[0, 2]].shape
        (2, 16, 720)
    """

    features: RegionFeatures
    rows: np.ndarray


def region_bank(
    catalogue: Catalogue, picture_size: tuple[int, int], mixed_precision: bool = False
) -> RegionBank:
    """Loads the region features of a catalogue's pictures, which the first call computes.

    The network is EfficientNet-Lite0, trained on ImageNet, from a package that pip installs. On a
    core with bfloat16 instructions, 1,000 pictures of 64x64 take about 2 s; each takes 23 KB on
    disk.

    Args:
        catalogue: Catalogue with the pictures. The features are kept in its folder.
        picture_size: Height and width in pixels, each divisible by 16.
        mixed_precision: Whether the network computes in bfloat16.

    Raises:
        InputError: If the package with the network's weights is not installed.
    """
    network = efficientnet_lite0(NETWORK_SIZE)
    if mixed_precision:
        network = in_bfloat16(network)
    height, width = picture_size
    precision = "bfloat16" if mixed_precision else "float32"
    folder = catalogue.derived / f"region_moments_lite0_{precision}_{height}x{width}_{DECODER}"
    if not folder.is_dir():
        with atomic_folder(folder) as temporary:
            _write(catalogue, picture_size, network, temporary)
    with np.load(folder / "statistics.npz") as statistics:
        features = RegionFeatures(network, dict(statistics))
    return RegionBank(features, np.load(folder / "features.npy", mmap_mode="r"))


def _write(
    catalogue: Catalogue, picture_size: tuple[int, int], network: keras.Model, folder: Path
) -> None:
    pictures = catalogue.pictures(picture_size)
    count = len(catalogue.item_ids)
    features = RegionFeatures(network)
    sample = np.random.default_rng(0).permutation(count)[:NUM_ADAPTED]
    features.adapt(scale(pictures[np.sort(sample)]))
    statistics: dict[str, Any] = dict(features.statistics)
    np.savez(folder / "statistics.npz", **statistics)
    describe = tf.function(features, reduce_retracing=True, autograph=False)
    shape = (count, GRID * GRID, sum(features.sizes))
    rows = np.lib.format.open_memmap(folder / "features.npy", "w+", np.float16, shape)
    done = 0
    with tqdm(total=count, desc="region features", unit="pic", file=sys.stderr) as progress:
        for batch in picture_batches(pictures, BATCH_SIZE):
            rows[done : done + len(batch)] = describe(batch)
            done += len(batch)
            progress.update(len(batch))
    rows.flush()
