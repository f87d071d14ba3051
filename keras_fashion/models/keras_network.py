"""A network of keras.applications with weights from a file, or a clear error."""

import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import keras

from keras_fashion.errors import InputError


def keras_network(
    network: Callable[..., keras.Model],
    weights: str | Path,
    picture_size: tuple[int, int],
    include_top: bool = False,
    option: str = "--weights",
) -> keras.Model:
    """Builds a network and fills in its weights.

    Args:
        network: Constructor, such as `keras.applications.VGG16`.
        weights: `imagenet`, which Keras downloads; or a file, `.weights.h5` or `.h5`.
        picture_size: Height and width in pixels.
        include_top: With the layers that name ImageNet's 1000 classes, or without.
        option: That the user gives the weights with, for the messages.

    Raises:
        InputError: If the weights cannot be had or are not the network's, or the pictures are too
            small for it.
    """
    name = network.__name__

    def make(source: str | None) -> keras.Model:
        return network(include_top=include_top, weights=source, input_shape=(*picture_size, 3))

    try:
        model = make(None)
    except ValueError as error:
        raise InputError(f"{name} refuses pictures of {picture_size}: {error}") from error
    if str(weights) == "imagenet":
        try:
            with redirect_stdout(sys.stderr):  # Keras prints what it downloads
                return make("imagenet")
        except Exception as error:  # Keras raises no narrower one
            raise InputError(
                f"the ImageNet weights of {name} cannot be downloaded here ({error}); "
                f"give {option} PATH."
            ) from error
    if not Path(weights).is_file():
        raise InputError(f"{weights} does not exist; give imagenet or a file with {option}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the error says it all
            model.load_weights(weights)
    except (ValueError, OSError, KeyError) as error:
        top = "with" if include_top else "without"
        raise InputError(
            f"{weights} does not hold the weights of {name} {top} its top, as .weights.h5 or .h5 "
            f"({error}); give another file with {option}."
        ) from error
    return model
