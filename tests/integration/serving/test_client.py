"""Tests of the client over REST and gRPC, against exported models behind a server double."""

from datetime import date

import numpy as np
import pytest
import tensorflow as tf
from serving_double import ServingDouble, exported_models

from keras_fashion.serving import Client, RequestRefused
from keras_fashion.serving.signatures.item_table import NO_SCORE


@pytest.fixture(scope="module")
def served(exported):
    return exported_models(exported)


@pytest.fixture(scope="module")
def double(served):
    double = ServingDouble(served)
    yield double
    double.close()


@pytest.fixture(scope="module")
def models(served):
    """The newest versions, which are called without a server."""
    return {name: versions[max(versions)] for name, versions in served.items()}


def assert_close(answer, expected):
    assert set(answer._fields) == set(expected)
    for name, value in expected.items():
        found, value = getattr(answer, name), value.numpy()
        assert found.shape == value.shape
        if value.dtype == object and not name.endswith("_bytes"):
            value = value.astype(str)
        if value.dtype.kind == "f":
            np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)
        else:
            assert found.tolist() == value.tolist()


def test_recommends(client, double, models):
    answer = client.recommend(["ann", "nobody"], k=4, category="Shoes", exclude_seen=False)
    expected = models["recommender"]["recommend"](
        user_id=tf.constant(["ann", "nobody"]),
        k=tf.constant([4, 4]),
        category=tf.constant(["Shoes", "Shoes"]),
        exclude_seen=tf.constant([False, False]),
    )
    assert_close(answer, expected)
    assert answer.known_user.tolist() == [True, False]
    assert answer.score.min() > NO_SCORE
    assert double.asked == [("recommender", None, "recommend")]


def test_recommends_to_newcomers_of_different_histories(client, world, models):
    first, second, third = world.catalogue.item_ids[:3]
    answer = client.recommend_newcomer([[first], [second, third]], k=3)
    expected = models["recommender"]["recommend_newcomer"](
        bought_item_id=tf.constant([[first, ""], [second, third]]),
        k=tf.constant([3, 3]),
        category=tf.constant(["", ""]),
    )
    assert_close(answer, expected)
    assert answer.known_items.tolist() == [1, 2]


def test_scores_pairs(client, world, models):
    users, items = ["ann", "bob"], [world.catalogue.item_ids[0], "none"]
    expected = models["recommender"]["score"](
        user_id=tf.constant(users), item_id=tf.constant(items)
    )
    assert_close(client.score(users, items), expected)


def test_sends_pictures(client, models, new_picture):
    pictures = tf.constant([new_picture, new_picture])
    recommender = models["recommender"]
    embedding = client.embed([new_picture, new_picture])
    expected = recommender["embed"](image_bytes=pictures)["embedding"]
    np.testing.assert_allclose(embedding, expected, rtol=1e-5, atol=1e-6)
    assert_close(
        client.score_picture(["ann", "nobody"], [new_picture] * 2),
        recommender["score_picture"](user_id=tf.constant(["ann", "nobody"]), image_bytes=pictures),
    )
    assert_close(
        client.similar([new_picture], k=3),
        recommender["similar"](image_bytes=pictures[:1], k=tf.constant([3])),
    )


def test_receives_pictures(client, models, new_picture):
    designer = models["designer"]
    assert_close(
        client.generate("Shoes", count=2, seed=3),
        designer["generate"](
            category=tf.constant("Shoes"), count=tf.constant(2), seed=tf.constant(3)
        ),
    )
    asked = {"user_id": tf.constant(["ann"]), "category": tf.constant("Shoes")}
    designs = client.design(["ann"], "Shoes", count=2, eta=0, steps=2, seed=1)
    assert_close(
        designs,
        designer["design"](
            **asked,
            count=tf.constant(2),
            eta=tf.constant(0.0),
            steps=tf.constant(2),
            seed=tf.constant(1),
        ),
    )
    assert tf.io.decode_png(designs.image_bytes[0]).shape == (32, 32, 3)
    strip = client.redesign(new_picture, ["ann"], "Shoes", frames=2, eta=1, proximity=2)
    assert_close(
        strip,
        designer["redesign"](
            **asked,
            image_bytes=tf.constant(new_picture),
            frames=tf.constant(2),
            eta=tf.constant(1.0),
            proximity=tf.constant(2.0),
        ),
    )


def test_recommends_and_designs_at_a_date(client, double, models):
    answer = client.recommend(["ann", "nobody"], k=4, at="2020-12-24")
    expected = models["recommender"]["recommend_at"](
        user_id=tf.constant(["ann", "nobody"]),
        k=tf.constant([4, 4]),
        category=tf.constant(["", ""]),
        exclude_seen=tf.constant([True, True]),
        date=tf.constant(["2020-12-24", "2020-12-24"]),
    )
    assert_close(answer, expected)
    assert not np.allclose(answer.score[0], client.recommend(["ann"], k=4).score[0])
    designs = client.design(["ann"], "Shoes", count=2, eta=0, steps=2, at=date(2020, 12, 24))
    expected = models["designer"]["design_at"](
        user_id=tf.constant(["ann"]),
        category=tf.constant("Shoes"),
        count=tf.constant(2),
        eta=tf.constant(0.0),
        steps=tf.constant(2),
        seed=tf.constant(0),
        date=tf.constant("2020-12-24"),
    )
    assert_close(designs, expected)
    signatures = [signature for _, _, signature in double.asked]
    assert signatures == ["recommend_at", "recommend", "design_at"]


def test_what_is_no_date_is_refused(client):
    words = "date must be a day as YYYY-MM-DD, such as 2020-06-22; row {} has June"
    with pytest.raises(RequestRefused, match=words.format("0") + ", row 1 has June"):
        client.recommend(["ann", "bob"], at="June")
    with pytest.raises(RequestRefused, match=words.format("0")):
        client.design(["ann"], "Shoes", at="June")


def test_a_model_without_dates_refuses_them(double, way):
    with (
        Client(double.addresses[way], timeout=60, version=1) as client,
        pytest.raises(RequestRefused, match="recommend_at"),
    ):
        client.recommend(["ann"], at="2020-12-24")


@pytest.mark.parametrize("asked", [{"version": 1}, {"label": "stable"}])
def test_asks_for_a_version(double, way, asked):
    double.asked.clear()
    with Client(double.addresses[way], timeout=60, **asked) as client:
        client.score(["ann"], ["none"])
        with pytest.raises(RequestRefused):  # version 1 is of a model without histories
            client.recommend_newcomer([["none"]])
    assert [version for _, version, _ in double.asked] == [1, 1]


def test_a_refused_request_is_reported_and_not_repeated(client, double, new_picture):
    with pytest.raises(RequestRefused, match="category is not known: Hats") as refused:
        client.recommend(["ann"], category="Hats")
    assert refused.value.status in (400, "INVALID_ARGUMENT")
    with pytest.raises(RequestRefused, match="k must be from 1 to 1000; row 0 has 2000"):
        client.recommend(["ann"], k=2000)
    with pytest.raises(RequestRefused, match="not so in row 1"):
        client.embed([new_picture, b"no picture"])
    with pytest.raises(RequestRefused, match="from 1 to 1024 rows"):
        client.recommend([])
    assert len(double.asked) == 4
