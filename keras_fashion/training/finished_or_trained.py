"""A run that need not be trained twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_fashion.catalogue import Catalogue
from keras_fashion.errors import InputError
from keras_fashion.run import Run
from keras_fashion.training.options import ModelOptions


def finished_or_trained(
    train: Callable[..., Run],
    catalogue: Catalogue,
    out: Path,
    options: ModelOptions,
    seed: int = 0,
    **rest: Any,
) -> Run:
    """The run in `out` if it is finished and was made in the same way; else a new one there.

    One that was made in the same way and interrupted goes on where it stopped. One that was made
    in another way is left as it is.

    Args:
        train: `train_recommender` or `train_gan`.
        catalogue: As for `train`.
        out: The run folder.
        options: As for `train`.
        seed: As for `train`.
        **rest: More for `train`: a split.

    Returns:
        The finished run.

    Raises:
        InputError: If `out` holds another run, whose difference it names, or something else, or
            the training was interrupted.
    """
    run = train(catalogue, out, options, seed=seed, **rest)
    if run.metrics["interrupted"]:
        raise InputError(f"{run.path} was interrupted; start again to train it to its end.")
    return run
