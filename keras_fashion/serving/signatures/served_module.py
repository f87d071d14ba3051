"""The abstract base of the modules that are exported, each with some signatures of a model."""

from abc import abstractmethod
from typing import Any

import tensorflow as tf

from keras_fashion.models.trained import TrainedRecommender


class ServedModule(tf.Module):
    """The abstract base of the parts of an exported model.

    A subclass defines functions with an input signature, and what they need as variables and
    tables among its attributes.

    Example:
        >>> class Doubler(ServedModule):
        ...     @tf.function(input_signature=[tf.TensorSpec([], name="number")], autograph=False)
        ...     def double(self, number):
        ...         return {"result": 2 * number}
        ...     def signatures(self):
        ...         return {"double": self.double}
        ...     def example_requests(self, trained):
        ...         return {"double": {"number": 1.0}}
        >>> Doubler().signatures()["double"](tf.constant(3.0))["result"].numpy().item()
        6.0
    """

    @abstractmethod
    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the functions to export by name.

        The first one of a model's first part is the model's default.
        """

    @abstractmethod
    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to each signature, with which a server can warm up.

        Args:
            trained: The recommender whose ids and pictures the requests contain.

        Returns:
            A dictionary of inputs by name for each name of a signature.
        """

    @property
    def resources(self) -> tuple[Any, ...]:
        """The variables and tables of this module and of the modules that it contains."""
        kinds = tf.Variable, tf.lookup.StaticHashTable
        return tuple(self._flatten(predicate=lambda each: isinstance(each, kinds)))


class ItemEmbeddings(tf.Module):
    """What is needed to compare the embeddings of the catalogue with those of other pictures.

    Args:
        trained: A trained `VisualRecommender` with its scoring vectors.

    Attributes:
        start: Index at which the embedding starts in a scoring vector. Latent factors and months
            (`MonthlyRecommender`), if there are any, come first; new pictures and new users have
            only an embedding.
        mean: (K,) float32, mean embedding of the catalogue.

    Example:
        >>> import numpy as np
        >>> from types import SimpleNamespace
        >>> vectors = SimpleNamespace(items=np.float32([[9, 1, 2], [9, 3, 4]]))
        >>> model = SimpleNamespace(theta=np.zeros((5, 2)))  # five users
        >>> trained = SimpleNamespace(model=model, vectors=vectors)
        >>> ItemEmbeddings(trained).mean.numpy().tolist()
        [2.0, 3.0]
    """

    def __init__(self, trained: TrainedRecommender) -> None:
        super().__init__()
        items = trained.vectors.items
        self.start = items.shape[1] - trained.model.theta.shape[1]
        embeddings = items[:, self.start :]
        self.mean = tf.Variable(embeddings.mean(axis=0), trainable=False, name="mean_embedding")
