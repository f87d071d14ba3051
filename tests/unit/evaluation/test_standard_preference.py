"""Tests of the scale that people share, against a plain loop over a user and a category."""

from copy import copy

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import decode_picture, scale
from keras_fashion.evaluation import preference as standard_preference
from keras_fashion.evaluation.preference import StandardizedPreference

USERS, CATEGORIES = np.array([3, 0, 3]), np.array([2, 1, 0])


@pytest.fixture(scope="module")
def judge(dvbpr):
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


def test_of_items_by_a_loop(judge, dvbpr):
    items = np.array([[0, 5], [23, 1], [7, 7]])  # also of other categories
    found = judge.of_items(items)
    assert found.shape == (3, 2)
    for row in range(3):
        for column in range(2):
            picture = dvbpr.catalogue.pictures_of([items[row, column]], (32, 32))
            style = dvbpr.model.encoder(scale(picture)).numpy()[0]
            expected = by_hand(dvbpr, USERS[row], CATEGORIES[row], style)
            assert found[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_the_categorys_own_items_have_mean_0_and_deviation_1(judge, dvbpr):
    members = np.stack(
        [np.flatnonzero(dvbpr.catalogue.item_categories == category) for category in CATEGORIES]
    )
    found = judge.of_items(members)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-5)


def test_pictures_of_items_are_liked_as_the_items(judge, dvbpr, monkeypatch):
    # So few that the last batch is shorter.
    monkeypatch.setattr(standard_preference, "PICTURES_AT_A_TIME", 5)
    items = np.random.default_rng(0).integers(0, 24, (3, 4))
    pictures = dvbpr.catalogue.pictures((32, 32))[items]
    np.testing.assert_allclose(judge.of_pictures(pictures), judge.of_items(items), atol=1e-3)


def test_larger_pictures_are_seen_through_the_catalogues_filter(judge, dvbpr):
    large = np.random.default_rng(1).integers(0, 256, (3, 2, 64, 64, 3)).astype(np.uint8)
    found = judge.of_pictures(large)
    for row in range(3):
        files = [tf.io.encode_png(picture) for picture in large[row]]
        decoded = tf.stack([decode_picture(file, (32, 32)) for file in files])
        for column, style in enumerate(dvbpr.model.encoder(scale(decoded)).numpy()):
            expected = by_hand(dvbpr, USERS[row], CATEGORIES[row], style)
            # `decode_picture` rounds to whole levels.
            assert found[row, column] == pytest.approx(expected, abs=0.05)


def test_a_louder_taste_is_no_stronger_one(judge, dvbpr):
    louder = copy(dvbpr)
    louder.vectors = dvbpr.vectors._replace(users=10 * dvbpr.vectors.users)
    items = np.array([[0, 5], [23, 1], [7, 9]])
    pictures = dvbpr.catalogue.pictures((32, 32))[items]
    other = StandardizedPreference(louder, USERS, CATEGORIES)
    np.testing.assert_allclose(other.of_items(items), judge.of_items(items), atol=1e-3)
    np.testing.assert_allclose(other.of_pictures(pictures), judge.of_items(items), atol=1e-3)


def test_garments_that_are_all_alike_have_a_scale(dvbpr):
    same = copy(dvbpr)
    same.vectors = dvbpr.vectors._replace(items=np.ones_like(dvbpr.vectors.items))
    items = np.array([[0, 5], [23, 1], [7, 9]])
    np.testing.assert_allclose(StandardizedPreference(same, USERS, CATEGORIES).of_items(items), 0)
