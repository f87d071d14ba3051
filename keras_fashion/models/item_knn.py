"""ItemKNN: recommend what is bought by the users who bought the same items."""

from typing import Annotated, Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from scipy.sparse import csr_array
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.models.fit_settings import FitSettings, Minimum, SearchRange


class NeighborScores(NamedTuple):
    """x_ui = Σ over the items j that u bought of the similarity of i and j, if they are neighbors.

    The scores are not linear in a short vector of the user, so that what needs `ScoringVectors`
    (export, design) cannot use them.

    Attributes:
        neighbors: (I, k) int32, neighbors of each item.
        similarities: (I, k) float32, their similarities; 0 where there are fewer neighbors.
        bought: (n, 2) int32, training pairs (user, item).
        num_users: () int, U.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models.item_knn import NeighborScores
        >>> scorer = NeighborScores(
        ...     np.array([[1], [0]]), np.array([[0.5], [0.5]]), np.array([[0, 0]]), np.array(1)
        ... )
        >>> scorer.scores(np.array([0]))
        array([[0. , 0.5]])
    """

    neighbors: np.ndarray
    similarities: np.ndarray
    bought: np.ndarray
    num_users: np.ndarray

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Computes the scores of all items for some users: (B,) int to (B, I) float."""
        num_items, k = self.neighbors.shape
        pairs = tuple(self.bought.T)
        history = csr_array((np.ones(len(self.bought)), pairs), (int(self.num_users), num_items))
        # Row i of the matrix holds the similarities of item i to its k neighbors.
        starts = np.arange(0, num_items * k + 1, k)
        similarity = csr_array(
            (self.similarities.ravel(), self.neighbors.ravel(), starts), (num_items, num_items)
        )
        return (history[users] @ similarity.T).toarray()

    def __call__(self, users: np.ndarray) -> np.ndarray:
        """Returns `scores(users)`, so that `rank_held_out` can use it as a function."""
        return self.scores(users)


@keras.saving.register_keras_serializable(package="keras_fashion")
class ItemKNN(keras.Model):
    """Item-based nearest neighbors on the interactions, without pictures.

    Sarwar et al., "Item-based Collaborative Filtering Recommendation Algorithms", WWW 2001, for
    implicit feedback: the similarity of two items is the cosine of their columns of the
    user-item matrix, |U_i ∩ U_j| / sqrt(|U_i| |U_j|), where U_i are the users who bought i. The
    score x_ui is the sum of the similarities of i to those of its k nearest neighbors that u
    bought. Call `adapt`; there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        num_neighbors: k, at most I - 1.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import ItemKNN
        >>> model = ItemKNN(num_users=3, num_items=3, num_neighbors=2)
        >>> train = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]])
        >>> model.adapt(train)
        >>> model.scoring_vectors(train=train).scores(np.array([2])).round(2)  # 2 / sqrt(2 * 3)
        array([[0.82, 0.  , 0.  ]])
    """

    fit_settings: ClassVar[FitSettings | None] = None
    scorer: ClassVar[type] = NeighborScores

    def __init__(self, num_users: int, num_items: int, num_neighbors: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.num_neighbors = num_neighbors
        shape = (num_items, num_neighbors)
        self.neighbors = self.add_weight(
            name="neighbors", shape=shape, initializer="zeros", dtype="int32", trainable=False
        )
        self.similarities = self.add_weight(
            name="similarities", shape=shape, initializer="zeros", trainable=False
        )
        self.built = True

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        neighbors: Annotated[int, Minimum(1), SearchRange(5, 500)] = 50,
        seed: int = 0,
    ) -> Self:
        """Creates the model and counts which items of a split are bought by the same users.

        Args:
            catalogue: Not used; the model knows interactions only.
            split: Split whose training part is counted.
            neighbors: Maximum number of neighbors of an item.
            seed: Not used.
        """
        model = cls(split.num_users, split.num_items, min(neighbors, split.num_items - 1))
        model.adapt(split.train)
        return model

    def adapt(self, train: np.ndarray) -> None:
        """Finds the neighbors of each item.

        Args:
            train: (n, 2) int, distinct training pairs (user, item).
        """
        matrix = csr_array((np.ones(len(train)), tuple(train.T)), (self.num_users, self.num_items))
        counts = matrix.sum(axis=0)
        together = (matrix.T @ matrix).tocsr()
        neighbors = np.zeros(self.neighbors.shape, np.int32)
        similarities = np.zeros(self.neighbors.shape, np.float32)
        for item in range(self.num_items):
            row = slice(together.indptr[item], together.indptr[item + 1])
            others = together.indices[row]
            cosine = together.data[row] / np.sqrt(counts[item] * counts[others])
            cosine[others == item] = 0
            # The nearest first; of equally near ones the first in the catalogue.
            order = np.lexsort((others, -cosine))[: self.num_neighbors]
            neighbors[item, : len(order)] = others[order]
            similarities[item, : len(order)] = cosine[order]
        self.neighbors.assign(neighbors)
        self.similarities.assign(similarities)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Scores pairs of an item and a history.

        Args:
            inputs: "item", (B,) int, and "history", (B, H) int, items bought, padded with -1.
            training: Not used.

        Returns:
            (B,) float32.
        """
        neighbors = tf.gather(self.neighbors.value, inputs["item"])
        similarities = tf.gather(self.similarities.value, inputs["item"])
        bought = neighbors[:, :, None] == tf.cast(inputs["history"], tf.int32)[:, None, :]
        return tf.reduce_sum(tf.where(tf.reduce_any(bought, axis=2), similarities, 0.0), axis=1)

    def scoring_vectors(
        self, pictures: tf.data.Dataset | None = None, train: np.ndarray | None = None
    ) -> NeighborScores:
        """Returns what scores the catalogue for every user.

        Args:
            pictures: Not used.
            train: (n, 2) int, training pairs (user, item).

        Raises:
            ValueError: If `train` is missing.
        """
        if train is None:
            raise ValueError("users are made from what they bought: give train, (user, item) pairs")
        neighbors, similarities = self.neighbors.numpy(), self.similarities.numpy()
        return NeighborScores(neighbors, similarities, train, np.array(self.num_users))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "num_users": self.num_users,
            "num_items": self.num_items,
            "num_neighbors": self.num_neighbors,
        }
