"""Retrieval: the items that a user is predicted to like best."""

import numpy as np
import tensorflow as tf

from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.visrank_max import NearestItemScores


def top_items(
    vectors: ScoringVectors | NearestItemScores,
    user: int,
    k: int,
    seen: np.ndarray,
    allowed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k best items of one user, best first; fewer where fewer are left.

    Of equal ones, the first in the catalogue. For many users at once, see `ItemRetriever`.

    Args:
        vectors: Of any recommender.
        user: Dense index.
        k: How many.
        seen: Dense items never to return, such as those the user has bought.
        allowed: (I,) bool, which items may be returned; all by default.

    Returns:
        Dense items (k,) int and their scores (k,) float32.
    """
    scores = vectors.scores(np.array([user]))[0]
    candidates = np.ones(len(scores), bool) if allowed is None else allowed.copy()
    candidates[seen] = False
    items = np.flatnonzero(candidates)
    best, places = tf.math.top_k(scores[items], min(k, len(items)))
    return items[places.numpy()], best.numpy()
