from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from keras_fashion.design.targets import DesignTarget, design_for_targets, preference_for_items
from keras_fashion.design.user_clusters import UserCluster


def group(recommender, users, weights=None):
    catalogue = SimpleNamespace(user_ids=np.array(["ann", "bob", "cat", "dan"]))
    return DesignTarget.of_users(catalogue, recommender.theta.numpy(), users, weights)


def test_names(recommender):
    assert group(recommender, [2]).name == "cat"
    assert group(recommender, [2, 0]).name == "2 users"
    cluster = UserCluster("red, Tops", np.arange(30), 0.25, np.ones(5))
    target = DesignTarget.of_cluster(cluster)
    assert target.name == "red, Tops (30 users, 25%)" and target.user_embeddings.shape == (1, 5)


def test_a_sweep_of_a_group_is_its_designs_at_each_eta(maximizer, soft_min, recommender):
    target = group(recommender, [3, 1], [1, 2])
    designs = design_for_targets(
        maximizer, [target], 2, 2, [0.0, 5.0], seed=4, aggregation=soft_min
    )
    assert designs.pictures.shape == (2, 2, 16, 16, 3)
    for row, eta in enumerate((0.0, 5.0)):
        alone = maximizer.design([3, 1], 2, 2, eta, 4, weights=[1, 2], aggregation=soft_min)
        np.testing.assert_allclose(designs.latents[row], alone.latents[0], atol=1e-3)
        np.testing.assert_allclose(designs.preference[row], alone.preference[0], rtol=1e-3)


def test_clusters_come_in_their_order(maximizer):
    user_embeddings = np.random.default_rng(0).normal(size=(2, 5))
    targets = [
        DesignTarget.of_cluster(UserCluster("", np.arange(2), 0.5, each))
        for each in user_embeddings
    ]
    designs = design_for_targets(maximizer, targets, 0, 1, [0.0, 1.0])
    terms = maximizer.terms(tf.constant(designs.latents[:, 0]), tf.zeros(4, tf.int32))
    liked = (terms.embeddings.numpy() * user_embeddings[[0, 0, 1, 1]]).sum(axis=1)
    np.testing.assert_allclose(designs.preference[:, 0], liked, rtol=1e-3, atol=1e-3)


def test_the_preference_for_items_is_on_the_scale_of_designs(maximizer, soft_min, recommender):
    target = group(recommender, [0, 3], [1, 3])
    designs = design_for_targets(maximizer, [target], 1, 3, [1.0], aggregation=soft_min)
    terms = maximizer.terms(tf.constant(designs.latents[0]), tf.fill([3], 1))
    liked = preference_for_items(maximizer, target, 1, terms.embeddings.numpy(), soft_min)
    np.testing.assert_allclose(liked, designs.preference[0], rtol=1e-3, atol=1e-3)
