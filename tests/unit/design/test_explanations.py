"""Tests of occlusion maps and of explanations, against plain loops."""

import keras
import numpy as np
import pytest

from keras_fashion.data import Attribute, Catalogue, picture_batches, scale
from keras_fashion.design import explanations
from keras_fashion.design.explanations import PreferenceExplainer, background_of, occlusion_map
from keras_fashion.models import DVBPR, CompactEncoder

from .conftest import amplify


class LinearEncoder:
    """Phi = W x, for which the effect of a patch can be computed."""

    def __init__(self, height, width):
        self.weights = np.random.default_rng(0).normal(0, 1, (height, width, 3, 4))

    def __call__(self, pictures, training):
        assert not training
        return self.Embedded(np.einsum("bhwc,hwck->bk", pictures.numpy(), self.weights))

    class Embedded(np.ndarray):
        def __new__(cls, values):
            return values.astype(np.float32).view(cls)

        def numpy(self):
            return np.asarray(self)


def garment_on_gray(height, width):
    picture = np.full((height, width, 3), 240, np.uint8)
    inside = picture[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    inside[:] = np.random.default_rng(1).integers(0, 256, inside.shape)
    return picture


@pytest.mark.parametrize("size", [(32, 32), (24, 16), (13, 19), (5, 4)])
def test_a_linear_encoder_loses_what_the_patches_cover(monkeypatch, size):
    monkeypatch.setattr(explanations, "PATCHES_AT_ONCE", 7)
    height, width = size
    encoder, picture = LinearEncoder(*size), garment_on_gray(*size)
    user_embedding = np.array([0.5, -1.0, 2.0, 0.3], np.float32)
    lost = ((picture.astype(float) - 240) / 127.5)[..., None] * encoder.weights
    lost = (lost @ user_embedding).sum(axis=-1)

    sums, counts = np.zeros(size), np.zeros(size)
    high, wide = max(1, round(height / 8)), max(1, round(width / 8))
    rows = sorted({*range(0, height - high, max(1, high // 2)), height - high})
    columns = sorted({*range(0, width - wide, max(1, wide // 2)), width - wide})
    for top in rows:
        for left in columns:
            patch = np.s_[top : top + high, left : left + wide]
            sums[patch] += lost[patch].sum()
            counts[patch] += 1

    found = occlusion_map(encoder, user_embedding, picture)
    assert found.shape == size and found.dtype == np.float32
    np.testing.assert_allclose(found, sums / counts, atol=1e-3)


def test_occluding_the_background_changes_nothing(recommender):
    picture = garment_on_gray(16, 16)
    found = occlusion_map(recommender.encoder, recommender.theta.numpy()[0], picture)
    ground = np.abs(np.concatenate([found[:3].ravel(), found[:, -3:].ravel()])).max()
    assert ground < 1e-5 and np.abs(found[5:11, 5:11]).min() > 10 * ground


def test_it_is_the_fall_of_the_preference(recommender):
    """At 16x16, patches have 2 pixels, and only one patch covers the corner."""
    picture = np.random.default_rng(3).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    user_embedding = recommender.theta.numpy()[1]
    covered = picture.copy()
    covered[:2, :2] = background_of(picture)[0, 0]
    embeddings = recommender.encoder(scale(np.stack([picture, covered]))).numpy()
    fall = float((embeddings[0] - embeddings[1]) @ user_embedding)
    found = occlusion_map(recommender.encoder, user_embedding, picture)
    assert found[0, 0] == pytest.approx(fall, rel=1e-3)
    np.testing.assert_allclose(
        occlusion_map(recommender.encoder, -user_embedding, picture), -found, 1e-4
    )


def test_the_background_is_the_color_of_the_border():
    picture = garment_on_gray(16, 12)
    assert np.all(background_of(picture) == 240)
    picture[0, :5] = 3  # which a few pixels do not change
    assert np.all(background_of(picture) == 240)


def test_white_bars_are_no_background():
    picture = np.full((16, 16, 3), 255, np.uint8)
    picture[:, 4:12] = garment_on_gray(16, 8)
    for each in (picture, picture.transpose(1, 0, 2)):
        expected = np.where(
            each.min(axis=(0 if each is picture else 1), keepdims=True) < 255, 240, 255
        )
        ground = background_of(each)
        np.testing.assert_array_equal(ground, np.broadcast_to(expected[..., :1], ground.shape))


def test_a_garment_on_white_is_no_bar():
    picture = np.full((16, 16, 3), 255, np.uint8)
    picture[3:13, 5:11] = 9
    assert np.all(background_of(picture) == 255)
    assert np.all(background_of(np.full((16, 16, 3), 255, np.uint8)) == 255)


@pytest.fixture(scope="module")
def dvbpr(tiny_catalogue):
    keras.utils.set_random_seed(3)
    model = DVBPR(8, 24, CompactEncoder(5, (32, 32), width=4))
    amplify(model.encoder, 2.5)
    model.theta.assign(np.random.default_rng(5).normal(0, 1, (8, 5)))
    return model


@pytest.fixture(scope="module")
def embeddings(dvbpr, tiny_catalogue):
    return dvbpr.scoring_vectors(picture_batches(tiny_catalogue.pictures((32, 32)))).items


@pytest.fixture(scope="module")
def explainer(dvbpr, tiny_catalogue, embeddings):
    return PreferenceExplainer(dvbpr, tiny_catalogue, embeddings)


def by_hand(catalogue, embeddings, user_embedding, item):
    """Returns preferences, distances, shares liked less, others by distance, and the best."""
    same = [
        i for i, c in enumerate(catalogue.item_categories) if c == catalogue.item_categories[item]
    ]
    likes = {i: float(embeddings[i] @ user_embedding) for i in same}
    far = {i: float(np.sqrt(((embeddings[i] - embeddings[item]) ** 2).sum())) for i in same}
    share = {i: sum(likes[j] < likes[i] for j in same) / len(same) for i in same}
    others = sorted((i for i in same if i != item), key=far.get)
    return likes, far, share, others, max(same, key=likes.get)


@pytest.mark.parametrize("users", [[2], [1, 4, 6]])
@pytest.mark.parametrize("item", [0, 7, 17])
def test_an_item_is_explained_as_by_hand(explainer, dvbpr, tiny_catalogue, embeddings, users, item):
    user_embedding = dvbpr.theta.numpy()[users].mean(axis=0)
    likes, far, share, others, best = by_hand(tiny_catalogue, embeddings, user_embedding, item)
    found = explainer.explain_item(users, item)

    assert found.category == tiny_catalogue.item_categories[item]
    assert found.preference == pytest.approx(likes[item], rel=1e-4)
    assert found.liked_less == share[item]
    assert [each.item for each in found.similar_items] == others[:4]
    for each in found.similar_items:
        assert each.distance == pytest.approx(far[each.item], rel=1e-4)
        assert each.preference == pytest.approx(likes[each.item], rel=1e-4)
        assert each.liked_less == share[each.item]
    assert found.better.item == best != item
    assert found.differences == {}

    picture = tiny_catalogue.pictures_of([item], (32, 32))[0]
    np.testing.assert_array_equal(found.picture, picture)
    expected = occlusion_map(dvbpr.encoder, user_embedding, picture)
    np.testing.assert_allclose(found.influence, expected, atol=1e-5)
    thirds = found.influence_of_thirds  # of 32 pixels: 11, 11 and 10
    assert thirds.shape == (3, 3)
    assert thirds[0, 2] == pytest.approx(expected[:11, 22:].mean(), abs=1e-5)
    assert thirds[2, 1] == pytest.approx(expected[22:, 11:22].mean(), abs=1e-5)


def test_what_is_liked_best_needs_nothing_better(explainer, dvbpr, tiny_catalogue, embeddings):
    *_, best = by_hand(tiny_catalogue, embeddings, dvbpr.theta.numpy()[3], 0)
    found = explainer.explain_item([3], best)
    assert found.liked_less == 7 / 8
    assert found.better is None and found.differences == {}


def test_better_is_the_nearest_of_those_that_are_liked(
    monkeypatch, explainer, dvbpr, tiny_catalogue, embeddings
):
    monkeypatch.setattr(explanations, "BEST_SHARE", 0.5)  # four of eight
    user_embedding = dvbpr.theta.numpy()[2]
    likes, far, share, *_ = by_hand(tiny_catalogue, embeddings, user_embedding, 0)
    item = min(likes, key=likes.get)
    likes, far, share, *_ = by_hand(tiny_catalogue, embeddings, user_embedding, item)
    liked = [i for i in likes if share[i] >= 0.5]
    assert len(liked) == 4
    assert explainer.explain_item([2], item).better.item == min(liked, key=far.get)


def test_a_picture_is_explained_as_the_item_that_it_shows(explainer, tiny_catalogue):
    item = 5
    as_item = explainer.explain_item([2], item)
    picture = tiny_catalogue.pictures_of([item], (32, 32))[0]
    found = explainer.explain_picture([2], picture, as_item.category)
    assert found.preference == pytest.approx(as_item.preference, rel=1e-4)
    np.testing.assert_allclose(found.influence, as_item.influence, atol=1e-4)
    assert found.similar_items[0].item == item and found.similar_items[0].distance == pytest.approx(
        0, abs=1e-4
    )
    assert [each.item for each in found.similar_items[1:]] == [
        each.item for each in as_item.similar_items[:3]
    ]

    large = picture.repeat(3, axis=0).repeat(3, axis=1)
    shrunk = explainer.explain_picture([2], large, as_item.category)
    assert shrunk.picture.shape == (32, 32, 3)
    assert np.abs(shrunk.picture.astype(int) - picture).mean() < 40  # antialiased noise


def test_attributes_in_which_the_better_one_differs(dvbpr, tiny_catalogue, embeddings):
    catalogue = Catalogue.load(tiny_catalogue.path)
    latents = np.arange(24, dtype=np.int32)
    catalogue.attributes = {
        "number": Attribute(latents.astype(str), latents),
        "kind": Attribute(np.array(["all the same"]), np.zeros(24, np.int32)),
        "on_sale_from": Attribute(latents.astype(str), latents),
    }
    found = PreferenceExplainer(dvbpr, catalogue, embeddings).explain_item([2], 0)
    assert found.differences == {"number": ("0", str(found.better.item))}


@pytest.mark.parametrize("more", [{"latent_size": 3}, {"bias": True}])
def test_what_scores_by_more_than_pictures_is_refused(tiny_catalogue, embeddings, more):
    model = DVBPR(8, 24, CompactEncoder(5, (32, 32), width=4), **more)
    with pytest.raises(ValueError, match="more than pictures"):
        PreferenceExplainer(model, tiny_catalogue, embeddings)
