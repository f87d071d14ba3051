"""Whom designs are for: a user, a group of users who decide together, or a cluster of users."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue
from keras_fashion.design.objective import MEAN, Aggregation
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.design.user_clusters import UserCluster


@dataclass(frozen=True)
class DesignTarget:
    """A user, a group, or a cluster that is served by its mean taste.

    Attributes:
        name: For people.
        users: (m,) dense indices of all who belong to it.
        user_embeddings: (M, K) float32: of each user, or the one of the cluster.
        weights: (M,) float, at least 0, not all 0.
    """

    name: str
    users: np.ndarray
    user_embeddings: np.ndarray
    weights: np.ndarray

    @classmethod
    def of_users(
        cls,
        catalogue: Catalogue,
        vectors: np.ndarray,
        users: Sequence[int],
        weights: Sequence[float] | None = None,
    ) -> "DesignTarget":
        """A user or a group.

        Args:
            catalogue: Knows their names.
            vectors: (U, K) float32, of all users of the catalogue.
            users: Dense indices.
            weights: Of the users; equal by default.
        """
        ids = catalogue.user_ids[users]
        name = str(ids[0]) if len(users) == 1 else f"{len(users)} users"
        shares = np.ones(len(users)) if weights is None else np.asarray(weights)
        return cls(name, np.asarray(users), vectors[users], shares)

    @classmethod
    def of_cluster(cls, cluster: UserCluster) -> "DesignTarget":
        """Served by one taste however many its members are."""
        name = f"{cluster.name} ({len(cluster.users)} users, {cluster.share:.0%})"
        return cls(name, cluster.users, cluster.user_embedding[None].astype(np.float32), np.ones(1))


def design_for_targets(
    maximizer: PreferenceMaximizer,
    targets: Sequence[DesignTarget],
    category: int,
    count: int,
    etas: Sequence[float],
    seed: int = 0,
    aggregation: Aggregation = MEAN,
    fixed_directions: np.ndarray | None = None,
) -> Designs:
    """Designs for clients of equal M, each at several weights of realism, in one batch.

    Args:
        maximizer: Designs.
        targets: Of equal M: one user or group, or several clusters.
        category: Dense index.
        count: n, how many designs.
        etas: From "whatever pleases" to "must look real".
        seed: As in `PreferenceMaximizer.design_for`, the same for all.
        aggregation: How a group's preferences become one.
        fixed_directions: As in `PreferenceMaximizer.design_for`.

    Returns:
        Designs with N = clients times etas, all of the first client first.
    """
    rows = np.repeat(np.arange(len(targets)), len(etas))
    return maximizer.design_for(
        np.stack([target.user_embeddings for target in targets])[rows],
        np.full(len(rows), category),
        count,
        np.tile(etas, len(targets)),
        seed,
        np.stack([target.weights for target in targets])[rows],
        aggregation,
        fixed_directions,
    )


def preference_for_items(
    maximizer: PreferenceMaximizer,
    target: DesignTarget,
    category: int,
    embeddings: np.ndarray,
    aggregation: Aggregation = MEAN,
) -> np.ndarray:
    """What a client thinks of items, on the scale of its designs.

    Args:
        maximizer: Gives the scale of the members.
        target: Whose preference.
        category: Dense index of what is designed.
        embeddings: (I, K) float32, Phi of the items.
        aggregation: How a group's preferences become one.

    Returns:
        (I,) float32.
    """
    batch = maximizer.batch(target.user_embeddings[None], [category], [0.0], target.weights[None])
    everybody = batch.rows(tf.zeros(len(embeddings), tf.int32))
    return everybody.preference(tf.constant(embeddings), aggregation).numpy()
