"""Approximate retrieval by FAISS, for single users and very large catalogues."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from keras_fashion.errors import InputError
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.retrieval import ItemRetriever

TRAINED_ON = 100
"""Items a list that its center is learned from."""


class FaissRetriever:
    """Most of the k best items of each user, by an inverted file.

    Items are cut into sqrt(I) lists by k-means, and a user looks into those only whose centers he
    likes best (Sivic and Zisserman, ICCV 2003; `IndexIVFFlat` of Douze et al., arXiv:2401.08281).
    How many lists is measured: the fewest that find the wanted share of what `ItemRetriever`
    finds. There is no filter: of a category, `ItemRetriever` scores no other items.

    Args:
        vectors: Of a trained recommender.
        recall: The wanted share of the k best that is found, in the mean over users.
        k: What it is measured at.
        sample: Users that it is measured on, drawn without replacement; all if there are fewer.
        seed: Of the k-means and the drawing.

    Attributes:
        probes: Lists that a user looks into.
        recall: The share that was measured.

    Raises:
        InputError: If FAISS is not installed or a vector is NaN.
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
                "FAISS is not installed; `pip install 'keras-fashion[faiss]'`, or take "
                "ItemRetriever."
            ) from error
        self._parameters = faiss.SearchParametersIVF
        exact = ItemRetriever(vectors)
        # The bias is one more dimension, in which every user is 1.
        items = np.concatenate([vectors.items, vectors.biases[:, None]], axis=1, dtype=np.float32)
        rng = np.random.default_rng(seed)
        lists = round(len(items) ** 0.5)
        self._index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(items.shape[1]), items.shape[1], lists, faiss.METRIC_INNER_PRODUCT
        )
        self._index.cp.seed = seed
        self._index.cp.min_points_per_centroid = 1  # silences a warning in small catalogues
        learned_from = min(len(items), TRAINED_ON * lists)
        self._index.train(items[rng.choice(len(items), learned_from, replace=False)])
        self._index.add(items)

        users = rng.choice(len(vectors.users), min(sample, len(vectors.users)), replace=False)
        tastes = vectors.users[users]
        wanted, _ = exact.best(tastes, min(k, len(items)))

        def found(probes: int) -> float:
            self.probes = probes
            got, _ = self.best(tastes, wanted.shape[1])
            return float(np.mean([np.isin(*row).mean() for row in zip(wanted, got, strict=True)]))

        self.probes = 1 + bisect_left(range(1, lists), recall, key=found)
        self.recall = found(self.probes)

    def best(
        self, tastes: np.ndarray, k: int, seen: Sequence[np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """About the k best items of each user, best first; of equal ones, any.

        Args:
            tastes: (N, K) float32, vectors of users, newcomers or groups.
            k: How many.
            seen: For each of the N, the dense items never to return to them, (n,) int.

        Returns:
            Dense items (N, k) int32 and their scores (N, k) float32; -1 and -inf where none is
            left in the lists.
        """
        if seen is None:
            seen = [np.empty(0, np.int32)] * len(tastes)
        longest = max((len(each) for each in seen), default=0)
        queries = np.pad(tastes, ((0, 0), (0, 1)), constant_values=1).astype(np.float32)
        scores, items = self._index.search(
            queries, k + longest, params=self._parameters(nprobe=self.probes)
        )
        out = items < 0
        for row, each in enumerate(seen):
            out[row] |= np.isin(items[row], each)
        scores[out], items[out] = -np.inf, -1
        # What is left keeps its order: a stable sort by whether it is.
        kept = np.argsort(out, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(items, kept, axis=1).astype(np.int32),
            np.take_along_axis(scores, kept, axis=1),
        )
