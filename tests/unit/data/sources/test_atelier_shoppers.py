from itertools import permutations

import numpy as np
from scipy.stats import chisquare
from sklearn.metrics import roc_auc_score

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, garment_lab, sample_garments
from keras_fashion.data.sources.atelier.oracle import Oracle
from keras_fashion.data.sources.atelier.shoppers import (
    COLOR_TOLERANCE,
    LENGTH_TOLERANCE,
    TASTE_GROUPS,
    choose,
    garment_features,
    preference_vectors,
    sample_popularity,
    sample_shoppers,
    visible_preferences,
)

GARMENTS = sample_garments(np.random.default_rng(0), 900)
SHOPPERS = sample_shoppers(np.random.default_rng(1), 300)


def test_preference_is_the_stated_utility_up_to_a_constant_of_the_shopper():
    garments, shoppers = GARMENTS[:40], SHOPPERS[:5]
    expected = np.zeros((5, 40))
    for u, shopper in enumerate(shoppers):
        for i, garment in enumerate(garments):
            category = garment["category"]
            hue = np.radians(garment["hue"])
            lab = [
                garment["lightness"],
                *(garment["chroma"] * np.array([np.cos(hue), np.sin(hue)])),
            ]
            distance = sum((x - y) ** 2 for x, y in zip(lab, shopper["color"], strict=True))
            gap = garment["length"] - shopper["length"][category]
            visible = -distance / (2 * COLOR_TOLERANCE**2) - gap**2 / (2 * LENGTH_TOLERANCE**2)
            np.testing.assert_allclose(
                visible_preferences(shopper, garment_lab(garment), garment["length"], category),
                visible,
            )
            likes = shopper["category"][category] + shopper["pattern"][garment["pattern"]]
            expected[u, i] = visible + likes
    utility = preference_vectors(shoppers) @ garment_features(garments).T
    offset = utility - expected
    np.testing.assert_allclose(offset - offset[:, :1], 0, atol=1e-9)


def test_preference_groups_are_most_of_the_variation_between_shoppers():
    assert set(SHOPPERS["tribe"]) == set(range(len(TASTE_GROUPS)))
    vectors = preference_vectors(SHOPPERS)
    centers = np.array(
        [vectors[SHOPPERS["tribe"] == t].mean(axis=0) for t in range(len(TASTE_GROUPS))]
    )
    within = ((vectors - centers[SHOPPERS["tribe"]]) ** 2).mean(axis=0).sum()
    total = ((vectors - vectors.mean(axis=0)) ** 2).mean(axis=0).sum()
    assert 0.05 < within / total < 0.5
    np.testing.assert_allclose(np.exp(SHOPPERS["category"]).sum(axis=1), 1)
    assert SHOPPERS["length"].min() >= 0 and SHOPPERS["length"].max() <= 1


def test_the_first_choice_follows_the_softmax():
    utility = np.array([1.0, 0.0, -1.0, 2.0])
    pairs = choose(np.random.default_rng(2), np.tile(utility, (20000, 1)), np.ones(20000, int))
    np.testing.assert_array_equal(pairs[:, 0], np.arange(20000))
    share = np.exp(utility) / np.exp(utility).sum()
    assert chisquare(np.bincount(pairs[:, 1]), 20000 * share).pvalue > 1e-3


def test_two_choices_follow_successive_draws_without_replacement():
    utility = np.array([0.5, 0.0, -0.7])
    weight = np.exp(utility)
    pairs = choose(np.random.default_rng(3), np.tile(utility, (20000, 1)), np.full(20000, 2))
    first, second = pairs[:, 1].reshape(-1, 2).T
    orders = list(permutations(range(3), 2))
    observed = [np.sum((first == i) & (second == j)) for i, j in orders]
    total = weight.sum()
    expected = [weight[i] / total * weight[j] / (total - weight[i]) for i, j in orders]
    assert chisquare(observed, 20000 * np.array(expected)).pvalue > 1e-3


def test_each_shopper_gets_as_many_distinct_items_as_wanted():
    counts = np.array([0, 3, 10, 25])
    pairs = choose(np.random.default_rng(4), np.zeros((4, 10)), counts)
    bought = np.bincount(pairs[:, 0], minlength=4)
    np.testing.assert_array_equal(bought, np.minimum(counts, 10))
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_popularity_is_fame_and_time_on_sale():
    popularity, on_sale = sample_popularity(np.random.default_rng(5), 5000)
    late = on_sale < 1
    assert 0.2 < late.mean() < 0.5 and on_sale.min() > 0
    fame = popularity - np.log(on_sale)
    assert abs(fame.mean()) < 0.02 and 0.05 < fame.std() < 0.3
    assert popularity[late].mean() < popularity[~late].mean() - 1


def test_the_oracle_ranks_well_and_mostly_by_preference():
    rng = np.random.default_rng(6)
    popularity, _ = sample_popularity(rng, len(GARMENTS))
    oracle = Oracle(GARMENTS, SHOPPERS, popularity)
    users = np.arange(len(SHOPPERS))
    pairs = choose(rng, oracle.scores(users), np.full(len(users), 24))
    bought = np.zeros((len(users), len(GARMENTS)), bool)
    bought[pairs[:, 0], pairs[:, 1]] = True

    def auc(scores):
        return np.mean([roc_auc_score(bought[u], scores[u]) for u in users[::6]])

    best = auc(oracle.scores(users))
    assert 0.85 < best < 0.96
    assert (
        0.97 < auc(oracle.preferences(users)) / best < 1
    )  # a purely visual model can come so near
    assert auc(oracle.scores(users[::-1])) < 0.75  # another shopper's preference is a poor guide
    assert auc(np.tile(popularity, (len(users), 1))) < 0.7
    shares = np.eye(len(CATEGORIES))[GARMENTS["category"]]
    assert auc(SHOPPERS["category"] @ shares.T) < 0.8  # the category mix alone is not enough
