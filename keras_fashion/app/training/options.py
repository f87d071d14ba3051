"""What can be chosen in a training: each option with its default, its range and its help.

The options of a recommender are the keyword arguments of its `from_catalogue`, described in its
docstring, and for a model that is trained by gradient steps the `FitSettings` of its class. This
module does not import TensorFlow; `options_class` imports the model.
"""

import json
import os
import re
from dataclasses import Field, asdict, dataclass, field, fields, make_dataclass
from functools import cache
from inspect import getdoc, signature
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    get_args,
    get_origin,
    get_type_hints,
)

from docstring_parser import parse as parse_docstring

from keras_fashion.errors import InputError
from keras_fashion.models.fit_settings import Minimum, SearchChoices, SearchRange
from keras_fashion.models.registry import RECOMMENDERS, recommender_class

UNITS = {"s": 1, "m": 60, "h": 3600}


class PictureSize(NamedTuple):
    """Height and width of a picture in pixels.

    Example:
        >>> PictureSize(height=96, width=64)
        PictureSize(height=96, width=64)
    """

    height: int
    width: int


SQUARE = PictureSize(64, 64)


class CheckpointSchedule(NamedTuple):
    """When checkpoints are written: after a number of steps or after a time.

    Attributes:
        steps: Number of steps between two checkpoints; None to go by the clock.
        seconds: Time between two checkpoints; a checkpoint follows the step in which it ends.

    Example:
        >>> CheckpointSchedule.parse("10m")
        CheckpointSchedule(steps=None, seconds=600)
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


def flag(name: str) -> str:
    """Returns the flag of an option on the command line.

    Args:
        name: Name of the field.

    Example:
        >>> flag("batch_size"), flag("start_from")
        ('--batch-size', '--from')
    """
    # `from` is a keyword of Python and cannot be the name of a field.
    return "--from" if name == "start_from" else "--" + name.replace("_", "-")


def negative_flag(name: str) -> str:
    """Returns the flag that turns a switch off.

    Args:
        name: Name of the field.

    Example:
        >>> negative_flag("with_history")
        '--no-with-history'
    """
    return "--no-" + flag(name).removeprefix("--")


def option(
    default: Any,
    help: str,
    choices: tuple[str, ...] = (),
    minimum: int = 1,
    searched: SearchRange | SearchChoices | None = None,
) -> Any:
    """Declares an option: a dataclass field with a help text and a range.

    Args:
        default: Default, which also says of what type the option is.
        help: Help text.
        choices: The only values, if there are few.
        minimum: Least value of a whole number.
        searched: What a search for the best options tries; None if it keeps the default.
    """
    metadata = {"help": help, "choices": choices, "minimum": minimum, "searched": searched}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ModelOptions:
    """Options of one model.

    Attributes:
        model: Name of the model, of its command and in `config.json`.
        extendable: Whether a finished training may be continued for more `epochs`, which requires
            that what is learned in a step does not depend on their number.

    Example:
        >>> options = GANOptions(epochs=2)
        >>> isinstance(options, ModelOptions), options.model, options.extendable
        (True, 'gan', True)
    """

    model: ClassVar[str]
    extendable: ClassVar[bool] = False

    def recorded(self) -> dict[str, Any]:
        """Returns the options as `config.json` has them, where a tuple is a list."""
        return json.loads(json.dumps(asdict(self)))

    def arguments(self) -> list[str]:
        """Returns the options that differ from their defaults, as arguments of a command line.

        Example:
            >>> recommender_options("vbpr", bias=False, features=("vgg16",)).arguments()
            ['--features', 'vgg16', '--no-bias']
        """
        words = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value == each.default:
                continue
            if isinstance(value, bool):
                words.append(flag(each.name) if value else negative_flag(each.name))
                continue
            for single in value if isinstance(value, tuple) else (value,):
                words += [flag(each.name), str(single)]
        return words

    @classmethod
    def with_defaults(cls, recorded: dict[str, Any]) -> dict[str, Any]:
        """Returns recorded options, with the default of each option that is not among them.

        An option that a run does not record was added to this package later, and its default is
        what was done before.

        Args:
            recorded: Options in `config.json`.
        """
        return cls().recorded() | recorded

    def __post_init__(self) -> None:
        """Raises InputError for a value that the command line would not have accepted."""
        for each in fields(self):
            value, choices = getattr(self, each.name), each.metadata["choices"]
            if choices and value not in choices:
                raise InputError(f"`{each.name}` {value!r}: there are {', '.join(choices)}.")
            several = isinstance(each.default, tuple) and not isinstance(each.default, PictureSize)
            if several and isinstance(value, str):
                raise InputError(f"`{each.name}` {value!r}: give a tuple of names.")


@dataclass(frozen=True)
class FitOptions(ModelOptions):
    """Options of a recommender that is trained by gradient steps; see `FitSettings`.

    The fields are those of `FitSettings`, with the defaults of the model, and the model's own.
    """


def recommender_options(model: str, **chosen: Any) -> ModelOptions:
    """Creates the options of a recommender.

    Args:
        model: Name of the recommender, see `keras_fashion.models.RECOMMENDERS`.
        **chosen: Options that differ from their defaults.

    Returns:
        A frozen dataclass with a field for each option.

    Raises:
        InputError: If there is no such recommender or option, or a value is not one of the choices.

    Example:
        >>> recommender_options("bprmf", epochs=3).recorded()["epochs"]
        3
    """
    kind = options_class(model)
    names = [each.name for each in fields(kind)]
    if unknown := sorted(set(chosen) - set(names)):
        raise InputError(
            f"{model} has no option {unknown[0]}; it has {', '.join(names) or 'no options'}."
        )
    return kind(**chosen)


@cache
def options_class(model: str) -> type[ModelOptions]:
    """Creates the class of a recommender's options from its `fit_settings` and `from_catalogue`.

    Args:
        model: Name of the recommender, see `keras_fashion.models.RECOMMENDERS`.
    """
    recommender = recommender_class(model)
    declared: list[tuple[str, Any, Field[Any]]] = []
    settings = recommender.fit_settings
    if settings is not None:
        help_texts = _help_texts(type(settings))
        hints = get_type_hints(type(settings), include_extras=True)
        for each in fields(settings):
            default = getattr(settings, each.name)
            declared.append(
                (each.name, *_declared(hints[each.name], default, help_texts[each.name]))
            )
    create = recommender.from_catalogue
    help_texts, hints = _help_texts(create), get_type_hints(create, include_extras=True)
    for name, parameter in signature(create).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and name != "seed":
            declared.append((name, *_declared(hints[name], parameter.default, help_texts[name])))
    return make_dataclass(
        f"{recommender.__name__}Options",
        declared,
        bases=(ModelOptions if settings is None else FitOptions,),
        namespace={"model": model, "__doc__": RECOMMENDERS[model].summary},
        frozen=True,
    )


def _help_texts(described: Any) -> dict[str, str]:
    """Returns the descriptions under Args or Attributes of a docstring, by name."""
    found = parse_docstring(getdoc(described) or "").params
    return {each.arg_name: " ".join((each.description or "").split()) for each in found}


def _declared(hint: Any, default: Any, help: str) -> tuple[Any, Any]:
    """Returns the type and the field of an option with a type hint."""
    minimum, searched = 0 if default == 0 else 1, None
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        for note in notes:
            if isinstance(note, Minimum):
                minimum = note.value
            else:
                searched = note
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    return hint, option(default, help, choices, minimum, searched)


@dataclass(frozen=True)
class GANOptions(ModelOptions):
    """A conditional GAN that draws garments.

    Example:
        >>> options = GANOptions(epochs=2, picture_size=PictureSize(96, 64))
        >>> options.preset, options.recorded()["picture_size"]
        ('default', [96, 64])
    """

    model: ClassVar[str] = "gan"
    extendable: ClassVar[bool] = True
    preset: str = option(
        "default",
        "Networks, losses and their constants; least-squares is the default of version 0.1, dvbpr "
        "the GAN of the paper's code.",
        ("default", "least-squares", "dvbpr"),
    )
    epochs: int = option(18, "Number of passes over the pictures.")
    batch_size: int = option(
        0, "Number of pictures in a step; 0 takes that of the preset.", minimum=0
    )
    picture_size: tuple[int, int] = option(
        SQUARE, "Height and width in pixels into which pictures are fitted, divisible by 16."
    )
    start_from: str | None = option(
        None,
        "Run folder of a trained GAN whose weights the training starts with. Its catalogue, "
        "categories and picture size may be others; preset and width must be the same.",
    )
    width: int = option(
        0,
        "Number of channels of both networks at half the picture size; 0 takes that of the preset.",
        minimum=0,
    )
    learning_rate: float = option(
        0.0,
        "Learning rate of the generator, in proportion to which the discriminator's changes; 0 "
        "takes those of the preset.",
    )
    mixed_precision: bool = option(
        False, "Whether convolutions run in bfloat16, on processors that support it."
    )
    jit: bool = option(
        False, "Whether the step is compiled with XLA, which is much slower on a CPU."
    )
    grid_every: int = option(3, "Number of epochs between two sample grids.")
    metrics_every: int = option(
        0,
        "Number of epochs between two measurements of generated pictures (FID, KID, precision, "
        "recall, density, coverage); the last epoch is measured too. 0 measures nothing.",
        minimum=0,
    )
    num_metrics_pictures: int = option(
        2000,
        "Maximum number of real and of generated pictures that are measured.",
        minimum=6,
    )
    inception: str = option(
        "",
        "Network of the measurements: the Inception network of FID (.pt or .whl), imagenet, or an "
        ".h5 file of Keras's InceptionV3; by default the category classifier.",
    )

    def recorded(self) -> dict[str, Any]:
        """Returns the options as `config.json` has them, with the absolute path of a run."""
        recorded = super().recorded()
        if self.start_from is not None:
            recorded["start_from"] = os.path.abspath(self.start_from)
        return recorded

    def __post_init__(self) -> None:
        """Raises InputError also for a value that would have no effect."""
        super().__post_init__()
        if self.inception and not self.metrics_every:
            raise InputError(
                "--inception is the network of the measurements, which are off; "
                "give --metrics-every."
            )
