"""The abstract base of what is exported: signatures, and all that they need."""

from abc import abstractmethod
from typing import Any

import tensorflow as tf

from keras_fashion.models.trained import TrainedRecommender


class Served(tf.Module):
    """A part of an exported model: some of its signatures."""

    @abstractmethod
    def signatures_served(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """By name; the first of the first part is the model's default."""

    @abstractmethod
    def example_requests(self, run: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """A request to each signature, of what the run holds, as it warms up a server."""

    @property
    def resources(self) -> tuple[Any, ...]:
        """Variables and tables, its own and those of the modules that it has."""
        kinds = tf.Variable, tf.lookup.StaticHashTable
        return tuple(self._flatten(predicate=lambda each: isinstance(each, kinds)))


class ItemEmbeddings(tf.Module):
    """What is needed to compare the catalogue's styles with those of somebody or something new.

    Args:
        run: Of a `VisualRecommender`.

    Attributes:
        start: gamma, if any, comes first in a vector; what is new has a style only.
        mean: (K,) float32, over the catalogue.
    """

    def __init__(self, run: TrainedRecommender) -> None:
        super().__init__()
        self.start = run.model.latent_size
        embeddings = run.vectors.items[:, self.start :]
        self.mean = tf.Variable(embeddings.mean(axis=0), trainable=False, name="mean_style")
