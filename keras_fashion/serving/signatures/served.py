"""The abstract base of what is exported: signatures, and all that they need."""

from abc import abstractmethod
from typing import Any

import tensorflow as tf

from keras_fashion.run import Run


class Served(tf.Module):
    """A part of an exported model: some of its signatures."""

    @abstractmethod
    def signatures_served(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """By name; the first of the first part is the model's default."""

    @abstractmethod
    def example_requests(self, run: Run) -> dict[str, dict[str, Any]]:
        """A request to each signature, of what the run holds, as it warms up a server."""

    @property
    def resources(self) -> tuple[Any, ...]:
        """Variables and tables, its own and those of the modules that it has."""
        kinds = tf.Variable, tf.lookup.StaticHashTable
        return tuple(self._flatten(predicate=lambda each: isinstance(each, kinds)))
