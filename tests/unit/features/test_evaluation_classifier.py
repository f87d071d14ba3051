import random
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import labeled_pictures
from keras_fashion.errors import InputError
from keras_fashion.features import evaluation_classifier as module
from keras_fashion.features.evaluation_classifier import (
    stratified_split,
    train_evaluation_classifier,
)
from keras_fashion.models import CategoryClassifier


def colored(categories, seed):
    """Noise with a color cast: red for Reds, and so on."""
    rng = np.random.default_rng(seed)
    lights = {"Reds": (90, 0, 0), "Greens": (0, 90, 0)}
    pictures = [rng.integers(0, 160, (16, 12, 3)) + lights[each] for each in categories]
    return np.array(pictures, np.uint8), np.array(categories)


@pytest.fixture(scope="module")
def trained():
    """An evaluation classifier, and the pictures that it has learned from.

    Three of the nine that are held out look like the other category: the rule is wrong for them.
    """
    real, categories = colored(["Reds", "Greens", "Greens"] * 30, 0)
    labels = np.unique(categories, return_inverse=True)[1]
    held_out = stratified_split(labels, 0)[1]
    other = {"Reds": "Greens", "Greens": "Reds"}
    odd = held_out[:3]
    real[odd] = colored([other[categories[at]] for at in odd], 2)[0]
    learned = []

    def watched(pictures, *args, **kwargs):
        learned.extend(pictures)
        return labeled_pictures(pictures, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        small = partial(CategoryClassifier, picture_size=(16, 16))
        patch.setattr(module, "CategoryClassifier", small)
        patch.setattr(module, "labeled_pictures", watched)
        found = train_evaluation_classifier(real, categories)
        return found, real[held_out], np.array(learned)


def test_it_tells_pictures_that_it_never_saw(trained):
    classifier, *_ = trained
    unseen, categories = colored(["Greens", "Reds", "Reds", "Greens"] * 5, 1)
    probabilities = classifier.probabilities(unseen)
    assert (classifier.categories[probabilities.argmax(axis=1)] == categories).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert classifier.features(unseen).shape == (20, 128)


def test_its_accuracy_is_that_on_pictures_held_out_of_the_training(trained):
    classifier, held_out, learned = trained
    assert classifier.num_held_out == len(held_out) == 9 and classifier.held_out_accuracy == 6 / 9
    assert learned.shape == (81, 16, 16, 3)
    for picture in fitted(held_out):
        assert np.abs(learned.astype(int) - picture).mean(axis=(1, 2, 3)).min() > 10


def fitted(pictures):
    return tf.image.resize(pictures, (16, 16), antialias=True).numpy()


def test_a_tenth_of_each_category_is_held_out():
    labels = np.repeat([0, 1, 2, 3], [400, 50, 4, 1])
    rest, held_out = stratified_split(labels, 0)
    assert sorted([*rest, *held_out]) == list(range(455))
    counts = np.bincount(labels[held_out], minlength=4)
    assert abs(counts[0] - 40) <= 1 and abs(counts[1] - 5) <= 1
    assert counts[2] <= 1 and counts[3] == 0
    assert (stratified_split(labels, 0)[1] == held_out).all()
    assert (stratified_split(labels, 1)[1] != held_out).any()


def test_categories_that_do_not_suffice():
    with pytest.raises(InputError, match="one category, 'Reds'"):
        train_evaluation_classifier(*colored(["Reds"] * 5, 0))
    with pytest.raises(InputError, match="no category has two"):
        train_evaluation_classifier(*colored(["Reds", "Greens"], 0))


def test_training_leaves_the_global_seeds_alone_and_is_decided_by_its_own():
    pictures, categories = colored(["Reds", "Greens"] * 10, 3)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            module,
            "CategoryClassifier",
            partial(CategoryClassifier, widths=(4, 4), picture_size=(16, 16)),
        )
        patch.setattr(module, "MAX_EPOCHS", 1)
        patch.setattr(module, "MIN_EPOCHS", 1)
        for seed in (0, 0, 1):
            before = np.random.get_state()[1].tolist(), random.getstate()
            trained = train_evaluation_classifier(pictures, categories, seed)
            assert (np.random.get_state()[1].tolist(), random.getstate()) == before
            found.append(trained.features(pictures))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    assert np.abs(found[0] - found[2]).max() > 0.1
