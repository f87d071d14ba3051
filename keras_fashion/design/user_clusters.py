"""Clusters of users with like tastes, and names for them."""

from dataclasses import dataclass

import numpy as np
from scipy.special import rel_entr
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize

from keras_fashion.data import Catalogue, Split
from keras_fashion.data.columns import Attribute
from keras_fashion.errors import InputError

STARTS = 10
"""Of k-means; the best of them is kept."""

WORDS = 2
"""Values in a name, at most."""


@dataclass(frozen=True)
class UserCluster:
    """Users with like tastes.

    Attributes:
        name: What its members buy more than others, as "Denim blue, Trousers".
        users: (M,) dense indices, ascending.
        share: Of the users who were clustered.
        user_embedding: (K,) float32, the mean of the members' vectors at unit length, each of one
            voice, times their mean length: on a member's scale, and shorter the less they agree.
    """

    name: str
    users: np.ndarray
    share: float
    user_embedding: np.ndarray


def cluster_users(
    vectors: np.ndarray, split: Split, catalogue: Catalogue, count: int, seed: int = 0
) -> list[UserCluster]:
    """Clusters the users whom a recommender was trained on, by k-means on their vectors.

    Vectors are brought to unit length: it orders items as they did, and a longer vector mostly
    says that more purchases have pulled at it. On the atelier, whose nine tribes are known, any
    scale finds these again (adjusted Rand index .98 at unit length as without). On H&M, eight
    clusters of raw vectors tell how much somebody bought (.12 of the variance of ln purchases, .02
    at unit length), and those of two trainings agree less (.40, .43). Subtracting the mean vector
    before that gained nothing. `tests/benchmarks/cluster_users.py` measures all of it.

    A cluster is named after the two values, of categories and attributes, that tell most about
    what its members buy: p ln(p / q) is largest, where p is the value's share of their purchases
    and q its share of everybody's. The second is found among purchases without the first, so that
    it says something else. Only values with p > q are names; those that are not known are none.

    Args:
        vectors: (U, K) float, of all users of the catalogue.
        split: Whose training purchases say who was trained on and what they buy.
        catalogue: Gives the items' categories and attributes.
        count: k, how many clusters.
        seed: Of k-means.

    Returns:
        The clusters, the largest first; fewer than k where fewer tastes are different.

    Raises:
        InputError: If k is below 1 or above the number of users.
    """
    users = np.unique(split.train[:, 0])
    if not 1 <= count <= len(users):
        raise InputError(f"{count} clusters of {len(users)} users; ask for 1 to {len(users)}.")
    user_embeddings, lengths = normalize(vectors[users], return_norm=True)
    found = KMeans(count, n_init=STARTS, random_state=seed).fit_predict(user_embeddings)
    columns = [Attribute(np.array(catalogue.categories), catalogue.item_categories)]
    columns += catalogue.attributes.values()
    buyers, bought = split.train.T
    clusters = []
    for number in np.unique(found):
        own = found == number
        among = np.isin(buyers, users[own])
        clusters.append(
            UserCluster(
                name=_name(columns, bought, among),
                users=users[own],
                share=float(own.mean()),
                user_embedding=user_embeddings[own].mean(axis=0) * lengths[own].mean(),
            )
        )
    return sorted(clusters, key=lambda cluster: -len(cluster.users))


def _name(columns: list[Attribute], bought: np.ndarray, among: np.ndarray) -> str:
    """Of the cluster whose purchases are `among` all those that were bought, (n,) items."""
    words = []
    while len(words) < WORDS and among.any():
        column, gains = max(
            ((each, _gains(each, bought, among)) for each in columns),
            key=lambda pair: pair[1].max(),
        )
        if gains.max() <= 0:
            break
        words.append(str(column.values[gains.argmax()]))
        others = column.codes[bought] != gains.argmax()
        bought, among = bought[others], among[others]
    return ", ".join(words) or "everybody"


def _gains(column: Attribute, bought: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(V,) float, p ln(p / q) of each value; 0 where it is not known what it is."""
    size, codes = len(column.values), column.codes[bought]
    own = np.bincount(codes[among], minlength=size) / among.sum()
    everybody = np.bincount(codes, minlength=size) / len(codes)
    return np.where(column.values == "", 0, rel_entr(own, everybody))
