"""True utilities of pictures on the atelier, the synthetic catalogue whose shoppers are known."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from keras_fashion.data.sources.atelier import (
    Oracle,
    existing_utilities,
    measure,
    true_utility,
    utility_recovery,
)


def true_utilities(
    oracle: Oracle,
    users: np.ndarray,
    categories: Sequence[str],
    pictures: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    """Computes the true utility of the first picture that each method returns to each user.

    Existing items are measured from their pixels as designs are, so that errors of `measure` favor
    neither.

    Args:
        oracle: Truth of an atelier catalogue.
        users: Dense indices of shape (N,).
        categories: Name of each user's category, N of them.
        pictures: Pictures by method, of shape (N, n, H, W, 3), uint8, the best first; `"retrieval"`
            must be among the methods.

    Returns:
        A table with a row for each method and user and the columns `method`, `pair` (number of the
        user), `category`, `utility` in nats (at most 0), `recovery` (`utility_recovery`),
        `above_retrieved` (1 if the utility is above that of the first picture retrieved, 0.5 if
        equal), and `above_best` (the same relative to the category's best existing garment by the
        truth, which no recommender can know).

    Example:
        >>> import numpy as np
        >>> from keras_fashion.data.sources.atelier import Oracle
        >>> from keras_fashion.data.sources.atelier.attributes import sample_garments
        >>> from keras_fashion.data.sources.atelier.shoppers import sample_shoppers
        >>> from keras_fashion.evaluation import true_utilities
        >>> rng = np.random.default_rng(0)
        >>> oracle = Oracle(sample_garments(rng, 40), sample_shoppers(rng, 2), np.zeros(40))
        >>> pictures = {"retrieval": rng.integers(0, 256, (2, 1, 32, 32, 3)).astype(np.uint8)}
        >>> table = true_utilities(oracle, np.array([0, 1]), ["Tops", "Tops"], pictures)
        >>> table["above_retrieved"].tolist()
        [0.5, 0.5]
    """
    rows = [
        {
            "method": method,
            "pair": pair,
            "category": category,
            "utility": true_utility(oracle, measured, user, category),
            "recovery": utility_recovery(oracle, measured, user, category),
            "best": existing_utilities(oracle, user, category).max(),
        }
        for method, returned in pictures.items()
        for pair, (user, category, measured) in enumerate(
            (int(user), category, measure(shown[0], category))
            for user, category, shown in zip(users, categories, returned, strict=True)
        )
    ]
    table = pd.DataFrame(rows)
    first = table[table["method"] == "retrieval"].set_index("pair")["utility"]
    return table.assign(
        above_retrieved=share_above(table["utility"], table["pair"].map(first)),
        above_best=share_above(table["utility"], table["best"]),
    )


def share_above(values: np.ndarray | pd.Series, others: np.ndarray | pd.Series) -> np.ndarray:
    """Returns 1 where a value is above the other, 0.5 where they are equal, 0 elsewhere; float64.

    Args:
        values: Values of any shape.
        others: Values of the same shape.
    """
    return np.where(values > others, 1.0, np.where(values == others, 0.5, 0.0))
