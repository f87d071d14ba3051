"""The settings of a training by gradient steps, and the bounds of settings."""

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Minimum(NamedTuple):
    """The least value of an argument, as in `Annotated[int, Minimum(2)]`.

    Example:
        >>> Minimum(2).value
        2
    """

    value: int


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

    Example:
        >>> FitSettings(epochs=3, negatives=64).batch_size
        256
    """

    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 5e-3
    patience: int = 6
    monitor: Literal["auc", "auc_matched"] = "auc"
    negatives: int = 0
