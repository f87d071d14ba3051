"""What can be chosen in a training: each option with its default and its help.

A class of options stands for its model: `model` is the name of the command and in `config.json`,
the docstring is what the command says about itself. Free of TensorFlow, so that the command line
can show all of it at once.
"""

import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

from keras_fashion.errors import InputError


def _option(default: Any, help: str, choices: tuple[str, ...] = (), minimum: int = 1) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices, "minimum": minimum})


class PictureSize(NamedTuple):
    """Height and width of a picture in pixels."""

    height: int
    width: int


SQUARE = PictureSize(64, 64)

FEATURES = (
    "frozen features: classifier, attributes, or a backbone of `keras-fashion features`; of "
    "several, side by side"
)


HISTORY = (
    "items a user bought, at most, that make up a user's vector at each step; 0: users have "
    "nothing but a vector of their own"
)
LATENT_SIZE = "length of gamma; 0 leaves the latent term out"


UNITS = {"s": 1, "m": 60, "h": 3600}


class CheckpointSchedule(NamedTuple):
    """Every so many steps, or at the end of the first step after so many seconds.

    Attributes:
        steps: None to go by the clock.
        seconds: From one checkpoint to the next.
    """

    steps: int | None = None
    seconds: float = 120.0

    @classmethod
    def parse(cls, text: str) -> "CheckpointSchedule":
        """Reads `500` (steps), `30s`, `10m` or `2h`; ValueError for anything else."""
        found = re.fullmatch(r"([1-9]\d*)([smh]?)", text)
        if not found:
            raise ValueError(f"{text!r} is neither a number of steps nor a time like 30s, 10m, 2h")
        number, unit = found.groups()
        return cls(seconds=int(number) * UNITS[unit]) if unit else cls(steps=int(number))


@dataclass(frozen=True)
class ModelOptions:
    """Options of one model.

    Attributes:
        model: The model's name.
        extendable: Whether a finished training may go on for more `epochs`: what is learned at a
            step must not depend on how many there will be.
    """

    model: ClassVar[str]
    extendable: ClassVar[bool] = False

    def recorded(self) -> dict[str, Any]:
        """As `config.json` has them, where a tuple is a list."""
        return json.loads(json.dumps(asdict(self)))

    def __post_init__(self) -> None:
        """InputError for a value that the command line would not have let through."""
        for each in fields(self):
            value, choices = getattr(self, each.name), each.metadata["choices"]
            if choices and value not in choices:
                raise InputError(f"{each.name} {value!r}: there are {', '.join(choices)}.")
            several = isinstance(each.default, tuple) and not isinstance(each.default, PictureSize)
            if several and isinstance(value, str):
                raise InputError(f"{each.name} {value!r}: give a tuple of names.")


@dataclass(frozen=True)
class FitOptions(ModelOptions):
    """Options of every recommender that is trained by gradient steps."""

    epochs: int = _option(30, "passes over the training interactions, at most")
    batch_size: int = _option(256, "positives a step")
    learning_rate: float = _option(5e-3, "of LazyAdam at the start; falls to 0 along a cosine")
    patience: int = _option(6, "epochs without a better validation AUC before training stops")
    monitor: str = _option(
        "auc",
        "which validation AUC the best epoch is kept by; popularity gains little on auc_matched",
        ("auc", "auc_matched"),
    )
    negatives: int = _option(
        0,
        "items that a batch shares as negatives; 0: one for each positive, the paper's siamese "
        "triplets",
        minimum=0,
    )


@dataclass(frozen=True)
class FactorOptions(FitOptions):
    """Options of every model that gives users and items a vector of their own, and no more."""

    latent_size: int = _option(32, "length of a vector")
    regularization: float = _option(0.01, "lambda, on the batch's rows")


@dataclass(frozen=True)
class RandomOptions(ModelOptions):
    """Random scores: the floor of every table."""

    model: ClassVar[str] = "random"


@dataclass(frozen=True)
class PopRankOptions(ModelOptions):
    """Popularity: everybody gets what sells."""

    model: ClassVar[str] = "poprank"


@dataclass(frozen=True)
class BiasedMFOptions(FactorOptions):
    """Matrix factorization with all biases, trained pair by pair."""

    model: ClassVar[str] = "biasedmf"


@dataclass(frozen=True)
class BPRMFOptions(FactorOptions):
    """Matrix factorization: who bought what, nothing else."""

    model: ClassVar[str] = "bprmf"


@dataclass(frozen=True)
class WARPOptions(FactorOptions):
    """Matrix factorization that minds the top of the list."""

    model: ClassVar[str] = "warp"
    learning_rate: float = _option(0.02, "of LazyAdam at the start; falls to 0 along a cosine")
    patience: int = _option(15, "epochs without a better validation AUC before training stops")
    negatives: int = _option(64, "items that a batch shares as candidates for a violation")
    latent_size: int = _option(64, "length of a vector")
    regularization: float = _option(0.5, "lambda; a loss of many ranks weighs more than BPR's")


