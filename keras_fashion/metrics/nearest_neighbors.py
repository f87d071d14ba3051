"""The nearest real picture of each generated one, which shows whether a generator copies."""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from keras_fashion.metrics.distances import nearest_rows, neighbor_distances
from keras_fashion.metrics.features import checked_features


class NearestRealSummary(NamedTuple):
    """Statistics of the distances of a `NearestReal`.

    Attributes:
        median_generated: Median distance of generated pictures to their nearest real one.
        median_real: Median distance of unseen pictures to their nearest real one.
        share_nearer: Share of generated pictures that are at most as far from a real one as the
            nearest 1 % of unseen ones. It is about 0.01 without copies (more if over 1 % of the
            unseen pictures are copies themselves); what exceeds that is the share of copies.
        probability_nearer: Probability that a generated picture is nearer than an unseen one, a
            tie counting half: the Mann-Whitney statistic over its maximum. It is 0.5 for pictures
            like unseen ones, near 1 for copies, and near 0 for pictures unlike any real one.

    Example:
        >>> from keras_fashion.metrics import nearest_real
        >>> nearest_real([[0.0], [2.0], [5.0]], generated=[[2.0], [2.5]]).summary
        NearestRealSummary(median_generated=0.25, median_real=2.0, share_nearer=1.0,
            probability_nearer=1.0)
    """

    median_generated: float
    median_real: float
    share_nearer: float
    probability_nearer: float


class NearestReal(NamedTuple):
    """Nearest real pictures, with what unseen pictures would show.

    Attributes:
        indices: Row of the nearest real picture of each generated one, of shape (M,), int64.
        distances: Distance to it, of shape (M,), float64.
        real_distances: Distance of each real picture to the nearest other one, of shape (N,),
            float64; or of each held-out picture to the nearest real one, of shape (H,).

    Example:
        >>> from keras_fashion.metrics import nearest_real
        >>> nearest_real([[0.0], [2.0], [5.0]], generated=[[2.0], [2.5]]).real_distances.tolist()
        [2.0, 2.0, 3.0]
    """

    indices: np.ndarray
    distances: np.ndarray
    real_distances: np.ndarray

    @property
    def summary(self) -> NearestRealSummary:
        """Computes the medians, and two statistics: one detects few copies, the other many."""
        num_generated, num_unseen = len(self.distances), len(self.real_distances)
        ranks = rankdata(np.concatenate([self.real_distances, self.distances]))[:num_unseen]
        mann_whitney_u = ranks.sum() - num_unseen * (num_unseen + 1) / 2
        return NearestRealSummary(
            median_generated=float(np.median(self.distances)),
            median_real=float(np.median(self.real_distances)),
            share_nearer=float((self.distances <= np.percentile(self.real_distances, 1)).mean()),
            probability_nearer=float(mann_whitney_u / (num_unseen * num_generated)),
        )


def nearest_real(real: Any, generated: Any, held_out: Any = None) -> NearestReal:
    """Finds the nearest real picture of each generated one, and the same for unseen real pictures.

    After Meehan, Chaudhuri and Dasgupta, "A Non-Parametric Test to Detect Data-Copying in
    Generative Models", AISTATS 2020, over the whole space rather than by its cells.

    Bias: without held-out pictures, each real picture is compared with all others as if it were
    unseen, with one real picture fewer, which makes no difference from some hundreds on. Real
    pictures that occur twice are near by themselves and hide copying, in a random held-out set
    too: look at the pairs of the smallest distances. If some generated pictures are copies and the
    rest is unlike any real one, they cancel in `probability_nearer`, not in `share_nearer`.

    Sample size: all pictures that were trained on, since copies of missing ones go undetected; of
    generated and held-out pictures 1,000 each, with which the standard error of
    `probability_nearer` is 0.013.

    Args:
        real: Features of shape (N, F) of the pictures that were trained on, N >= 2, or N >= 1 with
            `held_out`.
        generated: Features of shape (M, F) of generated pictures, M >= 1.
        held_out: Features of shape (H, F) of real pictures that were not trained on, H >= 1.

    Returns:
        A `NearestReal`.

    Raises:
        ValueError: If a shape is another one, there are too few pictures, or a value is not finite.

    Example:
        >>> from keras_fashion.metrics import nearest_real
        >>> found = nearest_real([[0.0], [2.0], [5.0]], generated=[[0.5], [5.0]])
        >>> found.indices.tolist(), found.distances.tolist()
        ([0, 2], [0.5, 0.0])
        >>> found.summary.probability_nearer
        1.0
    """
    real = checked_features(real, "real", 2 if held_out is None else 1)
    generated = checked_features(generated, "generated", 1, width=real.shape[1])
    indices, distances = nearest_rows(real, generated)
    if held_out is None:
        return NearestReal(indices, distances, neighbor_distances(real, 1))
    held_out = checked_features(held_out, "held-out", 1, width=real.shape[1])
    return NearestReal(indices, distances, nearest_rows(real, held_out)[1])
