"""Tests of standardized preference, against a plain loop over users and categories."""

from copy import copy
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import decode_picture, scale
from keras_fashion.errors import InputError
from keras_fashion.evaluation import preference as module
from keras_fashion.evaluation.preference import (
    StandardizedPreference,
    preference_within_category,
)
from keras_fashion.models import CompactEncoder
from keras_fashion.models.scoring_vectors import ScoringVectors

USERS, CATEGORIES = np.array([3, 0, 3]), np.array([2, 1, 0])


@pytest.fixture(scope="module")
def preference(dvbpr):
    return StandardizedPreference(dvbpr, USERS, CATEGORIES)


def by_hand(run, user, category, style):
    """How many standard deviations above the mean of the category's items."""
    theta = run.model.theta.numpy()[user]
    liked = []
    for item in range(24):
        if run.catalogue.item_categories[item] == category:
            picture = decode_picture(run.catalogue.picture_files[item], (32, 32))
            liked.append(theta @ run.model.encoder(scale(picture[None])).numpy()[0])
    return (theta @ style - np.mean(liked)) / np.std(liked)


def test_of_items_by_a_loop(preference, dvbpr):
    items = np.array([[0, 5], [23, 1], [7, 7]])  # also of other categories
    found = preference.of_items(items)
    assert found.shape == (3, 2)
    for row in range(3):
        for column in range(2):
            picture = dvbpr.catalogue.pictures_of([items[row, column]], (32, 32))
            style = dvbpr.model.encoder(scale(picture)).numpy()[0]
            expected = by_hand(dvbpr, USERS[row], CATEGORIES[row], style)
            assert found[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_the_categorys_own_items_have_mean_0_and_deviation_1(preference, dvbpr):
    members = np.stack(
        [np.flatnonzero(dvbpr.catalogue.item_categories == category) for category in CATEGORIES]
    )
    found = preference.of_items(members)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-5)


def test_preference_for_pictures_of_items_is_that_for_the_items(preference, dvbpr, monkeypatch):
    # A size with which the last batch is shorter.
    monkeypatch.setattr(module, "BATCH_SIZE", 5)
    items = np.random.default_rng(0).integers(0, 24, (3, 4))
    pictures = dvbpr.catalogue.pictures((32, 32))[items]
    np.testing.assert_allclose(
        preference.of_pictures(pictures), preference.of_items(items), atol=1e-3
    )


def test_larger_pictures_are_resized_with_the_catalogues_filter(preference, dvbpr):
    large = np.random.default_rng(1).integers(0, 256, (3, 2, 64, 64, 3)).astype(np.uint8)
    found = preference.of_pictures(large)
    for row in range(3):
        files = [tf.io.encode_png(picture) for picture in large[row]]
        decoded = tf.stack([decode_picture(file, (32, 32)) for file in files])
        for column, style in enumerate(dvbpr.model.encoder(scale(decoded)).numpy()):
            expected = by_hand(dvbpr, USERS[row], CATEGORIES[row], style)
            # `decode_picture` rounds to whole levels.
            assert found[row, column] == pytest.approx(expected, abs=0.05)


def test_the_scale_of_user_embeddings_does_not_matter(preference, dvbpr):
    scaled = copy(dvbpr)
    scaled.vectors = dvbpr.vectors._replace(users=10 * dvbpr.vectors.users)
    items = np.array([[0, 5], [23, 1], [7, 9]])
    pictures = dvbpr.catalogue.pictures((32, 32))[items]
    other = StandardizedPreference(scaled, USERS, CATEGORIES)
    np.testing.assert_allclose(other.of_items(items), preference.of_items(items), atol=1e-3)
    np.testing.assert_allclose(other.of_pictures(pictures), preference.of_items(items), atol=1e-3)


def test_items_that_are_all_alike_have_a_scale(dvbpr):
    same = copy(dvbpr)
    same.vectors = dvbpr.vectors._replace(items=np.ones_like(dvbpr.vectors.items))
    items = np.array([[0, 5], [23, 1], [7, 9]])
    np.testing.assert_allclose(StandardizedPreference(same, USERS, CATEGORIES).of_items(items), 0)


@pytest.fixture(scope="module")
def small_recommender():
    rng = np.random.default_rng(0)
    vectors = ScoringVectors(
        rng.normal(size=(4, 5)).astype(np.float32),
        rng.normal(size=(12, 5)).astype(np.float32),
        np.zeros(12, np.float32),
    )
    catalogue = SimpleNamespace(
        item_categories=np.array([0, 1] * 5 + [1, 2]), categories=["Bags", "Shoes", "Tops"]
    )
    model = SimpleNamespace(encoder=CompactEncoder(5, (16, 16), width=4))
    return SimpleNamespace(model=model, vectors=vectors, catalogue=catalogue)


def test_one_user_and_one_picture_at_a_time(small_recommender):
    pictures = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)
    found = preference_within_category(small_recommender, np.array([3, 1]), 1, pictures)
    assert found.standardized.shape == found.percentile_rank.shape == (2, 3)
    for row, user in enumerate((3, 1)):
        user_embedding = small_recommender.vectors.users[user]
        items = [
            small_recommender.vectors.items[item] @ user_embedding
            for item in range(12)
            if small_recommender.catalogue.item_categories[item] == 1
        ]
        for column, picture in enumerate(pictures):
            liked = float(
                small_recommender.model.encoder(scale(picture[None])).numpy()[0] @ user_embedding
            )
            lower = sum(each < liked for each in items)
            assert found.percentile_rank[row, column] == lower / len(items)
            expected = (liked - np.mean(items)) / np.std(items)
            assert found.standardized[row, column] == pytest.approx(expected, abs=1e-4)


def test_a_category_of_one_item_is_no_scale(small_recommender):
    with pytest.raises(InputError, match=r"Tops has 1 item\(s\)"):
        preference_within_category(
            small_recommender, np.array([0]), 2, np.zeros((1, 16, 16, 3), np.uint8)
        )
