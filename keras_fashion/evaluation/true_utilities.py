"""On the atelier the truth is known: how much shoppers really like what was made for them."""

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
    """The true utility of the first picture that each method returns to each user.

    Existing items are measured from their pixels as designs are, so that what `measure` gets
    wrong favors neither.

    Args:
        oracle: The truth of an atelier catalogue.
        users: (N,) dense indices.
        categories: N names.
        pictures: Method to (N, n, H, W, 3) uint8, the best first; "retrieval" among them.

    Returns:
        A row for each method and user: `method`, `pair`, `category`, `utility` in nats (at most
        0), `recovery` (`utility_recovery`), `above_retrieved` (1 if it is above that of the
        first picture retrieved, .5 if equal), `above_best` (the same against the best existing
        garment of the category by the truth, which no recommender can know).
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
        above_retrieved=above(table["utility"], table["pair"].map(first)),
        above_best=above(table["utility"], table["best"]),
    )


def above(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """1 where a value is above the other, .5 where they are equal, 0 elsewhere; float64."""
    return np.where(values > others, 1.0, np.where(values == others, 0.5, 0.0))
