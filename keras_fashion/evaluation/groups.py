"""Preference of a group's members for a shared picture, and their true utility if it is known."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_fashion.data.sources.atelier import Oracle, existing_utilities, measure, true_utility
from keras_fashion.design import AGGREGATIONS, Aggregation, PreferenceMaximizer
from keras_fashion.errors import InputError
from keras_fashion.evaluation.atelier_utilities import share_above
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.models.trained import TrainedRecommender


def group_study(
    recommender: TrainedRecommender,
    maximizer: PreferenceMaximizer,
    oracle: Oracle | None = None,
    num_groups: int = 24,
    num_members: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """Gives each of some random groups one design and one existing item.

    Args:
        recommender: DVBPR with its catalogue and split, which the maximizer uses.
        maximizer: Maximizer over the recommender and a GAN.
        oracle: Truth of the catalogue if it is an atelier.
        num_groups: Number of groups.
        num_members: Number of users in each group; they have equal weights.
        seed: Seed of users, categories and restarts.

    Returns:
        A table with a row for each `aggregation` (`AGGREGATIONS`) and `method`: `"retrieval"`, the
        category's item with the highest group preference, or `"generation"`. The other columns are
        means over groups: `mean` and `least`, the members' mean and lowest preference
        (`StandardizedPreference`). With an oracle also `true_mean` and `true_least`, the same of
        their true utilities in nats, and `above_retrieved` and `above_best`: 1 if the aggregated
        true utilities are above those of the item retrieved, and of the best existing garment by
        the truth.

    Raises:
        InputError: If there are too few users for one group, or all categories have one item.
    """
    catalogue = recommender.catalogue
    rng = np.random.default_rng(seed)
    trained = np.unique(recommender.split.train[:, 0])
    if len(trained) < num_members:
        raise InputError(
            f"`recommender` was trained on {len(trained)} users; no group of {num_members} "
            "of them can be drawn."
        )
    users = np.stack([rng.choice(trained, num_members, replace=False) for _ in range(num_groups)])
    # The preference for the only item of a category cannot be standardized.
    large = np.flatnonzero(
        np.bincount(catalogue.item_categories, minlength=len(catalogue.categories)) > 1
    )
    if not len(large):
        raise InputError(f"no category of catalogue {catalogue.name} has two items or more.")
    categories = rng.choice(large, num_groups)
    preference = StandardizedPreference(
        recommender, users.ravel(), np.repeat(categories, num_members)
    )
    of_items = preference.standardize(preference.scores).reshape(num_groups, num_members, -1)
    user_embeddings = maximizer.recommender.user_embedding(users.ravel()).numpy()
    user_embeddings = user_embeddings.reshape(num_groups, num_members, -1)
    items = catalogue.pictures(maximizer.gan.picture_size)

    rows = []
    for name, aggregation in AGGREGATIONS.items():
        of_groups = [
            np.where(catalogue.item_categories == category, _combined(aggregation, each), -np.inf)
            for category, each in zip(categories, of_items, strict=True)
        ]
        etas = np.full(num_groups, maximizer.procedure.eta)
        designs = maximizer.design_for(
            user_embeddings, categories, 1, etas, seed, aggregation=aggregation
        )
        returned = {
            "retrieval": items[np.argmax(of_groups, axis=1)],
            "generation": designs.pictures[:, 0],
        }
        truths = {}
        if oracle is not None:
            names = [catalogue.categories[category] for category in categories]
            truths = _truths(oracle, aggregation, users, names, returned)
        for method, pictures in returned.items():
            of_members = preference.of_pictures(np.repeat(pictures, num_members, axis=0)[:, None])
            of_members = of_members.reshape(num_groups, num_members)
            row = {
                "aggregation": name,
                "method": method,
                "mean": of_members.mean(),
                "least": of_members.min(axis=1).mean(),
            }
            rows.append(row | truths.get(method, {}))
    return pd.DataFrame(rows)


def _truths(
    oracle: Oracle,
    aggregation: Aggregation,
    users: np.ndarray,
    names: Sequence[str],
    returned: Mapping[str, np.ndarray],
) -> dict[str, dict[str, float]]:
    """Returns the true columns by method, given its pictures of shape (G, H, W, 3) for G groups."""
    truths = {
        method: np.array(
            [
                [true_utility(oracle, measured, user, name) for user in group]
                for group, name, measured in zip(
                    users, names, map(measure, pictures, names), strict=True
                )
            ]
        )
        for method, pictures in returned.items()
    }
    best = [
        _combined(
            aggregation, np.array([existing_utilities(oracle, user, name) for user in group])
        ).max()
        for group, name in zip(users, names, strict=True)
    ]
    retrieved = _combined(aggregation, truths["retrieval"].T)
    return {
        method: {
            "true_mean": truth.mean(),
            "true_least": truth.min(axis=1).mean(),
            "above_retrieved": share_above(_combined(aggregation, truth.T), retrieved).mean(),
            "above_best": share_above(_combined(aggregation, truth.T), best).mean(),
        }
        for method, truth in truths.items()
    }


def _combined(aggregation: Aggregation, values: np.ndarray) -> np.ndarray:
    """Aggregates values of M equal members, of shape (M, n), to shape (n,)."""
    shares = np.full(values.T.shape, 1 / len(values), np.float32)
    return aggregation.combine(tf.constant(values.T, tf.float32), tf.constant(shares)).numpy()
