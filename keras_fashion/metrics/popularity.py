"""How popular what is recommended is: novelty, and the lift over what users bought themselves."""

import numpy as np


def self_information(counts: np.ndarray, num_users: int) -> np.ndarray:
    """Computes the novelty of items: -log2 of the share of users who bought them, in bits.

    The mean over a list is its novelty: the *mean self-information* of Zhou et al. ("Solving the
    apparent diversity-accuracy dilemma of recommender systems", PNAS 2010), or *mean inverse user
    frequency* in Castells, Hurley and Vargas ("Novelty and Diversity in Recommender Systems",
    Recommender Systems Handbook, 2015), who derive it from the model of item discovery of Vargas
    and Castells ("Rank and Relevance in Novelty and Diversity Metrics for Recommender Systems",
    RecSys 2011).

    The share is estimated as (n + 1) / (U + 1), as if one more user had bought every item. An item
    that nobody bought, for which these works have no value, then has log2(U + 1) bits, one more
    than an item that was bought once.

    Args:
        counts: Number of users who bought each item, of shape (I,), int.
        num_users: U, number of users who bought anything.

    Returns:
        Bits of shape (I,), float64.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.metrics import self_information
        >>> self_information(np.array([0, 1, 3, 15]), num_users=15).tolist()
        [4.0, 3.0, 2.0, 0.0]
    """
    return np.log2((num_users + 1) / (np.asarray(counts) + 1))


def popularity_lift(recommended: np.ndarray, bought: np.ndarray) -> np.ndarray:
    """Computes how much more popular recommendations are than what their users bought.

    The lift of a group of users is (GAP_q - GAP_p) / GAP_p, where GAP_q is the mean over users of
    the mean popularity of their recommendations, and GAP_p the same of the items that they bought
    (Abdollahpouri, Mansoury, Burke and Mobasher, "The Connection Between Popularity Bias,
    Calibration, and Fairness in Recommendation", RecSys 2020; "The Unfairness of Popularity Bias in
    Recommendation", RMSE 2019, calls it ΔGAP). It is 0 where recommendations are as popular as what
    their users bought, 1 where they are twice as popular, and -1 where nobody bought them.

    A ratio of means is no mean of ratios; the latter would be ruled by the users who buy what few
    others do. The value of a user here is the first-order term of the ratio,

        lift + (q_u - (1 + lift) p_u) / GAP_p,

    whose mean over the users is the lift, and whose spread is that of the ratio (the delta method),
    so that an interval of the mean is one of the lift.

    Args:
        recommended: Mean popularity of the recommendations of each user, of shape (U,), float. The
            unit does not matter.
        bought: Mean popularity of the items that each user bought, of shape (U,), float, in the
            same unit.

    Returns:
        Array of shape (U,), float64; NaN for a user for whom either is NaN, who is not in the
        group.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.metrics import popularity_lift
        >>> recommended, bought = np.array([8.0, 4.0]), np.array([1.0, 3.0])
        >>> popularity_lift(recommended, bought).mean()  # 12 / 4 - 1, and not (8 + 4 / 3) / 2 - 1
        np.float64(2.0)
    """
    measured = ~(np.isnan(recommended) | np.isnan(bought))
    values = np.full(len(bought), np.nan)
    if measured.any():
        unit = bought[measured].mean()
        ratio = recommended[measured].mean() / unit
        values[measured] = ratio - 1 + (recommended - ratio * bought)[measured] / unit
    return values
