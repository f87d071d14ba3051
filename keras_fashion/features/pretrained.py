"""Features of a pretrained backbone: all pictures embedded once, kept beside the catalogue."""

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
STAGE_SIZE = 256
"""Numbers that are kept of a stage."""
WHITENING = 0.25
"""Half way from the components' own variances (0) to equal ones (0.5)."""
PIXELS = 192 * 128
"""Of a picture, where no size is asked for."""


def make_backbone_features(
    catalogue: Catalogue,
    name: str,
    weights: str | Path = "imagenet",
    picture_size: tuple[int, int] | None = None,
) -> Path:
    """Embeds the catalogue's pictures and writes `features_<name>.npy` into its folder.

    Each stage of the backbone is averaged over the picture, reduced to its leading principal
    components, half whitened, and brought to length 1 for every item, so that all stages count
    alike; then they stand side by side. They are features of the catalogue: they see pictures
    only, never feedback. An earlier file of the same backbone is replaced.

    The averages wait in memory in float16: for a million items 10 GB with inception_v3 (5,152
    numbers an item), and the principal components of its widest stage (2,048) take 16 GB for each
    of two float64 copies. Beyond, embed a sample.

    Args:
        catalogue: Whose pictures.
        name: One of `keras_fashion.models.backbones.BACKBONES`.
        weights: `imagenet` or a file; see `backbone`.
        picture_size: Height and width in pixels; by default `usual_picture_size`.

    Returns:
        The file, (I, F) float32 in item order.

    Raises:
        InputError: See `backbone`; also if the features are not finite.
    """
    size = picture_size or usual_picture_size(catalogue)
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
        raise InputError(f"{weights}: {name} makes features of it that are not finite numbers.")
    features = [_unit_rows(principal_components(each, STAGE_SIZE, WHITENING)) for each in stages]
    path = backbone_features_path(catalogue, name)
    with atomic_write(path) as aside:
        np.save(aside, np.concatenate(features, axis=1))
    return path


def backbone_features_path(catalogue: Catalogue, name: str) -> Path:
    """Where the features of a backbone are kept."""
    return catalogue.derived / f"features_{name}.npy"


def usual_picture_size(catalogue: Catalogue) -> tuple[int, int]:
    """Height and width near the pictures' own proportions, of about 192 x 128 pixels.

    `Catalogue.pictures` pads what does not fit, and a network would spend its time on the bars.
    Multiples of 32, as the backbones halve a picture five times.
    """
    some = np.linspace(0, len(catalogue.item_ids) - 1, 32).astype(int)
    sizes = [Image.open(io.BytesIO(catalogue.picture_files[item])).size for item in some]
    proportion = np.median([height / width for width, height in sizes])
    sides = np.sqrt([PIXELS * proportion, PIXELS / proportion])
    height, width = np.clip(np.round(sides / 32) * 32, 96, 384).astype(int).tolist()
    return height, width


def _unit_rows(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
