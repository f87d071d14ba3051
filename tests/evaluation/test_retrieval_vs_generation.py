from itertools import combinations

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import entropy
from skimage.metrics import structural_similarity

from keras_fashion.catalogue import decode_picture
from keras_fashion.design.preference_maximiser import PreferenceMaximiser
from keras_fashion.evaluation.retrieval_vs_generation import (
    Returned,
    category_inception_score,
    generation,
    measures,
    random_generated,
    random_real,
    retrieval,
)
from keras_fashion.models import DVBPR, GAN_PRESETS, CompactEncoder, ScoringVectors

RNG = np.random.default_rng(0)
ITEMS = 15
CATEGORIES = np.arange(ITEMS) % 3
PICTURES = RNG.integers(0, 256, (ITEMS, 8, 8, 3), np.uint8)
VECTORS = ScoringVectors(
    RNG.normal(size=(4, 2)).astype(np.float32),
    RNG.normal(size=(ITEMS, 2)).astype(np.float32),
    np.zeros(ITEMS, np.float32),
)
USERS, WANTED = np.array([3, 0, 3]), np.array([2, 1, 0])
EXISTING = (VECTORS, PICTURES, CATEGORIES, USERS, WANTED)


class BrightnessClassifier:
    """Certain of class 1 for bright pictures, of class 0 for dark ones."""

    picture_size = (8, 8)

    def predict(self, pictures, batch_size, verbose):
        mean = np.asarray(pictures).mean(axis=(1, 2, 3))
        assert np.abs(mean).max() <= 1
        return np.stack([-50 * np.sign(mean), 50 * np.sign(mean)], axis=1)


def item_of(picture):
    (item,) = np.flatnonzero((picture == PICTURES).all((1, 2, 3)))
    return item


def preference(user, item):
    return float(VECTORS.users[user] @ VECTORS.items[item])


def test_retrieval_returns_the_best_of_the_category():
    returned = retrieval(*EXISTING)
    assert returned.pictures.dtype == np.uint8
    for row, (user, category) in enumerate(zip(USERS, WANTED, strict=True)):
        members = [item for item in range(ITEMS) if CATEGORIES[item] == category]
        best = sorted(members, key=lambda item: -preference(user, item))[:3]
        assert [item_of(picture) for picture in returned.pictures[row]] == best
        expected = [preference(user, item) for item in best]
        assert returned.preference[row] == pytest.approx(expected, rel=1e-5)


def test_random_real_draws_different_items_of_the_category():
    returned = random_real(*EXISTING, seed=0)
    for row, (user, category) in enumerate(zip(USERS, WANTED, strict=True)):
        items = [item_of(picture) for picture in returned.pictures[row]]
        assert len(set(items)) == 3
        assert {CATEGORIES[item] for item in items} == {category}
        expected = [preference(user, item) for item in items]
        assert returned.preference[row] == pytest.approx(expected, rel=1e-5)
    again, other = random_real(*EXISTING, seed=0), random_real(*EXISTING, seed=1)
    np.testing.assert_array_equal(again.pictures, returned.pictures)
    assert (other.pictures != returned.pictures).any()


def test_random_real_is_uniform():
    many = np.zeros(2000, int)
    returned = random_real(VECTORS, PICTURES, CATEGORIES, many, many, seed=0)
    members = np.flatnonzero(CATEGORIES == 0)
    expected = np.mean([preference(0, item) for item in members])
    assert returned.preference.mean() == pytest.approx(expected, abs=0.05)


def test_quality_of_balanced_sure_predictions_is_the_number_of_classes():
    dark_and_bright = np.stack([np.full((8, 8, 3), level, np.uint8) for level in (10, 240)])
    assert category_inception_score(dark_and_bright, BrightnessClassifier()) == pytest.approx(2)
    dark = dark_and_bright[[0, 0]]
    assert category_inception_score(dark, BrightnessClassifier()) == pytest.approx(1)


