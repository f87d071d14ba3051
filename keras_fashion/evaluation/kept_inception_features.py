"""Inception's features of a catalogue's pictures, computed once and kept beside it."""

import os

import numpy as np

from keras_fashion.catalogue import Catalogue
from keras_fashion.catalogue.pictures import DECODER
from keras_fashion.models.inception_features import InceptionFeatures
from keras_fashion.written_aside import written_aside

AT_A_TIME = 2048
"""Pictures from one writing of the file to the next: an interruption loses no more."""


def kept_inception_features(
    catalogue: Catalogue,
    items: np.ndarray,
    picture_size: tuple[int, int],
    inception: InceptionFeatures,
) -> np.ndarray:
    """Features of some items at a size, of which only those are computed that are not yet kept.

    They are kept in `catalogue.derived`, in a file of that size and of those weights, (I, F)
    float32 with NaN for items that nobody has asked for.

    Args:
        catalogue: Whose pictures.
        items: (N,) int.
        picture_size: Height and width that the pictures are brought to before Inception's own.
        inception: The network.

    Returns:
        (N, F) float32.
    """
    height, width = picture_size
    name = f"inception_{inception.digest[:12]}_{height}x{width}_{DECODER}.npy"
    path = catalogue.derived / name
    shape = (len(catalogue.item_ids), inception.network.output_shape[-1])
    kept = _read(path) if path.is_file() else None
    if kept is None or kept.shape != shape:
        kept = np.full(shape, np.nan, np.float32)
    missing = items[np.isnan(kept[items, 0])]
    pictures = catalogue.pictures(picture_size)
    for start in range(0, len(missing), AT_A_TIME):
        some = missing[start : start + AT_A_TIME]
        kept[some] = inception.features(pictures[some])
        with written_aside(path) as aside:
            np.save(aside, kept)
    return kept[items]


def _read(path: os.PathLike) -> np.ndarray | None:
    try:
        return np.load(path)
    except (ValueError, OSError, EOFError):  # damaged: it can be made again
        return None
