"""Networks of `keras.applications`: weights with clear errors, and copies in bfloat16."""

import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import keras

from keras_fashion.errors import InputError


def load_application(
    network: Callable[..., keras.Model],
    weights: str | Path,
    picture_size: tuple[int, int],
    include_top: bool = False,
    argument: str = "weights",
) -> keras.Model:
    """Creates a network of `keras.applications` and loads its weights.

    Args:
        network: Constructor, such as `keras.applications.VGG16`.
        weights: "imagenet", which Keras downloads, or the path of a `.weights.h5` or `.h5` file.
        picture_size: Height and width in pixels.
        include_top: Whether to include the layers that predict the 1000 classes of ImageNet.
        argument: Name of the argument by which the caller takes `weights`, for error messages.

    Raises:
        InputError: If the file does not exist or does not hold the weights of the network, if the
            weights cannot be downloaded, or if the pictures are too small for the network.

    Example:
        >>> load_application(keras.applications.VGG16, "vgg16.weights.h5", (96, 64))
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: vgg16.weights.h5 does not exist; ...
    """
    name = network.__name__
    download = str(weights) == "imagenet"
    if not download and not Path(weights).is_file():
        raise InputError(
            f'{weights} does not exist; give "imagenet" or an existing file as `{argument}`.'
        )

    def create(source: str | None) -> keras.Model:
        return network(include_top=include_top, weights=source, input_shape=(*picture_size, 3))

    try:
        model = create(None)
    except ValueError as error:
        raise InputError(f"{name} cannot take pictures of {picture_size}: {error}") from error
    if download:
        try:
            with redirect_stdout(sys.stderr):  # Keras prints its progress on stdout.
                return create("imagenet")
        except Exception as error:  # Keras raises no narrower one.
            raise InputError(
                f"the ImageNet weights of {name} cannot be downloaded here ({error}); give the "
                f"path of a file as `{argument}`."
            ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The error below contains what they say.
            model.load_weights(weights)
    except (ValueError, OSError, KeyError) as error:
        top = "with" if include_top else "without"
        raise InputError(
            f"{weights} does not hold the weights of {name} {top} its top in the format "
            f".weights.h5 or .h5 ({error}); give another file as `{argument}`."
        ) from error
    return model


def in_bfloat16(network: keras.Model) -> keras.Model:
    """Copies a network so that it computes in bfloat16; its variables stay float32.

    This halves the time on processors that have bfloat16 instructions. Layers that scale pixels
    stay in float32.

    Args:
        network: Model of Keras's functional API.

    Returns:
        A model of the same structure, with copies of the weights.

    Example:
        >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> in_bfloat16(network)(keras.ops.ones((1, 3))).dtype.name
        'bfloat16'
    """
    exact = keras.layers.InputLayer | keras.layers.Rescaling | keras.layers.Normalization

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if not isinstance(layer, exact):
            config["dtype"] = "mixed_bfloat16"
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(network, clone_function=clone)
    copy.set_weights(network.get_weights())
    return copy
