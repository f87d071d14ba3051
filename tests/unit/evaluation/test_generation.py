"""Tests of the study of designs, against a plain loop over users and pictures."""

from itertools import combinations

import keras
import numpy as np
import pytest
import tensorflow as tf
from maximizers import with_procedure
from scipy.special import softmax
from skimage.metrics import structural_similarity

from keras_fashion.app.run import Run
from keras_fashion.data import Catalogue, decode_picture, scale
from keras_fashion.design import Procedure
from keras_fashion.errors import InputError
from keras_fashion.evaluation import generation as module
from keras_fashion.evaluation.compared_methods import random_designs, random_items
from keras_fashion.evaluation.generation import (
    MEASURED,
    category_probabilities,
    generation_study,
)
from keras_fashion.metrics.inception import inception_score
from keras_fashion.models import CategoryClassifier

METHODS = ["random items", "random generated", "retrieval", "quick", "at random"]
PAIRS, ETAS = 4, (0.0, 4.0)


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    model = CategoryClassifier(3, (16, 16), widths=(6, 6))
    model.build((None, 16, 16, 3))
    model.logits.kernel.assign(20 * model.logits.kernel)  # an untrained one gives equal classes
    return model


@pytest.fixture(scope="module")
def maximizers(maximizer):
    drawn = Procedure(restarts=3, steps=1, screened=False)
    return {"quick": maximizer, "at random": with_procedure(maximizer, drawn)}


@pytest.fixture(scope="module")
def study(dvbpr, second_dvbpr, gan, classifier, maximizers):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NUM_RESAMPLES", 99)
        return generation_study(
            dvbpr,
            gan.model,
            classifier,
            maximizers,
            PAIRS,
            PAIRS,
            ETAS,
            unseen=second_dvbpr,
            seed=6,
        )


def test_users_are_different_ones_with_the_categories_of_their_test_items(study, dvbpr):
    bought_last = dict(dvbpr.split.test)
    assert len(set(study.users)) == PAIRS
    expected = [dvbpr.catalogue.item_categories[bought_last[user]] for user in study.users]
    assert study.categories.tolist() == expected
    assert list(study.pictures) == METHODS
    assert all(each.shape == (PAIRS, 3, 16, 16, 3) for each in study.pictures.values())


def test_pictures_are_those_of_the_methods(study, dvbpr, gan, maximizers):
    items = random_items(dvbpr.catalogue.item_categories, study.categories, 6)
    catalogue, size = dvbpr.catalogue, (16, 16)
    for row in range(PAIRS):
        found = study.pictures["random items"][row]
        np.testing.assert_array_equal(found, catalogue.pictures_of(items[row], size))
        best = retrieved(dvbpr, study.users[row], study.categories[row])
        found = study.pictures["retrieval"][row]
        np.testing.assert_array_equal(found, catalogue.pictures_of(best, size))
    np.testing.assert_array_equal(
        study.pictures["random generated"], random_designs(gan.model, study.categories, 6)
    )
    np.testing.assert_array_equal(study.pictures["quick"], study.designs.pictures)
    for row in range(2):
        alone = maximizers["quick"].design([study.users[row]], study.categories[row], seed=6)
        difference = study.designs.pictures[row].astype(int) - alone.pictures[0]
        assert np.abs(difference).max() <= 2


def retrieved(run, user, category):
    members = np.flatnonzero(run.catalogue.item_categories == category)
    scores = run.vectors.items[members] @ run.vectors.users[user]
    return members[np.argsort(-scores)][:3]


def standard(run, user, category, pictures):
    """Standardized preference, of shape (n,), for (n, H, W, 3) pictures in [-1, 1] of any size."""
    catalogue, theta = run.catalogue, run.vectors.users[user]
    among = run.vectors.items[catalogue.item_categories == category] @ theta
    seen = tf.image.resize(pictures, (32, 32), antialias=True)
    return (run.model.encoder(seen).numpy() @ theta - among.mean()) / among.std()


@pytest.mark.parametrize("method", METHODS)
def test_a_row_is_the_mean_of_three_pictures(study, dvbpr, second_dvbpr, gan, method):
    rows = study.rows[study.rows["method"] == method]
    assert rows["pair"].tolist() == list(range(PAIRS))
    items = random_items(dvbpr.catalogue.item_categories, study.categories, 6)
    for row, found in rows.reset_index().iterrows():
        user, category = study.users[row], study.categories[row]
        pictures = study.pictures[method][row]
        assert found["category"] == dvbpr.catalogue.categories[category]
        seen = scale(pictures)
        if method in ("random items", "retrieval"):  # measured in full, not at the GAN's size
            best = items[row] if method == "random items" else retrieved(dvbpr, user, category)
            seen = scale(dvbpr.catalogue.pictures_of(best, (32, 32)))
        liked = [standard(run, user, category, seen).mean() for run in (dvbpr, second_dvbpr)]
        assert found["preference"] == pytest.approx(liked[0], rel=1e-2, abs=1e-2)
        assert found["unseen_preference"] == pytest.approx(liked[1], rel=1e-2, abs=1e-2)
        assert found["gap"] == pytest.approx(found["preference"] - found["unseen_preference"])
        realism = gan.model.realism(scale(pictures), tf.fill([3], category))
        assert found["discriminator"] == pytest.approx(np.mean(realism), rel=1e-3, abs=1e-4)
        alike = [
            structural_similarity(a, b, channel_axis=-1, data_range=255)
            for a, b in combinations(pictures, 2)
        ]
        assert found["opposite_ssim"] == pytest.approx(-np.mean(alike))


