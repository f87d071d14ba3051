from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data import labeled_pictures
from keras_fashion.errors import InputError
from keras_fashion.evaluation import category_judge
from keras_fashion.evaluation.category_judge import stratified, train_evaluation_classifier
from keras_fashion.evaluation.picture_set import PictureSet
from keras_fashion.models import CategoryClassifier


def colored(categories, seed):
    """Noise with a third of light: red for Reds, and so on."""
    rng = np.random.default_rng(seed)
    lights = {"Reds": (90, 0, 0), "Greens": (0, 90, 0)}
    pictures = [rng.integers(0, 160, (16, 12, 3)) + lights[each] for each in categories]
    return PictureSet(np.array(pictures, np.uint8), np.array(categories))


@pytest.fixture(scope="module")
def trained():
    """A judge, and the pictures that it has learned from.

    Three of the nine that are held out look like the other category: the rule is wrong for them.
    """
    real = colored(["Reds", "Greens", "Greens"] * 30, 0)
    labels = np.unique(real.categories, return_inverse=True)[1]
    held_out = stratified(labels, 0)[1]
    other = {"Reds": "Greens", "Greens": "Reds"}
    odd = held_out[:3]
    real.pictures[odd] = colored([other[real.categories[at]] for at in odd], 2).pictures
    learned = []

    def watched(pictures, *args, **kwargs):
        learned.extend(pictures)
        return labeled_pictures(pictures, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        small = partial(CategoryClassifier, picture_size=(16, 16))
        patch.setattr(category_judge, "CategoryClassifier", small)
        patch.setattr(category_judge, "labeled_pictures", watched)
        return train_evaluation_classifier(real), real.pictures[held_out], np.array(learned)


def test_it_tells_pictures_that_it_never_saw(trained):
    judge, *_ = trained
    unseen = colored(["Greens", "Reds", "Reds", "Greens"] * 5, 1)
    probabilities = judge.probabilities(unseen.pictures)
    assert (judge.categories[probabilities.argmax(axis=1)] == unseen.categories).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert judge.features(unseen.pictures).shape == (20, 128)


def test_its_accuracy_is_that_on_pictures_held_out_of_the_training(trained):
    judge, held_out, learned = trained
    assert judge.held_out == len(held_out) == 9 and judge.held_out_accuracy == 6 / 9
    assert learned.shape == (81, 16, 16, 3)
    for picture in fitted(held_out):
        assert np.abs(learned.astype(int) - picture).mean(axis=(1, 2, 3)).min() > 10


def fitted(pictures):
    return tf.image.resize(pictures, (16, 16), antialias=True).numpy()


def test_a_tenth_of_each_category_is_held_out():
    labels = np.repeat([0, 1, 2, 3], [400, 50, 4, 1])
    rest, held_out = stratified(labels, 0)
    assert sorted([*rest, *held_out]) == list(range(455))
    counts = np.bincount(labels[held_out], minlength=4)
    assert abs(counts[0] - 40) <= 1 and abs(counts[1] - 5) <= 1
    assert counts[2] <= 1 and counts[3] == 0
    assert (stratified(labels, 0)[1] == held_out).all()
    assert (stratified(labels, 1)[1] != held_out).any()


def test_categories_that_do_not_suffice():
    with pytest.raises(InputError, match="one category, 'Reds'"):
        train_evaluation_classifier(colored(["Reds"] * 5, 0))
    with pytest.raises(InputError, match="no category has two"):
        train_evaluation_classifier(colored(["Reds", "Greens"], 0))
