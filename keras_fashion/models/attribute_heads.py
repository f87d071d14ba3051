"""Attribute heads: they name the columns of items from the embeddings that an encoder learns."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.columns import describing_attributes
from keras_fashion.distribution.global_batch import gather_rows
from keras_fashion.errors import InputError

UNKNOWN = -1
"""Code of a value that is not known."""

LEAST_ITEMS = 5
"""Number of items that a value must have to be learned: of rarer ones nothing general is known."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class AttributeHeads(keras.layers.Layer):
    """Linear classifiers of the category and the attributes of items, given their embeddings.

    They are an auxiliary task of an encoder (Caruana, "Multitask Learning", Machine Learning 1997):
    most items are bought by few people, and what a shop says about an item tells the encoder what
    distinguishes clothes. Scores are made from the embedding alone, so that an item without columns
    is scored like all others.

    The loss is the mean over the columns of the mean cross-entropy over the items whose value is
    known. The logits are linear in the embeddings after these are standardized over the batch,
    because the length of an embedding belongs to the preferences.

    Args:
        embedding_size: K, length of an embedding.
        num_values: Number of values of each of the A columns.
        num_items: I, number of items.
        seed: Seed of the initial weights; by default a random one.

    Attributes:
        values: (I, A) int32 weight, the value of each column for each item; -1 if it is not known.

    Example:
        >>> heads = AttributeHeads(embedding_size=4, num_values=[2, 3], num_items=5, seed=0)
        >>> heads.values.assign(np.array([[0, 2], [1, 0], [0, 1], [1, -1], [-1, -1]])).shape
        TensorShape([5, 2])
        >>> heads.loss(tf.random.normal((3, 4)), tf.constant([0, 1, 3])).shape
        TensorShape([])
    """

    def __init__(
        self,
        embedding_size: int,
        num_values: Sequence[int],
        num_items: int,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding_size = embedding_size
        self.num_values = tuple(num_values)
        self.num_items = num_items
        self.values = self.add_weight(
            name="values",
            shape=(num_items, len(self.num_values)),
            initializer=keras.initializers.Constant(UNKNOWN),
            dtype="int32",
            trainable=False,
        )
        self.classifiers = keras.layers.Dense(
            sum(self.num_values),
            kernel_initializer=keras.initializers.GlorotUniform(keras.random.SeedGenerator(seed)),
            dtype="float32",
        )
        self.classifiers.build((None, embedding_size))
        self.built = True

    @classmethod
    def from_catalogue(
        cls,
        embedding_size: int,
        catalogue: Catalogue,
        withheld: np.ndarray | None = None,
        seed: int | None = None,
    ) -> Self:
        """Creates the heads for the category and the attributes of a catalogue.

        Values of fewer than `LEAST_ITEMS` items, and empty ones, count as not known. Columns of
        which less than two values are left are left out.

        Args:
            embedding_size: K, length of an embedding.
            catalogue: Catalogue with the columns.
            withheld: Items whose columns are not to be learned, int; by default none.
            seed: Seed of the initial weights.

        Raises:
            InputError: If there is no column to learn.
        """
        known = np.ones(len(catalogue.item_ids), bool)
        known[[] if withheld is None else withheld] = False
        columns, num_values = [], []
        for column in describing_attributes(catalogue.columns).values():
            counts = np.bincount(column.codes[known], minlength=len(column.values))
            learned = (counts >= LEAST_ITEMS) & (column.values != "")
            if np.count_nonzero(learned) > 1:
                numbers = np.where(learned, np.cumsum(learned) - 1, UNKNOWN)
                columns.append(np.where(known, numbers[column.codes], UNKNOWN))
                num_values.append(int(np.count_nonzero(learned)))
        if not columns:
            raise InputError(
                f"catalogue {catalogue.name} has no column of which two values have {LEAST_ITEMS} "
                "items each, so that no attributes can be learned; use an `attribute_weight` of 0."
            )
        heads = cls(embedding_size, num_values, len(known), seed)
        heads.values.assign(np.stack(columns, axis=1).astype(np.int32))
        return heads

    def call(self, embedding: tf.Tensor) -> tf.Tensor:
        """Computes the logits of all columns.

        Args:
            embedding: (B, K) float, embeddings of a batch, over which they are standardized.

        Returns:
            (B, V) float32, those of the columns one after the other.
        """
        embedding = tf.cast(embedding, tf.float32)
        mean, variance = tf.nn.moments(embedding, axes=[0])
        return self.classifiers((embedding - mean) * tf.math.rsqrt(variance + 1e-6))

    def loss(self, embedding: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        """Computes the mean cross-entropy of the columns.

        Args:
            embedding: (B, K) float, embeddings of a batch.
            item: (B,) int, the items that they belong to.

        Returns:
            A float32 scalar. A column of which no value is known in the batch adds 0 to the sum.
        """
        logits = tf.split(self(gather_rows(embedding)), self.num_values, axis=1)
        values = tf.unstack(tf.gather(self.values.value, gather_rows(item)), axis=1)
        losses = [_cross_entropy(*pair) for pair in zip(logits, values, strict=True)]
        return tf.add_n(losses) / len(losses)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "embedding_size": self.embedding_size,
            "num_values": list(self.num_values),
            "num_items": self.num_items,
        }


def _cross_entropy(logits: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Returns the mean cross-entropy over the rows whose value is known; 0 if none is."""
    known = tf.cast(value != UNKNOWN, tf.float32)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(value, 0), logits)
    return tf.math.divide_no_nan(tf.reduce_sum(entropy * known), tf.reduce_sum(known))