def test_the_table_has_means_over_users_with_intervals(study):
    table = study.table()
    assert list(table) == METHODS
    for method, columns in table.items():
        assert list(columns) == [*MEASURED, "quality"]
        rows = study.rows[study.rows["method"] == method]
        for column in MEASURED:
            values, estimate = rows[column], columns[column]
            assert estimate.mean == pytest.approx(values.mean())
            assert values.min() <= estimate.low < estimate.mean < estimate.high <= values.max()
    assert list(study.table(["gap"])["quick"]) == ["gap", "quality"]


def test_by_category_are_means_of_its_users(study):
    found = study.by_category()
    assert set(found["category"]) == set(study.rows["category"])
    for _, row in found.iterrows():
        same = study.rows[
            (study.rows["category"] == row["category"]) & (study.rows["method"] == row["method"])
        ]
        assert row["users"] == len(same)
        for column in MEASURED:
            assert row[column] == pytest.approx(same[column].mean())


def test_quality_is_the_inception_score_under_the_catalogues_classifier(study, classifier):
    for method, estimate in study.quality.items():
        pictures = scale(study.pictures[method].reshape(-1, 16, 16, 3))
        expected = inception_score(softmax(classifier(pictures).numpy(), axis=1))
        assert estimate.mean == pytest.approx(expected, rel=1e-3)
        assert 1 - 1e-6 <= estimate.low < estimate.high <= 3


def test_the_curve_over_eta_is_of_the_first_procedure(study, dvbpr, gan):
    assert study.eta["eta"].tolist() == list(ETAS)
    # At the eta of the procedure it is the study itself.
    own = study.table()["quick"]
    for column in ("preference", "unseen_preference", "discriminator", "opposite_ssim", "quality"):
        assert study.eta[column][1] == pytest.approx(own[column].mean, rel=1e-2, abs=1e-3)
    assert study.eta["preference"][0] != pytest.approx(study.eta["preference"][1], abs=1e-6)


def test_without_a_second_recommender_there_is_no_gap(
    dvbpr, gan, classifier, maximizers, monkeypatch
):
    monkeypatch.setattr(module, "NUM_RESAMPLES", 9)
    one = {"quick": maximizers["quick"]}
    study = generation_study(dvbpr, gan.model, classifier, one, PAIRS, 2, ETAS[:1], seed=6)
    assert study.rows["unseen_preference"].isna().all() and study.rows["gap"].isna().all()
    table = study.table()["quick"]
    assert table["unseen_preference"] is None and table["gap"] is None
    assert table["preference"].low < table["preference"].high
    assert np.isnan(study.eta["unseen_preference"][0])


def test_a_second_recommender_of_another_catalogue_is_refused(
    dvbpr, second_dvbpr, gan, classifier, maximizers
):
    stranger = Run(second_dvbpr.path)
    stranger.catalogue = Catalogue.load(second_dvbpr.catalogue.path)
    stranger.catalogue.fingerprint = "of another"
    with pytest.raises(InputError, match="`recommender` and `unseen` .* different catalogues"):
        generation_study(dvbpr, gan.model, classifier, maximizers, unseen=stranger)


def test_categories_without_three_items_are_refused(dvbpr, gan, classifier, maximizers):
    run = Run(dvbpr.path)
    run.catalogue = Catalogue.load(dvbpr.catalogue.path)
    run.catalogue.item_categories = np.arange(24) // 2
    run.catalogue.categories = [f"pair {number}" for number in range(12)]
    with pytest.raises(InputError, match="no test item .* category of 3 or more items"):
        generation_study(run, gan.model, classifier, maximizers)


def test_the_classifier_gets_pictures_at_its_own_size_as_in_its_training(classifier):
    """They are resized with a filter as in `decode_picture`, not by taking every fourth pixel."""
    large = np.random.default_rng(3).integers(0, 256, (4, 64, 64, 3)).astype(np.uint8)
    decoded = [decode_picture(tf.io.encode_png(each), (16, 16)) for each in large]
    expected = softmax(classifier(scale(tf.stack(decoded))).numpy(), axis=1)
    found = category_probabilities(large, classifier)
    # `decode_picture` rounds to whole levels.
    np.testing.assert_allclose(found, expected, atol=0.03)
    plain = softmax(classifier(scale(large[:, ::4, ::4])).numpy(), axis=1)
    assert np.abs(plain - expected).max() > 0.1


def test_differences_from_retrieval_are_paired_by_user(study):
    less = study.less_retrieval(["preference", "opposite_ssim"])
    assert list(less) == ["random items", "random generated", "quick", "at random"]
    retrieval = study.rows[study.rows["method"] == "retrieval"].sort_values("pair")
    for method, row in less.items():
        own = study.rows[study.rows["method"] == method].sort_values("pair")
        assert list(row) == ["preference", "opposite_ssim"]
        for column, estimate in row.items():
            differences = own[column].to_numpy() - retrieval[column].to_numpy()
            assert estimate.mean == pytest.approx(differences.mean())
            assert differences.min() <= estimate.low <= estimate.high <= differences.max()
