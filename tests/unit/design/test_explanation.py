import keras
import numpy as np
import pytest

from keras_fashion.data import Attribute, Catalogue, picture_batches
from keras_fashion.design import explanations as explanation
from keras_fashion.design.explanations import PreferenceExplainer, occlusion_map
from keras_fashion.models import DVBPR, CompactEncoder

from .conftest import amplify


@pytest.fixture(scope="module")
def recommender(tiny_catalogue):
    keras.utils.set_random_seed(3)
    model = DVBPR(8, 24, CompactEncoder(5, (32, 32), width=4))
    amplify(model.encoder, 2.5)
    model.theta.assign(np.random.default_rng(5).normal(0, 1, (8, 5)))
    return model


@pytest.fixture(scope="module")
def embeddings(recommender, tiny_catalogue):
    return recommender.scoring_vectors(picture_batches(tiny_catalogue.pictures((32, 32)))).items


@pytest.fixture(scope="module")
def explainer(recommender, tiny_catalogue, embeddings):
    return PreferenceExplainer(recommender, tiny_catalogue, embeddings)


def by_hand(catalogue, embeddings, user_embedding, item):
    """Share liked less, others by distance, and the nearest of the best tenth: of 8 the best."""
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
def test_an_item_is_explained_as_by_hand(
    explainer, recommender, tiny_catalogue, embeddings, users, item
):
    user_embedding = recommender.theta.numpy()[users].mean(axis=0)
    likes, far, share, others, best = by_hand(tiny_catalogue, embeddings, user_embedding, item)
    found = explainer.explain_item(users, item)

    assert found.category == tiny_catalogue.item_categories[item]
    assert found.preference == pytest.approx(likes[item], rel=1e-4)
    assert found.liked_less == share[item]
    assert [each.item for each in found.alike] == others[:4]
    for each in found.alike:
        assert each.distance == pytest.approx(far[each.item], rel=1e-4)
        assert each.preference == pytest.approx(likes[each.item], rel=1e-4)
        assert each.liked_less == share[each.item]
    assert found.better.item == best != item
    assert found.differences == {}

    picture = tiny_catalogue.pictures_of([item], (32, 32))[0]
    np.testing.assert_array_equal(found.picture, picture)
    expected = occlusion_map(recommender.encoder, user_embedding, picture)
    np.testing.assert_allclose(found.influence, expected, atol=1e-5)
    thirds = found.influence_of_thirds  # of 32 pixels: 11, 11 and 10
    assert thirds.shape == (3, 3)
    assert thirds[0, 2] == pytest.approx(expected[:11, 22:].mean(), abs=1e-5)
    assert thirds[2, 1] == pytest.approx(expected[22:, 11:22].mean(), abs=1e-5)


def test_what_is_liked_best_needs_nothing_better(
    explainer, recommender, tiny_catalogue, embeddings
):
    *_, best = by_hand(tiny_catalogue, embeddings, recommender.theta.numpy()[3], 0)
    found = explainer.explain_item([3], best)
    assert found.liked_less == 7 / 8
    assert found.better is None and found.differences == {}


def test_better_is_the_nearest_of_those_that_are_liked(
    monkeypatch, explainer, recommender, tiny_catalogue, embeddings
):
    monkeypatch.setattr(explanation, "BEST_SHARE", 0.5)  # four of eight
    user_embedding = recommender.theta.numpy()[2]
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
    assert found.alike[0].item == item and found.alike[0].distance == pytest.approx(0, abs=1e-4)
    assert [each.item for each in found.alike[1:]] == [each.item for each in as_item.alike[:3]]

    large = picture.repeat(3, axis=0).repeat(3, axis=1)
    shrunk = explainer.explain_picture([2], large, as_item.category)
    assert shrunk.picture.shape == (32, 32, 3)
    assert np.abs(shrunk.picture.astype(int) - picture).mean() < 40  # antialiased noise


def test_attributes_in_which_the_better_one_differs(recommender, tiny_catalogue, embeddings):
    catalogue = Catalogue.load(tiny_catalogue.path)
    latents = np.arange(24, dtype=np.int32)
    catalogue.attributes = {
        "number": Attribute(latents.astype(str), latents),
        "kind": Attribute(np.array(["all the same"]), np.zeros(24, np.int32)),
    }
    found = PreferenceExplainer(recommender, catalogue, embeddings).explain_item([2], 0)
    assert found.differences == {"number": ("0", str(found.better.item))}


@pytest.mark.parametrize("more", [{"latent_size": 3}, {"bias": True}])
def test_what_scores_by_more_than_pictures_is_refused(tiny_catalogue, embeddings, more):
    model = DVBPR(8, 24, CompactEncoder(5, (32, 32), width=4), **more)
    with pytest.raises(ValueError, match="more than pictures"):
        PreferenceExplainer(model, tiny_catalogue, embeddings)
