"""The client, over REST and gRPC, against the exported models behind a double of the server."""

import inspect
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from serving_double import ServingDouble

from keras_fashion.design import PROCEDURES, redesign
from keras_fashion.serving import Client, RequestRefused, ServerUnavailable
from keras_fashion.serving.signatures.item_table import NO_SCORE

WAYS = ["rest", "grpc"]


@pytest.fixture(scope="module")
def double(exported):
    double = ServingDouble(exported)
    yield double
    double.close()


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def client(double, way):
    double.asked.clear()
    double.faults.clear()
    with Client(double.addresses[way], timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def models(exported):
    """The newest versions, called without a server."""
    return {
        name: tf.saved_model.load(str(exported / name / version)).signatures
        for name, version in {"recommender": "3", "designer": "1"}.items()
    }


def is_alike(answer, expected):
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
    is_alike(answer, expected)
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
    is_alike(answer, expected)
    assert answer.known_items.tolist() == [1, 2]


def test_scores_pairs(client, world, models):
    users, items = ["ann", "bob"], [world.catalogue.item_ids[0], "none"]
    expected = models["recommender"]["score"](
        user_id=tf.constant(users), item_id=tf.constant(items)
    )
    is_alike(client.score(users, items), expected)


def test_sends_pictures(client, models, new_picture):
    pictures = tf.constant([new_picture, new_picture])
    recommender = models["recommender"]
    embedding = client.embed([new_picture, new_picture])
    expected = recommender["embed"](image_bytes=pictures)["embedding"]
    np.testing.assert_allclose(embedding, expected, rtol=1e-5, atol=1e-6)
    is_alike(
        client.score_picture(["ann", "nobody"], [new_picture] * 2),
        recommender["score_picture"](user_id=tf.constant(["ann", "nobody"]), image_bytes=pictures),
    )
    is_alike(
        client.similar([new_picture], k=3),
        recommender["similar"](image_bytes=pictures[:1], k=tf.constant([3])),
    )


def test_receives_pictures(client, models, new_picture):
    designer = models["designer"]
    is_alike(
        client.generate("Shoes", count=2, seed=3),
        designer["generate"](
            category=tf.constant("Shoes"), count=tf.constant(2), seed=tf.constant(3)
        ),
    )
    asked = {"user_id": tf.constant(["ann"]), "category": tf.constant("Shoes")}
    designs = client.design(["ann"], "Shoes", count=2, eta=0, steps=2, seed=1)
    is_alike(
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
    is_alike(
        strip,
        designer["redesign"](
            **asked,
            image_bytes=tf.constant(new_picture),
            frames=tf.constant(2),
            eta=tf.constant(1.0),
            proximity=tf.constant(2.0),
        ),
    )


@pytest.mark.parametrize("asked", [{"version": 1}, {"label": "stable"}])
def test_asks_for_a_version(double, way, asked):
    double.asked.clear()
    with Client(double.addresses[way], timeout=60, **asked) as client:
        client.score(["ann"], ["none"])
        with pytest.raises(RequestRefused):  # version 1 is of a model that has no histories
            client.recommend_newcomer([["none"]])
    assert [version for _, version, _ in double.asked] == [1, 1]


def test_what_the_server_refuses_is_said_and_not_asked_again(client, double, new_picture):
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


FAULTS = {"rest": [503, 429], "grpc": ["UNAVAILABLE", "UNAVAILABLE"]}
SLOW = 1.5
"""Seconds."""


def test_what_fails_for_a_while_is_asked_again(client, double, way):
    double.faults.extend(FAULTS[way])
    assert client.score(["ann"], ["none"]).known_item.tolist() == [False]
    assert len(double.asked) == 1 and not double.faults


def test_what_goes_on_failing_is_given_up(double, way):
    double.faults.extend(FAULTS[way] * 4)
    with (
        Client(double.addresses[way], timeout=60, retries=1) as client,
        pytest.raises(ServerUnavailable, match="a fault"),
    ):
        client.score(["ann"], ["none"])
    assert len(double.faults) == 6
    double.faults.clear()


def test_a_server_that_is_slow_is_asked_once(double, way):
    """It goes on with what it was asked; more of it would not be quicker."""
    double.asked.clear()
    double.faults.append(SLOW)
    with (
        Client(double.addresses[way], timeout=0.5, retries=3) as client,
        pytest.raises(ServerUnavailable),
    ):
        client.score(["ann"], ["none"])
    time.sleep(SLOW)
    assert len(double.asked) <= 1 and not double.faults


def test_a_client_serves_many_threads(client):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda user: client.score([user], ["none"]), ["ann", "no"] * 20))
    assert [answer.known_user.tolist() for answer in answers] == [[True], [False]] * 20


def test_a_server_that_is_not_there_is_said(way):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheme = {"rest": "http", "grpc": "grpc"}[way]
    with (
        Client(f"{scheme}://127.0.0.1:{port}", timeout=5, retries=0) as client,
        pytest.raises(ServerUnavailable, match=str(port)),
    ):
        client.score(["ann"], ["none"])


def test_a_server_that_is_silent_is_not_waited_for(way):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        scheme = {"rest": "http", "grpc": "grpc"}[way]
        started = time.monotonic()
        with (
            Client(f"{scheme}://127.0.0.1:{port}", timeout=0.5, retries=0) as client,
            pytest.raises(ServerUnavailable),
        ):
            client.score(["ann"], ["none"])
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("answer", [b"<html>", b'{"predictions": []}', b'{"outputs": {}}', b"[]"])
def test_an_answer_of_something_else_is_said(double, answer):
    double.faults.append(answer)
    with (
        Client(double.addresses["rest"]) as client,
        pytest.raises(ServerUnavailable, match="not that of such a model"),
    ):
        client.score(["ann"], ["none"])


def test_wrong_addresses_are_refused():
    with pytest.raises(ValueError, match="'localhost:8501' is no address"):
        Client("localhost:8501")
    with pytest.raises(ValueError, match="the newest version only"):
        Client("mlflow://localhost:5001", version=1)
    with pytest.raises(ValueError, match="a number or a label"):
        Client("http://localhost:8501", version=1, label="stable")


def test_rest_does_without_tensorflow():
    code = (
        "import sys; from keras_fashion.serving import Client; Client('http://localhost:1'); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_what_it_asks_for_by_itself_is_what_the_package_does():
    """Written twice, because the client does without TensorFlow."""
    defaults = {
        name: each.default
        for method in (Client.design, Client.redesign)
        for name, each in inspect.signature(method).parameters.items()
    }
    ours = inspect.signature(redesign).parameters
    assert defaults["steps"] == PROCEDURES["default"].steps
    assert {name: defaults[name] for name in ("frames", "eta", "proximity")} == {
        name: ours[name].default for name in ("frames", "eta", "proximity")
    }
