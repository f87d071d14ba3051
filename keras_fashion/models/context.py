"""What a user's vector depends on besides the user."""

from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf
from typing_extensions import Self


class Context(NamedTuple):
    """What a user bought before, and when the user is asked for.

    Attributes:
        history: (B, H) int, items that the users bought, padded with -1; for models that make a
            user from them.
        history_age: (B, H) int, how many days ago they were bought; for models that weigh recent
            ones more.
        month: (B,) int, months since January 1970 (`keras_fashion.data.months_of_days`); for models
            that know trends and seasons.

    Example:
        >>> Context.of({"user": tf.constant([0]), "month": tf.constant([605])}).history is None
        True
    """

    history: tf.Tensor | None = None
    history_age: tf.Tensor | None = None
    month: tf.Tensor | None = None

    @classmethod
    def of(cls, batch: Mapping[str, tf.Tensor]) -> Self:
        """Returns the context in a batch of `keras_fashion.data.triplets`.

        Args:
            batch: Tensors by name.
        """
        return cls(*(batch.get(name) for name in cls._fields))


NO_CONTEXT = Context()
"""Nothing is known: a model uses what it has stored after training."""
