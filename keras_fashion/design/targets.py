"""Whom designs are for: a user, a group of users who decide together, or a cluster of users."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue
from keras_fashion.design.objective import MEAN, GroupPreference
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximiser
from keras_fashion.design.user_clusters import TasteCluster


@dataclass(frozen=True)
class Client:
    """A user, a group, or a cluster that is served by its mean taste.

    Attributes:
        name: For people.
        users: (m,) dense indices of all who belong to it.
        tastes: (M, K) float32: of each user, or the one of the cluster.
        weights: (M,) float, at least 0, not all 0.
    """

    name: str
    users: np.ndarray
    tastes: np.ndarray
    weights: np.ndarray

    @classmethod
    def of_users(
        cls,
        catalogue: Catalogue,
        vectors: np.ndarray,
        users: Sequence[int],
        weights: Sequence[float] | None = None,
    ) -> "Client":
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
    def of_cluster(cls, cluster: TasteCluster) -> "Client":
        """Served by one taste however many its members are."""
        name = f"{cluster.name} ({len(cluster.users)} users, {cluster.share:.0%})"
        return cls(name, cluster.users, cluster.taste[None].astype(np.float32), np.ones(1))


def design_for_clients(
    maximiser: PreferenceMaximiser,
    clients: Sequence[Client],
    category: int,
    count: int,
    etas: Sequence[float],
    seed: int = 0,
    together: GroupPreference = MEAN,
    held: np.ndarray | None = None,
) -> Designs:
    """Designs for clients of equal M, each at several weights of realism, in one batch.

    Args:
        maximiser: Designs.
        clients: Of equal M: one user or group, or several clusters.
        category: Dense index.
        count: n, how many designs.
        etas: From "whatever pleases" to "must look real".
        seed: As in `PreferenceMaximiser.design_for`, the same for all.
        together: How a group's preferences become one.
        held: As in `PreferenceMaximiser.design_for`.

    Returns:
        Designs with N = clients times etas, all of the first client first.
    """
    rows = np.repeat(np.arange(len(clients)), len(etas))
    return maximiser.design_for(
        np.stack([client.tastes for client in clients])[rows],
        np.full(len(rows), category),
        count,
        np.tile(etas, len(clients)),
        seed,
        np.stack([client.weights for client in clients])[rows],
        together,
        held,
    )


def preference_for_items(
    maximiser: PreferenceMaximiser,
    client: Client,
    category: int,
    styles: np.ndarray,
    together: GroupPreference = MEAN,
) -> np.ndarray:
    """What a client thinks of items, on the scale of its designs.

    Args:
        maximiser: Gives the scale of the members.
        client: Whose preference.
        category: Dense index of what is designed.
        styles: (I, K) float32, Phi of the items.
        together: How a group's preferences become one.

    Returns:
        (I,) float32.
    """
    people = maximiser.people(client.tastes[None], [category], [0.0], client.weights[None])
    everybody = people.rows(tf.zeros(len(styles), tf.int32))
    return everybody.preference(tf.constant(styles), together).numpy()
