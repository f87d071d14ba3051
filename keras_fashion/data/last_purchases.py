"""The split of sequential recommendation: each user's last purchases are held out."""

import numpy as np

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.temporal import TemporalSplit, dated_interactions, split_in_parts
from keras_fashion.errors import InputError


def last_out(catalogue: Catalogue, seed: int) -> TemporalSplit:
    """Holds out the last interaction of each user for test and the one before for validation.

    This is the protocol of sequential recommendation (Kang and McAuley, "Self-Attentive Sequential
    Recommendation", ICDM 2018, section IV-A). Users with fewer than three interactions with a time
    are in training only, and interactions without a time are left out.

    What the user does later is not learned from, but what *others* do later is: the last purchases
    of two users may be a year apart, and the earlier one is predicted by a model that has learned
    from what all others bought in that year (Ji et al., "A Critical Study on Data Leakage in
    Recommender System Offline Evaluation", TOIS 2023). What the user bought on the same day, in the
    same basket perhaps, may be in training too. With `temporal_split` neither can happen.

    Args:
        catalogue: The prepared catalogue.
        seed: Decides the order of a user's interactions on one day, such as those of a basket.

    Raises:
        InputError: If the times are not known or cannot be read, or if no user has three.

    Example:
        >>> from types import SimpleNamespace
        >>> catalogue = SimpleNamespace(
        ...     name="shop", user_ids=["ann", "bob"], item_ids=["a", "b", "c", "d"], attributes={},
        ...     interactions=np.array([[0, 0], [0, 1], [0, 2], [1, 3]], np.int32),
        ...     interaction_days=np.array([7, 9, 8, 9], np.int32),
        ... )
        >>> split = last_out(catalogue, seed=0)
        >>> split.train.tolist(), split.validation.tolist(), split.test.tolist()
        ([[0, 0], [1, 3]], [[0, 2]], [[0, 1]])
    """
    pairs, days = dated_interactions(catalogue)
    drawn = np.random.default_rng(seed).random(len(days))
    order = np.lexsort((drawn, days, pairs[:, 0]))
    pairs, days = pairs[order], days[order]
    counts = np.bincount(pairs[:, 0], minlength=len(catalogue.user_ids))
    num_later = np.cumsum(counts)[pairs[:, 0]] - 1 - np.arange(len(pairs))
    enough = counts[pairs[:, 0]] >= 3
    if not enough.any():
        raise InputError(
            f"no user of catalogue {catalogue.name} has three items with a time of purchase, of "
            "which the last two could be held out."
        )
    test, validation = enough & (num_later == 0), enough & (num_later == 1)
    return split_in_parts(catalogue, pairs, days, ~(test | validation), validation, test)
