from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from keras_fashion.data.columns import Attribute
from keras_fashion.design.user_clusters import cluster_users
from keras_fashion.errors import InputError


def shop(purchases, categories, **attributes):
    """Returns a split and a catalogue whose items have a category and attributes by name."""
    values, codes = np.unique(categories, return_inverse=True)
    named = {
        name: Attribute(*np.unique(each, return_inverse=True)) for name, each in attributes.items()
    }
    catalogue = SimpleNamespace(categories=values.tolist(), item_categories=codes, attributes=named)
    return SimpleNamespace(train=np.array(purchases)), catalogue


def test_clusters_depend_on_the_direction_of_vectors_only():
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 120)
    vectors = np.eye(5)[kind] + rng.normal(0, 0.1, (120, 5))
    vectors *= rng.uniform(0.1, 20, (120, 1))
    clusters = cluster_users(vectors, *shop([(user, 0) for user in range(120)], ["Tops"]), 3)
    assert [len(cluster.users) for cluster in clusters] == sorted(np.bincount(kind))[::-1]
    found = np.zeros(120, int)
    for number, cluster in enumerate(clusters):
        found[cluster.users] = number
        lengths = np.linalg.norm(vectors[cluster.users], axis=1)
        mean = (vectors[cluster.users] / lengths[:, None]).mean(axis=0) * lengths.mean()
        np.testing.assert_allclose(cluster.user_embedding, mean)
        assert cluster.share == len(cluster.users) / 120
    assert adjusted_rand_score(kind, found) == 1


def test_only_trained_users_are_clustered():
    vectors = np.array([[1, 0], [9, 9], [1, 0.1], [0, 1], [5, 5]])
    clusters = cluster_users(vectors, *shop([(0, 0), (2, 0), (3, 1)], ["Tops", "Bags"]), 2)
    assert [cluster.users.tolist() for cluster in clusters] == [[0, 2], [3]]
    assert [cluster.share for cluster in clusters] == [2 / 3, 1 / 3]


def test_names_by_hand():
    # Users 0 and 1 buy blue trousers and blue tops; users 2 and 3 red bags and white tops.
    items = ["Trousers", "Tops", "Bags", "Tops"]
    colors = ["blue", "blue", "red", "white"]
    days = ["2024-01-01", "2024-01-01", "2024-02-01", "2024-02-01"]
    purchases = [(0, 0), (0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 2), (3, 3)]
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    clusters = cluster_users(vectors, *shop(purchases, items, color=colors, on_sale_from=days), 2)
    names = {cluster.users[0]: cluster.name for cluster in clusters}
    # Blue: p = 1, q = 1/2, ln 2 = .69, above Trousers: .6 ln 2 = .42. Nothing else is left.
    assert names[0] == "blue"
    # Bags and red: .6 ln 2 = .42 each, the category first; then of blue and white tops, white.
    assert names[2] == "Bags, white"


def test_unknown_values_are_no_names():
    split, catalogue = shop([(0, 0), (1, 1)], ["Tops", "Tops"], color=["", "red"])
    vectors = np.array([[1, 0], [0, 1]])
    clusters = cluster_users(vectors, split, catalogue, 2)
    assert {cluster.users[0]: cluster.name for cluster in clusters} == {0: "everybody", 1: "red"}
    (one,) = cluster_users(vectors, split, catalogue, 1)
    assert one.name == "everybody" and one.users.tolist() == [0, 1]


@pytest.mark.parametrize("count", [-1, 0, 4])
def test_impossible_numbers_of_clusters_are_refused(count):
    split, catalogue = shop([(0, 0), (1, 0), (3, 0)], ["Tops"])
    with pytest.raises(InputError, match=f"{count} clusters of 3 users; ask for 1 to 3"):
        cluster_users(np.eye(4), split, catalogue, count)
