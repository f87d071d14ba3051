from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from keras_fashion.design.targets import Client, design_for_clients, preference_for_items
from keras_fashion.design.user_clusters import TasteCluster


def group(recommender, users, weights=None):
    catalogue = SimpleNamespace(user_ids=np.array(["ann", "bob", "cat", "dan"]))
    return Client.of_users(catalogue, recommender.theta.numpy(), users, weights)


def test_names(recommender):
    assert group(recommender, [2]).name == "cat"
    assert group(recommender, [2, 0]).name == "2 users"
    cluster = TasteCluster("red, Tops", np.arange(30), 0.25, np.ones(5))
    client = Client.of_cluster(cluster)
    assert client.name == "red, Tops (30 users, 25%)" and client.tastes.shape == (1, 5)


def test_a_sweep_of_a_group_is_its_designs_at_each_eta(maximiser, soft_min, recommender):
    client = group(recommender, [3, 1], [1, 2])
    designs = design_for_clients(maximiser, [client], 2, 2, [0.0, 5.0], seed=4, together=soft_min)
    assert designs.pictures.shape == (2, 2, 16, 16, 3)
    for row, eta in enumerate((0.0, 5.0)):
        alone = maximiser.design([3, 1], 2, 2, eta, 4, weights=[1, 2], together=soft_min)
        np.testing.assert_allclose(designs.codes[row], alone.codes[0], atol=1e-3)
        np.testing.assert_allclose(designs.preference[row], alone.preference[0], rtol=1e-3)


def test_clusters_come_in_their_order(maximiser):
    tastes = np.random.default_rng(0).normal(size=(2, 5))
    clients = [Client.of_cluster(TasteCluster("", np.arange(2), 0.5, each)) for each in tastes]
    designs = design_for_clients(maximiser, clients, 0, 1, [0.0, 1.0])
    _, styles, _ = maximiser.terms(tf.constant(designs.codes[:, 0]), tf.zeros(4, tf.int32))
    liked = (styles.numpy() * tastes[[0, 0, 1, 1]]).sum(axis=1)
    np.testing.assert_allclose(designs.preference[:, 0], liked, rtol=1e-3, atol=1e-3)


def test_items_are_liked_on_the_scale_of_designs(maximiser, soft_min, recommender):
    client = group(recommender, [0, 3], [1, 3])
    designs = design_for_clients(maximiser, [client], 1, 3, [1.0], together=soft_min)
    _, styles, _ = maximiser.terms(tf.constant(designs.codes[0]), tf.fill([3], 1))
    liked = preference_for_items(maximiser, client, 1, styles.numpy(), soft_min)
    np.testing.assert_allclose(liked, designs.preference[0], rtol=1e-3, atol=1e-3)
