"""What can be chosen in a training: each option with its default and its help.

Free of TensorFlow, so that the command line can show them at once.
"""

from dataclasses import dataclass, field
from typing import Any


def _option(default: Any, help: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices})


@dataclass(frozen=True)
class NoOptions:
    """For models that have nothing to choose: random, PopRank, VisRank."""


@dataclass(frozen=True)
class FitOptions:
    """Options of every model trained by BPR."""

    epochs: int = _option(30, "passes over the training interactions, at most")
    batch_size: int = _option(256, "triplets a step")
    learning_rate: float = _option(5e-3, "of Adam at the start; falls to 0 along a cosine")
    patience: int = _option(6, "epochs without a better validation AUC before training stops")


@dataclass(frozen=True)
class BPRMFOptions(FitOptions):
    """Options of BPR-MF."""

    latent_size: int = _option(32, "length of gamma")
    regularisation: float = _option(0.01, "lambda, on the batch's rows")


@dataclass(frozen=True)
class VBPROptions(FitOptions):
    """Options of VBPR."""

    latent_size: int = _option(16, "length of gamma")
    visual_size: int = _option(32, "length of theta")
    regularisation: float = _option(0.01, "lambda, on the batch's rows")


@dataclass(frozen=True)
class DVBPROptions(FitOptions):
    """Options of DVBPR."""

    epochs: int = _option(16, "passes over the training interactions, at most")
    batch_size: int = _option(32, "triplets a step; 128 in the original")
    learning_rate: float = _option(2e-3, "of Adam at the start; 1e-4 in the original")
    patience: int = _option(4, "epochs without a better validation AUC before training stops")
    encoder: str = _option(
        "compact", "cnnf is the paper's, for pictures of 224 pixels", ("compact", "cnnf")
    )
    picture_size: int = _option(32, "height and width that pictures are fitted into, in pixels")
    embedding_size: int = _option(50, "K, length of Phi(X); 100 in the original")
    theta_regularisation: float = _option(1.0, "lambda of theta, as in the original")
    encoder_regularisation: float = _option(1e-3, "lambda of the CNN, as in the original")


@dataclass(frozen=True)
class GANOptions:
    """Options of the conditional GAN."""

    epochs: int = _option(18, "passes over the pictures")
    batch_size: int = _option(16, "pictures a step")
    picture_size: int = _option(64, "height and width, in pixels, divisible by 16")
    width: int = _option(24, "channels of both networks at half the picture's size")
    code_size: int = _option(100, "length of a code z")
    learning_rate: float = _option(6e-4, "of both Adams")
    grid_every: int = _option(3, "epochs from one sample grid to the next")
