import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.evaluation.category_judge import stratified, train_category_judge
from keras_fashion.evaluation.picture_set import PictureSet


def coloured(categories, seed):
    """Noise with a third of light: red for Reds, and so on."""
    rng = np.random.default_rng(seed)
    lights = {"Reds": (90, 0, 0), "Greens": (0, 90, 0)}
    pictures = [rng.integers(0, 160, (16, 12, 3)) + lights[each] for each in categories]
    return PictureSet(np.array(pictures, np.uint8), np.array(categories))


@pytest.fixture(scope="module")
def judge():
    return train_category_judge(coloured(["Reds", "Greens", "Greens"] * 30, 0))


def test_it_tells_pictures_that_it_never_saw(judge):
    unseen = coloured(["Greens", "Reds", "Reds", "Greens"] * 5, 1)
    probabilities = judge.probabilities(unseen.pictures)
    assert (judge.categories[probabilities.argmax(axis=1)] == unseen.categories).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert judge.held_out == 9 and judge.held_out_accuracy == 1
    assert judge.features(unseen.pictures).shape == (20, 128)


def test_what_has_no_rule_cannot_be_told():
    """Held-out accuracy is not that of the pictures learnt: here it can only be a guess."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (300, 16, 16, 3), np.uint8)
    judge = train_category_judge(PictureSet(pictures, rng.choice(["a", "b"], 300)))
    assert judge.held_out == 30 and 0.2 < judge.held_out_accuracy < 0.8


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
        train_category_judge(coloured(["Reds"] * 5, 0))
    with pytest.raises(InputError, match="no category has two"):
        train_category_judge(coloured(["Reds", "Greens"], 0))
