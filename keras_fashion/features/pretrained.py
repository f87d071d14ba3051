"""Features from a pretrained backbone: all pictures embedded once, and kept with the catalogue."""

import io
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from tqdm import tqdm

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue, picture_batches
from keras_fashion.errors import InputError
from keras_fashion.models.backbones import backbone
from keras_fashion.models.principal_components import principal_components

BATCH_SIZE = 64
"""Number of pictures that go through the network at a time."""

STAGE_SIZE = 256
"""Number of principal components that are kept of each stage."""

WHITENING = 0.25
"""Power of the eigenvalues: half way from the components' own variances (0) to equal ones (0.5)."""

NUM_PIXELS = 192 * 128
"""Approximate number of pixels of a picture if no size is given."""


def make_backbone_features(
    catalogue: Catalogue,
    name: str,
    weights: str | Path = "imagenet",
    picture_size: tuple[int, int] | None = None,
) -> Path:
    """Embeds the catalogue's pictures and writes `features_<name>.npy` into its folder.

    The output of each stage of the backbone is averaged over the picture, reduced to its leading
    principal components, half whitened, and scaled to length 1 for every item, so that all stages
    have the same weight. The stages are then concatenated. The features belong to the catalogue:
    they depend on pictures only, never on interactions. An earlier file of the same backbone is
    replaced.

    The averages are kept in memory in float16. For a million items they take 10 GB with
    inception_v3 (5,152 numbers an item), and the principal components of its widest stage (2,048)
    take 16 GB for each of two float64 copies. Embed a sample of a larger catalogue.

    Args:
        catalogue: Catalogue with the pictures.
        name: Name of one of `keras_fashion.models.backbones.BACKBONES`.
        weights: "imagenet" or the path of a file; see `backbone`.
        picture_size: Height and width in pixels; by default `default_picture_size(catalogue)`.

    Returns:
        Path of the file, an array (I, F) float32 in item order.

    Raises:
        InputError: For the reasons that `backbone` has, or if the features are not finite.

    Example:
        >>> from types import SimpleNamespace
        >>> make_backbone_features(SimpleNamespace(), "vgg16", "vgg16.weights.h5", (96, 64))
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: vgg16.weights.h5 does not exist; ...
    """
    size = picture_size or default_picture_size(catalogue)
    model = backbone(name, weights, size)
    embed = tf.function(
        lambda pictures: model(pictures, training=False),
        reduce_retracing=True,
        autograph=False,
    )
    pictures = catalogue.pictures(size)
    stages = [np.empty((len(pictures), each.shape[-1]), np.float16) for each in model.outputs]
    done = 0
    with tqdm(
        total=len(pictures), desc=f"{name} at {size[0]}x{size[1]}", unit="pic", file=sys.stderr
    ) as progress:
        for batch in picture_batches(pictures, BATCH_SIZE):
            for stage, averages in zip(stages, embed(batch), strict=True):
                stage[done : done + len(batch)] = averages
            done += len(batch)
            progress.update(len(batch))
    if not all(np.isfinite(stage).all() for stage in stages):
        raise InputError(
            f"the features of {name} with the weights {weights} are not finite numbers; give "
            "another file as `weights`."
        )
    features = [_unit_rows(principal_components(each, STAGE_SIZE, WHITENING)) for each in stages]
    path = backbone_features_path(catalogue, name)
    with atomic_write(path) as aside:
        np.save(aside, np.concatenate(features, axis=1))
    return path


def backbone_features_path(catalogue: Catalogue, name: str) -> Path:
    """Returns the path of the file with the features of a backbone, which may not exist yet."""
    return catalogue.derived / f"features_{name}.npy"


def default_picture_size(catalogue: Catalogue) -> tuple[int, int]:
    """Chooses a height and width of about 192 x 128 pixels in the pictures' own proportions.

    `Catalogue.pictures` pads pictures of other proportions, and a network would spend its time on
    the padding. Both sides are multiples of 32, because the backbones halve a picture five times.

    Args:
        catalogue: Catalogue with the pictures; the proportions are the median of 32 of them.
    """
    items = np.linspace(0, len(catalogue.item_ids) - 1, 32).astype(int)
    sizes = [Image.open(io.BytesIO(catalogue.picture_files[item])).size for item in items]
    proportion = np.median([height / width for width, height in sizes])
    sides = np.sqrt([NUM_PIXELS * proportion, NUM_PIXELS / proportion])
    height, width = np.clip(np.round(sides / 32) * 32, 96, 384).astype(int).tolist()
    return height, width


def _unit_rows(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
