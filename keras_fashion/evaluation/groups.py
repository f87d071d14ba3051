"""What the members of a group get: in the recommender's opinion, and in truth where it is known."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_fashion.data.sources.atelier import Oracle, existing_utilities, measure, true_utility
from keras_fashion.design import AGGREGATIONS, Aggregation, PreferenceMaximizer
from keras_fashion.errors import InputError
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.evaluation.true_utilities import above
from keras_fashion.models.trained import TrainedRecommender


def group_study(
    recommender: TrainedRecommender,
    maximizer: PreferenceMaximizer,
    oracle: Oracle | None = None,
    groups: int = 24,
    members: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """Gives groups drawn at random one design each, and one existing item.

    Args:
        recommender: The DVBPR, with its catalogue and split, that the maximizer follows.
        maximizer: Over it and a GAN.
        oracle: The truth of the catalogue, if it is an atelier.
        groups: How many.
        members: Users of each, equal in weight.
        seed: Decides users, categories and restarts.

    Returns:
        A row for each `aggregation` (`AGGREGATIONS`) and `method`: "retrieval", the category's
        item of the highest group preference, or "generation". Means over groups of `mean` and
        `least`, the members' mean and lowest preference (`StandardizedPreference`); with an oracle
        also of `true_mean` and `true_least`, their true utilities in nats, and of
        `above_retrieved` and `above_best`: 1 if the true utilities, put together in the same way,
        are above those of the item retrieved, and of the best existing garment by the truth.

    Raises:
        InputError: If there are too few users for one group, or all categories have one item.
    """
    catalogue = recommender.catalogue
    rng = np.random.default_rng(seed)
    trained = np.unique(recommender.split.train[:, 0])
    if len(trained) < members:
        raise InputError(
            f"`recommender` was trained on {len(trained)} users; no group of {members} "
            "of them can be drawn."
        )
    users = np.stack([rng.choice(trained, members, replace=False) for _ in range(groups)])
    # A category of one item has no scale.
    large = np.flatnonzero(
        np.bincount(catalogue.item_categories, minlength=len(catalogue.categories)) > 1
    )
    if not len(large):
        raise InputError(f"no category of catalogue {catalogue.name} has two items or more.")
    categories = rng.choice(large, groups)
    judge = StandardizedPreference(recommender, users.ravel(), np.repeat(categories, members))
    liked = judge.standard(judge.scores).reshape(groups, members, -1)
    user_embeddings = (
        maximizer.recommender.user_embedding(users.ravel()).numpy().reshape(groups, members, -1)
    )
    items = catalogue.pictures(maximizer.gan.picture_size)

    rows = []
    for name, aggregation in AGGREGATIONS.items():
        best = [
            np.where(catalogue.item_categories == category, _combined(aggregation, each), -np.inf)
            for category, each in zip(categories, liked, strict=True)
        ]
        designs = maximizer.design_for(
            user_embeddings, categories, 1, np.ones(groups), seed, aggregation=aggregation
        )
        shown = {"retrieval": items[np.argmax(best, axis=1)], "generation": designs.pictures[:, 0]}
        truths = {}
        if oracle is not None:
            names = [catalogue.categories[category] for category in categories]
            truths = _truths(oracle, aggregation, users, names, shown)
        for method, pictures in shown.items():
            preference = judge.of_pictures(np.repeat(pictures, members, axis=0)[:, None])
            preference = preference.reshape(groups, members)
            row = {"aggregation": name, "method": method}
            row |= {"mean": preference.mean(), "least": preference.min(axis=1).mean()}
            rows.append(row | truths.get(method, {}))
    return pd.DataFrame(rows)


def _truths(
    oracle: Oracle,
    aggregation: Aggregation,
    users: np.ndarray,
    names: Sequence[str],
    shown: Mapping[str, np.ndarray],
) -> dict[str, dict[str, float]]:
    """Method to what is true of its (G, H, W, 3) pictures for G groups."""
    truths = {
        method: np.array(
            [
                [true_utility(oracle, measured, user, name) for user in group]
                for group, name, measured in zip(
                    users, names, map(measure, pictures, names), strict=True
                )
            ]
        )
        for method, pictures in shown.items()
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
            "above_retrieved": above(_combined(aggregation, truth.T), retrieved).mean(),
            "above_best": above(_combined(aggregation, truth.T), best).mean(),
        }
        for method, truth in truths.items()
    }


def _combined(aggregation: Aggregation, values: np.ndarray) -> np.ndarray:
    """(M, n) values of M equal members, put together: (n,)."""
    shares = np.full(values.T.shape, 1 / len(values), np.float32)
    return aggregation.combine(tf.constant(values.T, tf.float32), tf.constant(shares)).numpy()