@dataclass(frozen=True)
class CategoryPopularityOptions(ModelOptions):
    """Everybody gets the categories that sell."""

    model: ClassVar[str] = "categorypop"
    column: str = _option("category", "category, or an attribute of the catalogue")


@dataclass(frozen=True)
class CategoryFrequencyOptions(ModelOptions):
    """Users get the categories that they bought before."""

    model: ClassVar[str] = "categoryfreq"
    columns: tuple[str, ...] = _option(
        ("category",), "category, or an attribute of the catalogue; of several, the logs add up"
    )


@dataclass(frozen=True)
class VisRankOptions(ModelOptions):
    """What looks like what the user bought, on the whole."""

    model: ClassVar[str] = "visrank"
    features: tuple[str, ...] = _option(("classifier",), FEATURES)
    whitening: float = _option(
        0.0, "power of the eigenvalues that divide the principal components; 0: none, 0.5: full"
    )
    components: int = _option(256, "principal components that --whitening keeps")


@dataclass(frozen=True)
class VisRankMaxOptions(VisRankOptions):
    """What looks like any one thing that the user bought."""

    model: ClassVar[str] = "visrankmax"


@dataclass(frozen=True)
class FMOptions(FactorOptions):
    """Factorization machine over all that an item is."""

    model: ClassVar[str] = "fm"


@dataclass(frozen=True)
class VBPROptions(FitOptions):
    """Matrix factorization that sees frozen features."""

    model: ClassVar[str] = "vbpr"
    features: tuple[str, ...] = _option(("classifier",), FEATURES)
    feature_size: int = _option(512, "principal components of the features that are kept, at most")
    embedding_size: int = _option(32, "length of theta")
    latent_size: int = _option(16, LATENT_SIZE, minimum=0)
    bias: bool = _option(True, "whether items have a bias, and pictures one")
    history: int = _option(0, HISTORY, minimum=0)
    regularization: float = _option(0.01, "lambda, on the batch's rows")


@dataclass(frozen=True)
class DVBPROptions(FitOptions):
    """Learns style from the pixels, end to end."""

    model: ClassVar[str] = "dvbpr"
    epochs: int = _option(16, "passes over the training interactions, at most")
    batch_size: int = _option(32, "positives a step; 128 in the original")
    learning_rate: float = _option(2e-3, "of LazyAdam at the start; 1e-4 in the original")
    patience: int = _option(4, "epochs without a better validation AUC before training stops")
    encoder: str = _option(
        "compact", "cnnf is the paper's, for pictures of 224 pixels", ("compact", "cnnf")
    )
    picture_size: int = _option(
        32, "height and width that pictures are fitted into, in pixels", minimum=16
    )
    embedding_size: int = _option(50, "K, length of Phi(X); 100 in the original")
    latent_size: int = _option(0, LATENT_SIZE, minimum=0)
    bias: bool = _option(False, "whether items have a bias")
    history: int = _option(0, HISTORY, minimum=0)
    regularization: float = _option(1.0, "lambda of theta, as in the original")
    encoder_regularization: float = _option(1e-3, "lambda of the CNN, as in the original")


@dataclass(frozen=True)
class GANOptions(ModelOptions):
    """A conditional GAN that draws garments."""

    model: ClassVar[str] = "gan"
    extendable: ClassVar[bool] = True
    preset: str = _option(
        "default", "networks and their constants; dvbpr is the paper's", ("default", "dvbpr")
    )
    epochs: int = _option(18, "passes over the pictures")
    batch_size: int = _option(0, "pictures a step; 0: the preset's", minimum=0)
    picture_size: tuple[int, int] = _option(
        SQUARE, "height and width that pictures are fitted into, in pixels, divisible by 16"
    )
    width: int = _option(
        0, "channels of both networks at half the picture's size; 0: the preset's", minimum=0
    )
    learning_rate: float = _option(0.0, "of both Adams; 0: the preset's")
    mixed_precision: bool = _option(
        False, "whether convolutions run in bfloat16, on processors that have it"
    )
    jit: bool = _option(False, "whether XLA compiles the step; much slower on a CPU")
    grid_every: int = _option(3, "epochs from one sample grid to the next")
    metrics_every: int = _option(
        0,
        "epochs from one scoring of generated pictures (FID, KID, precision, recall, density, "
        "coverage) to the next; the last is scored too; 0: never",
        minimum=0,
    )
    num_metrics_pictures: int = _option(
        2000, "pictures that are scored, real and generated; at most the catalogue's", minimum=6
    )
    inception: str = _option(
        "",
        "for the scores: FID's Inception (.pt or .whl), or imagenet, or a .h5 of Keras's "
        "InceptionV3; without it features are those of the category classifier",
    )

    def __post_init__(self) -> None:
        """InputError for what would have no effect, too."""
        super().__post_init__()
        if self.inception and not self.metrics_every:
            raise InputError(
                "--inception is for scores, and none are asked for; give --metrics-every."
            )
