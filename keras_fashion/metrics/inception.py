"""The inception score: are single pictures clear, and all of them together varied?"""

from typing import Any

import numpy as np
from scipy.special import rel_entr


def inception_score(probabilities: Any) -> float:
    """Computes the exponential of the mean divergence of a picture's classes from those of all.

    exp(E_x KL(p(y | x) || p(y))), with p(y) the mean of p(y | x) (Salimans et al., "Improved
    Techniques for Training GANs", NeurIPS 2016, section 4). 1 is the worst: every picture gets
    the same prediction. C, the best, takes certain predictions spread evenly over all C classes.

    The original asks ImageNet's Inception. If the probabilities come from the catalogue's own
    `CategoryClassifier`, the score is not comparable with published values; tables then call it
    "category inception score".

    Args:
        probabilities: Softmax outputs p(y | x) of shape (N, C), one row a picture; rows sum to 1.

    Returns:
        The score, in [1, C].

    Raises:
        ValueError: If the array does not hold probabilities of shape (N, C).

    Example:
        >>> from keras_fashion.metrics import inception_score
        >>> round(inception_score([[1.0, 0.0], [0.0, 1.0]]), 6)
        2.0
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if probabilities.ndim != 2 or probabilities.size == 0:
        raise ValueError(f"probabilities must be (N, C), received shape {probabilities.shape}")
    # The negated comparison also refuses NaN. Softmax in float32 or bfloat16 is a little off 1.
    if not (probabilities >= 0).all() or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-2):
        raise ValueError(
            "probabilities must be non-negative and sum to 1 in each row: pass the softmax of the "
            "classifier's logits"
        )
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    divergences = rel_entr(probabilities, probabilities.mean(axis=0)).sum(axis=1)
    return float(np.exp(divergences.mean()))