def test_quality_is_the_mutual_information_of_picture_and_class():
    logits = np.random.default_rng(1).normal(size=(6, 4)) * 2

    class Fixed:
        picture_size = (8, 8)

        def predict(self, pictures, batch_size, verbose):
            return logits

    classes = softmax(logits, axis=1)
    expected = np.exp(entropy(classes.mean(axis=0)) - entropy(classes, axis=1).mean())
    assert category_inception_score(PICTURES[:6], Fixed()) == pytest.approx(expected, rel=1e-5)


def test_the_classifier_sees_pictures_at_its_own_size_as_it_was_trained():
    """Shrunk with a filter, as `decode_picture` shrinks: not every fourth pixel alone."""
    seen = []

    class Watching(BrightnessClassifier):
        picture_size = (16, 16)

        def predict(self, pictures, batch_size, verbose):
            seen.append(np.asarray(pictures))
            return super().predict(pictures, batch_size, verbose)

    large = np.random.default_rng(3).integers(0, 256, (2, 64, 64, 3), np.uint8)
    category_inception_score(large, Watching())
    decoded = [decode_picture(tf.io.encode_png(each), (16, 16)).numpy() for each in large]
    # Half a level of 255 from the rounding of `decode_picture`, in units of [-1, 1].
    np.testing.assert_allclose(seen[0], np.stack(decoded) / 127.5 - 1, atol=0.51 / 127.5)


def test_measures_average_over_pairs():
    smooth = np.repeat(PICTURES[:, :1], 8, axis=1)
    pictures = np.stack([PICTURES[:3], smooth[[0, 0, 3]]])
    returned = Returned(pictures, np.array([[1, 2, 3], [4, 5, 9]], np.float32))
    measured = measures(returned, BrightnessClassifier())
    ssims = [
        structural_similarity(a, b, channel_axis=-1, data_range=255)
        for each in pictures
        for a, b in combinations(each, 2)
    ]
    assert measured["preference"] == 4
    assert measured["opposite_ssim"] == pytest.approx(-np.mean(ssims))
    assert measured["quality"] == category_inception_score(
        pictures.reshape(6, 8, 8, 3), BrightnessClassifier()
    )


@pytest.fixture(scope="module")
def maximiser():
    tf.random.set_seed(0)
    recommender = DVBPR(4, ITEMS, CompactEncoder(3, (16, 16), width=4))
    recommender.theta.assign(np.random.default_rng(2).normal(size=(4, 3)))
    gan = GAN_PRESETS["default"].make(3, (16, 16), width=4)
    return PreferenceMaximiser(recommender, gan, restarts=4, steps=5)


def preferences_from_pixels(maximiser, pictures):
    """theta . Phi of returned pictures, which are rounded to whole levels."""
    flat = pictures.reshape(-1, *pictures.shape[2:]) / 127.5 - 1
    phi = maximiser.recommender.encoder(flat).numpy().reshape(len(USERS), 3, -1)
    return np.einsum("nk,nik->ni", maximiser.recommender.theta.numpy()[USERS], phi)


def test_generated_pictures_have_the_preference_that_is_given(maximiser):
    drawn = random_generated(maximiser, USERS, WANTED, seed=0)
    designs = generation(maximiser, USERS, WANTED, seed=0)
    for returned in (drawn, designs):
        assert returned.pictures.shape == (3, 3, 16, 16, 3)
        assert returned.pictures.dtype == np.uint8
        expected = preferences_from_pixels(maximiser, returned.pictures)
        np.testing.assert_allclose(returned.preference, expected, atol=0.01)
    # Another code each: nobody gets the same picture twice.
    assert len(np.unique(drawn.pictures.reshape(9, -1), axis=0)) == 9


def test_eta_weighs_realism(maximiser):
    realism = [
        np.abs(generation(maximiser, USERS, WANTED, 0, eta).realism - 1).mean()
        for eta in (0.0, 100.0)
    ]
    assert realism[1] < realism[0]
