"""What a frozen network makes of a catalogue's pictures, computed once and kept with it."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue, picture_batches
from keras_fashion.data.picture_store import DecodedPictures
from keras_fashion.data.pipelines import Pictures
from keras_fashion.errors import InputError
from keras_fashion.models.pretrained_encoder import PretrainedEncoder

BATCH_SIZE = 64
"""Number of pictures that go through the network at a time."""


def encoder_inputs(catalogue: Catalogue, encoder: Any) -> Pictures:
    """Returns what an encoder is given of each item: its picture, or what stands for it.

    Args:
        catalogue: Catalogue with the pictures.
        encoder: Encoder of a `DVBPR`.

    Returns:
        `picture_averages` for a `PretrainedEncoder`, (I, F) float16; for every other encoder the
        pictures in its size, (I, H, W, 3) uint8.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import CompactEncoder
        >>> shop = SimpleNamespace(pictures=lambda size: np.zeros((3, *size, 3), np.uint8))
        >>> encoder_inputs(shop, CompactEncoder(4, (16, 16), width=2)).shape
        (3, 16, 16, 3)
    """
    if isinstance(encoder, PretrainedEncoder):
        return picture_averages(catalogue, encoder)
    return catalogue.pictures(encoder.picture_size)


def picture_averages(catalogue: Catalogue, encoder: PretrainedEncoder) -> np.ndarray:
    """Loads the averages of an encoder's frozen network, which the first call computes.

    A damaged file, or one that does not fit the catalogue, is computed again.

    Args:
        catalogue: Catalogue with the pictures. The averages are kept in its folder, in a file for
            each network, its weights and the size of the pictures.
        encoder: Encoder with the network; its head makes no difference.

    Returns:
        (I, F) float16, in item order.

    Raises:
        InputError: If the averages are not finite.

    Example:
        >>> from pathlib import Path
        >>> from types import SimpleNamespace
        >>> import keras
        >>> pictures = keras.Input((64, 64, 3))
        >>> averages = [keras.layers.GlobalAveragePooling2D()(pictures)]
        >>> encoder = PretrainedEncoder(keras.Model(pictures, averages, name="colors"), 2)
        >>> black = tf.io.encode_png(tf.zeros((64, 64, 3), tf.uint8)).numpy()
        >>> shop = SimpleNamespace(
        ...     derived=Path("."), item_ids=np.arange(5), picture_files=5 * [black]
        ... )
        >>> picture_averages(shop, encoder)[4].tolist()
        [-1.0, -1.0, -1.0]
    """
    path = averages_path(catalogue, encoder)
    shape = (len(catalogue.item_ids), encoder.num_averages)
    found = _usable(path, shape)
    if found is None:
        found = _compute(catalogue, encoder)
        with atomic_write(path) as aside:
            np.save(aside, found)
    return found


def averages_path(catalogue: Catalogue, encoder: PretrainedEncoder) -> Path:
    """Returns the path of the file with the averages of an encoder, which may not exist yet.

    Args:
        catalogue: Catalogue in whose folder of derived files it is.
        encoder: Encoder, whose network's weights are part of the name: another network of the same
            name is not to be taken for it.
    """
    height, width = encoder.picture_size
    digest = hashlib.sha256()
    for weight in encoder.network.weights:
        digest.update(np.ascontiguousarray(weight).tobytes())
    network = f"{encoder.network.name}_{height}x{width}_{digest.hexdigest()[:8]}"
    return catalogue.derived / f"averages_{network}.npy"


def _usable(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """Returns the content of a file; None if it does not exist or is not what it should be."""
    try:
        found = np.load(path)
    except (ValueError, OSError, EOFError):
        return None
    is_whole = isinstance(found, np.ndarray) and found.shape == shape
    return found if is_whole and found.dtype == np.float16 and np.isfinite(found).all() else None


def _compute(catalogue: Catalogue, encoder: PretrainedEncoder) -> np.ndarray:
    embed = tf.function(encoder.averages, reduce_retracing=True, autograph=False)
    # Each is needed once: a table of all of them would only take space on the disk.
    pictures = DecodedPictures(catalogue.picture_files, encoder.picture_size)
    averages = np.empty((len(pictures), encoder.num_averages), np.float16)
    name = encoder.network.name
    height, width = encoder.picture_size
    done = 0
    with tqdm(
        total=len(pictures), desc=f"{name} at {height}x{width}", unit="pic", file=sys.stderr
    ) as progress:
        for batch in picture_batches(pictures, BATCH_SIZE):
            with np.errstate(over="ignore"):  # The check below says it better.
                averages[done : done + len(batch)] = embed(batch)
            done += len(batch)
            progress.update(len(batch))
    if not np.isfinite(averages).all():
        raise InputError(
            f"what {name} makes of the pictures of catalogue {catalogue.name} is not finite; take "
            "another `encoder`."
        )
    return averages
