"""The vectors from which a linear recommender scores the catalogue."""

from typing import NamedTuple

import numpy as np


class ScoringVectors(NamedTuple):
    """All that a linear recommender knows: x_ui = users[u] · items[i] + biases[i].

    Attributes:
        users: (U, K) float32, vectors of the users.
        items: (I, K) float32, vectors of the items.
        biases: (I,) float32, biases of the items.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import ScoringVectors
        >>> vectors = ScoringVectors(np.eye(2), np.array([[1.0, 0.0], [0.0, 2.0]]), np.zeros(2))
        >>> vectors.scores(np.array([1]))
        array([[0., 2.]])
    """

    users: np.ndarray
    items: np.ndarray
    biases: np.ndarray

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Computes the scores of all items for some users: (B,) int to (B, I) float32."""
        return self.users[users] @ self.items.T + self.biases


class HeldOutVectors(NamedTuple):
    """Vectors of held-out interactions, whose users change from one day to the next.

    The score of item i for interaction n is interactions[n] · items[i] + biases[i].

    Attributes:
        interactions: (m, K) float32, vectors of the users of the interactions at their times.
        items: (I, K) float32, vectors of the items.
        biases: (I,) float32, biases of the items.

    Example:
        >>> import numpy as np
        >>> HeldOutVectors(np.ones((3, 2)), np.ones((5, 2)), np.zeros(5)).interactions.shape
        (3, 2)
    """

    interactions: np.ndarray
    items: np.ndarray
    biases: np.ndarray
