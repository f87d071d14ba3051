"""Tests of the compared methods, against brute force."""

import numpy as np
import tensorflow as tf

from keras_fashion.evaluation.compared_methods import (
    maximized_designs,
    random_designs,
    random_items,
    retrieved_items,
)

ITEMS = 15
ITEM_CATEGORIES = np.arange(ITEMS) % 3
USERS, WANTED = np.array([3, 0, 3]), np.array([2, 1, 0])


def test_retrieval_returns_the_best_of_the_category():
    scores = np.random.default_rng(0).normal(size=(3, ITEMS))
    found = retrieved_items(scores, ITEM_CATEGORIES, WANTED)
    for row, category in enumerate(WANTED):
        members = [item for item in range(ITEMS) if ITEM_CATEGORIES[item] == category]
        best = sorted(members, key=lambda item: -scores[row, item])[:3]
        assert found[row].tolist() == best


def test_random_items_are_different_ones_of_the_category():
    found = random_items(ITEM_CATEGORIES, WANTED, seed=0)
    for row, category in enumerate(WANTED):
        assert len(set(found[row])) == 3
        assert set(ITEM_CATEGORIES[found[row]]) == {category}
    np.testing.assert_array_equal(random_items(ITEM_CATEGORIES, WANTED, seed=0), found)
    assert (random_items(ITEM_CATEGORIES, WANTED, seed=1) != found).any()


def test_random_items_are_uniform():
    found = random_items(ITEM_CATEGORIES, np.zeros(2000, int), seed=0)
    members, counts = np.unique(found, return_counts=True)
    assert members.tolist() == [0, 3, 6, 9, 12]
    np.testing.assert_allclose(counts / 6000, 1 / 5, atol=0.02)


def test_random_designs_are_of_the_prior_and_the_category(gan):
    found = random_designs(gan.model, WANTED, seed=5)
    assert found.shape == (3, 3, 16, 16, 3) and found.dtype == np.uint8
    latents = np.random.default_rng(5).uniform(-1, 1, (9, 8)).astype(np.float32)
    for number, latent in enumerate(latents):
        category = tf.constant([WANTED[number // 3]], tf.int32)
        picture = gan.model.ema_generator([tf.constant(latent[None]), category]).numpy()[0]
        given = found[number // 3, number % 3]
        np.testing.assert_allclose(given, (picture + 1) * 127.5, atol=0.51)
    # Each latent is another one, so that no picture occurs twice.
    assert len(np.unique(found.reshape(9, -1), axis=0)) == 9


def test_designs_are_those_of_each_user_in_their_category(maximizer):
    found = maximized_designs(maximizer, USERS, WANTED, seed=0, eta=0.5)
    assert found.pictures.shape == (3, 3, 16, 16, 3)
    for row, (user, category) in enumerate(zip(USERS, WANTED, strict=True)):
        alone = maximizer.design([user], category, count=3, eta=0.5, seed=0)
        np.testing.assert_allclose(found.latents[row], alone.latents[0], atol=1e-2)
        np.testing.assert_allclose(found.preference[row], alone.preference[0], rtol=1e-2, atol=1e-3)


def test_eta_weighs_realism(maximizer):
    far = [
        np.abs(maximized_designs(maximizer, USERS, WANTED, 0, eta).realism - 1).mean()
        for eta in (0.0, 1000.0)
    ]
    assert far[1] < far[0]
