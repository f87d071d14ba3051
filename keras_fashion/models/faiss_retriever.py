"""Approximate retrieval by FAISS, for single users and very large catalogues."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_fashion.errors import InputError
from keras_fashion.models.retrieval import ItemRetriever
from keras_fashion.models.scoring_vectors import ScoringVectors

ITEMS_PER_LIST = 100
"""Number of items per list from which k-means learns the centers."""


class FaissRetriever:
    """Finds most of the k items with the highest scores for each user, by an inverted file.

    k-means divides the items into sqrt(I) lists, and only the lists are searched whose centers
    score highest for the user (Sivic and Zisserman, "Video Google", ICCV 2003; `IndexIVFFlat` of
    Douze et al., "The Faiss library", arXiv:2401.08281). Their number is the least with which the
    wanted share of what `ItemRetriever` finds is found. There is no filter: for a category,
    `ItemRetriever` scores no other items.

    Args:
        vectors: Scoring vectors of a trained recommender.
        recall: Wanted share of the k best items that is found, as the mean over users.
        k: Number of items for which the recall is measured.
        sample: Number of users for whom it is measured, drawn without replacement; all if there
            are fewer.
        seed: Seed of the k-means and of the drawing.

    Attributes:
        num_probes: Number of lists that are searched for a user.
        recall: Share that was measured.

    Raises:
        InputError: If FAISS is not installed or a vector is NaN.

    Example:
        >>> items = np.array([[3.0], [1.0], [2.0]], np.float32)
        >>> users = np.array([[1.0], [-1.0]], np.float32)
        >>> vectors = ScoringVectors(users, items, np.zeros(3, np.float32))
        >>> retriever = FaissRetriever(vectors, recall=1.0, k=2)
        >>> retriever.best(users, k=2)[0].tolist()
        [[0, 2], [1, 2]]
    """

    def __init__(
        self,
        vectors: ScoringVectors,
        recall: float = 0.95,
        k: int = 100,
        sample: int = 256,
        seed: int = 0,
    ) -> None:
        try:
            import faiss
        except ImportError as error:
            raise InputError(
                "FAISS is not installed; `pip install 'keras-fashion[faiss]'`, or use "
                "ItemRetriever."
            ) from error
        self._parameters: Any = faiss.SearchParametersIVF
        exact = ItemRetriever(vectors)
        # The bias is one more dimension, in which every user is 1.
        items = np.concatenate([vectors.items, vectors.biases[:, None]], axis=1, dtype=np.float32)
        rng = np.random.default_rng(seed)
        num_lists = round(len(items) ** 0.5)
        self._index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(items.shape[1]),
            items.shape[1],
            num_lists,
            faiss.METRIC_INNER_PRODUCT,
        )
        self._index.cp.seed = seed
        self._index.cp.min_points_per_centroid = 1  # silences a warning in small catalogues
        num_learned = min(len(items), ITEMS_PER_LIST * num_lists)
        self._index.train(items[rng.choice(len(items), num_learned, replace=False)])
        self._index.add(items)

        rows = rng.choice(len(vectors.users), min(sample, len(vectors.users)), replace=False)
        users = vectors.users[rows]
        wanted, _ = exact.best(users, min(k, len(items)))

        def measure(num_probes: int) -> float:
            self.num_probes = num_probes
            found, _ = self.best(users, wanted.shape[1])
            return float(np.mean([np.isin(*row).mean() for row in zip(wanted, found, strict=True)]))

        self.num_probes = 1 + bisect_left(range(1, num_lists), recall, key=measure)
        self.recall = measure(self.num_probes)

    def best(
        self, users: np.ndarray, k: int, seen: Sequence[np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Finds about the k items with the highest scores for each user.

        Items with equal scores are in any order.

        Args:
            users: (N, K) float32, vectors of users, newcomers or groups.
            k: Number of items.
            seen: For each of the N users, the items that are not to be returned, (n,) int.

        Returns:
            - (N, k) int32, items in order of falling score, -1 where no item is left in the lists.
            - (N, k) float32, their scores, -inf where no item is left.
        """
        if seen is None:
            seen = [np.empty(0, np.int32)] * len(users)
        longest = max((len(each) for each in seen), default=0)
        queries = np.pad(users, ((0, 0), (0, 1)), constant_values=1).astype(np.float32)
        scores, items = self._index.search(
            queries, k + longest, params=self._parameters(nprobe=self.num_probes)
        )
        excluded = items < 0
        for row, each in enumerate(seen):
            excluded[row] |= np.isin(items[row], each)
        scores[excluded], items[excluded] = -np.inf, -1
        # The stable sort keeps the order of the items that are left.
        kept = np.argsort(excluded, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(items, kept, axis=1).astype(np.int32),
            np.take_along_axis(scores, kept, axis=1),
        )
