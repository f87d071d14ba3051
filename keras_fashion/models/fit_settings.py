"""The settings of a training by gradient steps, and the bounds of settings.

An argument of `from_catalogue` or a field of `FitSettings` is annotated with its bounds, such as
`Annotated[int, Minimum(1), SearchRange(8, 128)]`. An argument without a range is not searched.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple


class Minimum(NamedTuple):
    """The least value of an argument, as in `Annotated[int, Minimum(2)]`.

    Example:
        >>> Minimum(2).value
        2
    """

    value: int


class SearchRange(NamedTuple):
    """The range of a number in which a search for the best arguments looks.

    Attributes:
        low: Least value.
        high: Greatest value.
        log: Whether the logarithm of the value is uniform before anything is known, and not the
            value itself. Then `low` is above 0.

    Example:
        >>> SearchRange(1e-4, 1.0).log
        True
    """

    low: float
    high: float
    log: bool = True


class SearchChoices(NamedTuple):
    """The values of an argument that a search for the best arguments tries.

    Attributes:
        values: The values, in any order.

    Example:
        >>> SearchChoices((0, 16, 64)).values
        (0, 16, 64)
    """

    values: tuple[Any, ...]


@dataclass(frozen=True)
class FitSettings:
    """How a recommender is trained by gradient steps.

    Attributes:
        epochs: Maximum number of passes over the training interactions.
        batch_size: Number of positive items in a step.
        learning_rate: Learning rate of LazyAdam at the start; it falls to 0 along a cosine.
        patience: Number of epochs without a better validation AUC after which training stops.
        monitor: Validation AUC by which the best epoch is kept. Popularity gains little on
            auc_matched.
        negatives: Number of items that a batch shares as negatives; 0 draws one negative for each
            positive, the siamese triplets of the paper.
        loss: Loss by which the scores are compared: bpr, softmax (which is bpr without shared
            negatives), warp or logistic.

    Example:
        >>> FitSettings(epochs=3, negatives=64).batch_size
        256
    """

    epochs: int = 30
    batch_size: Annotated[int, Minimum(1), SearchChoices((32, 64, 128, 256, 512))] = 256
    learning_rate: Annotated[float, SearchRange(3e-4, 0.05)] = 5e-3
    patience: int = 6
    monitor: Literal["auc", "auc_matched"] = "auc"
    negatives: Annotated[int, Minimum(0), SearchChoices((0, 16, 64, 256))] = 0
    loss: Literal["bpr", "softmax", "warp", "logistic"] = "bpr"
