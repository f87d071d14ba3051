"""Clusters of users with similar preferences, and names for them."""

from dataclasses import dataclass

import numpy as np
from scipy.special import rel_entr
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize

from keras_fashion.data import Catalogue, Split
from keras_fashion.data.columns import Attribute, describing_attributes
from keras_fashion.errors import InputError

NUM_STARTS = 10
"""Number of starts of k-means, of which the best result is kept."""

MAX_WORDS = 2
"""Largest number of values in a cluster's name."""


@dataclass(frozen=True)
class UserCluster:
    """Users with similar preferences.

    Attributes:
        name: Values that the members buy more often than others do, such as "Denim blue,
            Trousers".
        users: (M,) dense indices, ascending.
        share: Share of the clustered users that belong to it.
        user_embedding: (K,) float, the mean of the members' vectors at unit length, so that each
            member counts equally, times their mean length. It is on the scale of a member's vector
            and shorter the more the members differ.

    Example:
        >>> cluster = UserCluster(
        ...     name="Denim blue, Trousers",
        ...     users=np.array([0, 3]),
        ...     share=0.4,
        ...     user_embedding=np.array([1.0, 0.5]),
        ... )
        >>> cluster.name, len(cluster.users)
        ('Denim blue, Trousers', 2)
    """

    name: str
    users: np.ndarray
    share: float
    user_embedding: np.ndarray


def cluster_users(
    vectors: np.ndarray, split: Split, catalogue: Catalogue, num_clusters: int, seed: int = 0
) -> list[UserCluster]:
    """Clusters the users that a recommender was trained on, by k-means on their vectors.

    Vectors are scaled to unit length. This leaves each user's order of the items as it is, and a
    longer vector mostly says that more purchases have contributed to it. On the atelier, whose
    nine tribes are known, the clusters are the tribes with any scaling (adjusted Rand index .98
    with unit length and without). On H&M, eight clusters of unscaled vectors reflect how much
    users buy (.12 of the variance of ln purchases, .02 with unit length), and the clusters of two
    trainings agree less (adjusted Rand index .40 instead of .43). Subtracting the mean vector
    first gained nothing. `tests/benchmarks/user_clusters.py` measures all of this.

    A cluster is named after two values of categories and attributes. The first is the one with the
    largest p ln(p / q), where p is the value's share of the members' purchases and q its share of
    all purchases. The second is found in the same way among the purchases without the first, so
    that it adds information. Only values with p > q become names, and unknown values do not.

    Args:
        vectors: (U, K) float, vectors of all users of the catalogue.
        split: Split whose training interactions say who was trained on and what they buy.
        catalogue: Catalogue with the items' categories and attributes.
        num_clusters: k, number of clusters.
        seed: Seed of k-means.

    Returns:
        The clusters, the largest first; fewer than k if there are fewer different vectors.

    Raises:
        InputError: If `num_clusters` is below 1 or above the number of trained users.

    Example:
        >>> from types import SimpleNamespace
        >>> train = np.array([[0, 0], [1, 0], [2, 1]], np.int32)  # (user, item)
        >>> none = np.zeros((0, 2), np.int32)
        >>> catalogue = SimpleNamespace(
        ...     categories=["Bags", "Tops"], item_categories=np.array([1, 0]), attributes={}
        ... )
        >>> vectors = np.array([[1.0, 0.1], [2.0, 0.0], [0.0, 1.0]])
        >>> clusters = cluster_users(vectors, Split(3, 2, train, none, none), catalogue, 2)
        >>> [(cluster.name, cluster.users.tolist()) for cluster in clusters]
        [('Tops', [0, 1]), ('Bags', [2])]
    """
    users = np.unique(split.train[:, 0])
    if not 1 <= num_clusters <= len(users):
        raise InputError(
            f"{num_clusters} clusters of {len(users)} users; ask for 1 to {len(users)}."
        )
    unit_vectors, lengths = normalize(vectors[users], return_norm=True)
    labels = KMeans(num_clusters, n_init=NUM_STARTS, random_state=seed).fit_predict(unit_vectors)
    columns = [Attribute(np.array(catalogue.categories), catalogue.item_categories)]
    columns += describing_attributes(catalogue.attributes).values()
    buyers, bought = split.train.T
    clusters = []
    for label in np.unique(labels):
        members = labels == label
        by_members = np.isin(buyers, users[members])
        clusters.append(
            UserCluster(
                name=_name(columns, bought, by_members),
                users=users[members],
                share=float(members.mean()),
                user_embedding=unit_vectors[members].mean(axis=0) * lengths[members].mean(),
            )
        )
    return sorted(clusters, key=lambda cluster: -len(cluster.users))


def _name(columns: list[Attribute], bought: np.ndarray, by_members: np.ndarray) -> str:
    """Returns the name of a cluster.

    Args:
        columns: Categories and attributes of the items.
        bought: (n,) int, the item of each purchase of any user.
        by_members: (n,) bool, whether a member of the cluster made the purchase.
    """
    words: list[str] = []
    while len(words) < MAX_WORDS and by_members.any():
        column, gains = max(
            ((each, _gains(each, bought, by_members)) for each in columns),
            key=lambda pair: pair[1].max(),
        )
        if gains.max() <= 0:
            break
        words.append(str(column.values[gains.argmax()]))
        others = column.codes[bought] != gains.argmax()
        bought, by_members = bought[others], by_members[others]
    return ", ".join(words) or "everybody"


def _gains(column: Attribute, bought: np.ndarray, by_members: np.ndarray) -> np.ndarray:
    """Returns p ln(p / q) of each value of a column, (V,) float; 0 for unknown values."""
    size, codes = len(column.values), column.codes[bought]
    of_members = np.bincount(codes[by_members], minlength=size) / by_members.sum()
    of_all = np.bincount(codes, minlength=size) / len(codes)
    return np.where(column.values == "", 0, rel_entr(of_members, of_all))
