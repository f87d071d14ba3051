from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.evaluation.image_metrics import (
    FEATURE_SCORES,
    MEANINGS,
    check_sets,
    feature_scores,
    image_scores,
)
from keras_fashion.evaluation.picture_set import PictureSet
from keras_fashion.metrics import Agreement, CategoryAgreement

N = 40


def noise(seed, categories=("a", "b"), count=N):
    pictures = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return PictureSet(pictures, np.resize(categories, count) if categories else None)


def features(seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, (N, 4))


def evaluator(share, held_out_accuracy):
    """Classifies that share of all pictures as `a`, the others as `b`."""

    def probabilities(pictures):
        at = (np.arange(len(pictures)) >= share * len(pictures)).astype(int)
        return np.eye(2)[at]

    return SimpleNamespace(
        categories=np.array(["a", "b"]),
        probabilities=probabilities,
        held_out_accuracy=held_out_accuracy,
    )


def test_names_of_other_networks_cannot_be_taken_for_fid():
    for network, prefix in (("fid", ""), ("imagenet", "imagenet_"), ("category", "category_")):
        scores = image_scores(noise(0), noise(1), features(0), features(1), network)
        assert list(scores) == [name for name in MEANINGS if name in scores]
        assert len(scores) == 16 and "inception_score" not in scores
        assert f"{prefix}frechet_distance" in scores
        of_features = feature_scores(features(0), features(1), network)
        assert list(of_features) == [prefix + name for name in FEATURE_SCORES]
        assert of_features.items() <= scores.items()
        of_pixels = ("opposite_ssim", "category_agreement")
        assert all(name.startswith((*of_pixels, prefix)) for name in scores)


def test_worse_pictures_score_worse():
    near = image_scores(noise(0), noise(1), features(0), features(1), "fid")
    far = image_scores(noise(0), noise(1), features(0), features(1, 5), "fid")
    for name in ("frechet_distance", "kernel_distance", "nearest_median_generated"):
        assert far[name] > near[name]
    for name in ("precision", "recall", "density", "coverage", "nearest_probability_nearer"):
        assert far[name] < near[name]
    assert near["nearest_median_real"] == far["nearest_median_real"]
    # Means 5 apart in four numbers, equal covariances but for the draw.
    assert far["frechet_distance"] == pytest.approx(100, rel=0.2)


def test_copies_are_seen():
    scores = image_scores(noise(0), noise(0), features(0), features(0), "fid")
    assert scores["nearest_share_nearer"] == 1 and scores["frechet_distance"] < 1e-6
    assert scores["opposite_ssim"] == scores["opposite_ssim_real"]


def test_the_classifier_and_the_classes():
    # Half are a and half b in turn. The classifier says a of the first quarter: 5 of 10 are right
    # there, and of the rest 15 of 30.
    classes = np.full((N, 3), 1 / 3), np.eye(3)[np.arange(N) % 3]
    scores = image_scores(
        noise(0), noise(1), features(0), features(1), "imagenet", classes, evaluator(0.25, 0.8)
    )
    assert scores["category_accuracy"] == 0.5 and scores["category_accuracy_real"] == 0.8
    assert scores["category_accuracy_ratio"] == pytest.approx(0.625)
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert scores["category_inception_score"] == pytest.approx(np.exp(entropy))
    assert scores["inception_score_real"] == pytest.approx(1)
    assert scores["inception_score"] == pytest.approx(3, rel=0.01)


def test_without_categories_there_is_no_accuracy():
    flat = noise(1, None)
    scores = image_scores(noise(0), flat, features(0), features(1), "fid", None, evaluator(0.5, 1))
    assert "category_inception_score" in scores and "category_accuracy" not in scores
    assert "category_agreement" not in scores and "category_agreement_real" not in scores


def test_agreement_falls_with_pictures_of_another_category():
    light = np.resize([0, 150], N).astype(np.uint8)[:, None, None, None]
    real, right = (
        PictureSet(noise(seed).pictures // 3 + light, noise(seed).categories) for seed in (0, 1)
    )
    swapped = PictureSet(np.roll(right.pictures, 1, axis=0), right.categories)
    found = [image_scores(real, each, features(0), features(1), "fid") for each in (right, swapped)]
    assert [each["category_agreement"] for each in found] == [1, 0]
    assert [each["category_agreement_ratio"] for each in found] == [1, 0]
    assert found[0]["category_agreement_real"] == found[1]["category_agreement_real"] == 1


def test_a_ratio_over_no_agreement_is_left_out():
    none = CategoryAgreement(Agreement(N, N, 0.0, 0.5), {})
    scores = image_scores(noise(0), noise(1), features(0), features(1), "fid", agreement=none)
    assert scores["category_agreement"] == 0.5 and scores["category_agreement_real"] == 0
    assert "category_agreement_ratio" not in scores


def test_diversity_is_within_categories():
    """Each category repeats one picture: the set is diverse, its categories are not."""
    two = noise(0, None, 2).pictures
    collapsed = PictureSet(two[np.arange(N) % 2], np.resize(["a", "b"], N))
    scores = image_scores(noise(0), collapsed, features(0), features(1), "fid")
    assert scores["opposite_ssim"] == pytest.approx(-1)
    assert scores["opposite_ssim_real"] > -0.2
    flat = PictureSet(collapsed.pictures, None)
    assert image_scores(noise(0), flat, features(0), features(1), "fid")["opposite_ssim"] > -0.7


@pytest.mark.parametrize(
    ("real", "generated", "match"),
    [
        (noise(0, count=5), noise(1), "5 real pictures.*at least 6"),
        (noise(0), noise(1, count=1), "1 generated pictures.*at least 6"),
        (noise(0), noise(1, ("a", "c")), "category 'c' that no real.*a, b"),
        (
            PictureSet(np.zeros((6, 6, 9, 3), np.uint8), None),
            PictureSet(np.zeros((6, 6, 9, 3), np.uint8), None),
            "6x9.*`picture_size`",
        ),
    ],
)
def test_sets_that_cannot_be_compared(real, generated, match):
    with pytest.raises(InputError, match=match):
        check_sets(real, generated)
