"""Tests of exports behind MLflow's server, in an environment without this package.

KERAS_FASHION_SERVER names the python of that environment; `make test-serving` sets it.
"""

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
import urllib3
from malformed import MALFORMED, send
from mlflow_server import mlflow_server

from keras_fashion.app.exporting import export
from keras_fashion.serving import Client, RequestRefused

PYTHON = os.environ.get("KERAS_FASHION_SERVER")

pytestmark = pytest.mark.skipif(PYTHON is None, reason="make test-serving names a server")


@pytest.fixture(scope="module")
def models(world, exported, tmp_path_factory):
    """A new folder in which the full DVBPR is version 1, and BPR-MF can become version 2."""
    folder = tmp_path_factory.mktemp("served")
    (bprmf,) = export(world.bprmf, None, tmp_path_factory.mktemp("bprmf"))
    shutil.copytree(exported / "recommender" / "2", folder / "recommender" / "1")
    shutil.copytree(bprmf, folder / "recommender" / ".2.preparing")
    shutil.copytree(exported / "designer" / "1", folder / "designer" / "1")
    return folder


@pytest.fixture(scope="module")
def address(models):
    with mlflow_server(models, PYTHON) as (address, _):
        yield address


@pytest.fixture
def client(address):
    with Client(address.replace("http", "mlflow"), timeout=60, retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def called(models):
    """The same versions, which are called without a server."""
    return {
        name: tf.saved_model.load(str(models / name / "1")).signatures
        for name in ("recommender", "designer")
    }


def test_the_package_is_not_there():
    code = "import keras_fashion"
    assert os.spawnl(os.P_WAIT, PYTHON, PYTHON, "-I", "-c", code) != 0


def test_answers_as_without_a_server(client, called, world, new_picture):
    users = ["ann", "nobody"]
    answer = client.recommend(users, k=4)
    expected = called["recommender"]["recommend"](
        user_id=tf.constant(users),
        k=tf.constant([4, 4]),
        category=tf.constant(["", ""]),
        exclude_seen=tf.constant([True, True]),
    )
    assert answer.item_id.tolist() == expected["item_id"].numpy().astype(str).tolist()
    np.testing.assert_allclose(answer.score, expected["score"], rtol=1e-5)
    assert answer.known_user.tolist() == [True, False]

    embedding = called["recommender"]["embed"](image_bytes=tf.constant([new_picture]))
    np.testing.assert_allclose(
        client.embed([new_picture]), embedding["embedding"], rtol=1e-5, atol=1e-6
    )
    history = world.catalogue.item_ids[:2].tolist()
    assert client.recommend_newcomer([history, []], k=2).known_items.tolist() == [2, 0]

    designs = client.design(["ann"], "Shoes", count=2, steps=3, seed=4)
    expected = called["designer"]["design"](
        user_id=tf.constant(["ann"]),
        category=tf.constant("Shoes"),
        count=tf.constant(2),
        eta=tf.constant(1.0),
        steps=tf.constant(3),
        seed=tf.constant(4),
    )
    for ours, theirs in zip(designs.image_bytes, expected["image_bytes"].numpy(), strict=True):
        ours, theirs = (tf.io.decode_png(each).numpy().astype(int) for each in (ours, theirs))
        assert np.abs(ours - theirs).max() <= 1
    np.testing.assert_allclose(designs.preference, expected["preference"], rtol=1e-3)
    assert client.redesign(new_picture, ["ann"], "Shoes", frames=3).distance.shape == (3,)


def test_takes_rows_as_tensorflow_serving_does(address, client):
    row = {"user_id": "ann", "k": 3, "category": "", "exclude_seen": True}
    rows = {"instances": [row, row | {"user_id": "bob"}]}
    answer = urllib3.request("POST", f"{address}/invocations", json=rows)
    assert answer.status == 200
    expected = client.recommend(["ann", "bob"], k=3)
    assert answer.json()["predictions"]["item_id"] == expected.item_id.tolist()


@pytest.mark.parametrize("name", MALFORMED)
def test_refuses_what_is_malformed(address, name):
    assert send(urllib3.PoolManager(), address, name) == (400, True)


def test_the_reason_of_a_refusal_is_reported(client):
    with pytest.raises(RequestRefused, match="category is not known: Hats"):
        client.recommend(["ann"], category="Hats")


def test_concurrent_requests_do_not_affect_each_other(address, client, world, new_picture):
    """Concurrent requests are computed together with those of the same kind only."""
    history = [world.catalogue.item_ids[:2].tolist()]
    questions = [
        lambda: client.recommend(["ann"], k=3).score,
        lambda: client.recommend(["bob"] * 70, k=7, category="Shoes").score,
        lambda: client.recommend_newcomer(history, k=5).score,
        lambda: client.embed([new_picture]),
        lambda: client.similar([new_picture], k=2).similarity,
        lambda: client.score_picture(["ann"], [new_picture]).score,
    ]
    expected = [question() for question in questions]
    pool = urllib3.PoolManager(maxsize=16)

    def ask(number):
        kind = number % 8
        if kind >= len(questions):
            broken = ["corrupt picture", "giant k"][kind - len(questions)]
            return send(pool, address, broken) == (400, True)
        return np.allclose(questions[kind](), expected[kind], rtol=1e-4, atol=1e-5)

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(800)))


def test_versions_are_taken_up_and_withdrawn_and_no_request_fails(models, client):
    """This is one test, because workers may run tests in any order; it ends with version 1."""
    asked, ended = [], threading.Event()

    def ask():
        while not ended.is_set():
            asked.append(client.score(["ann"], ["none"]).known_item.tolist())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    before = client.recommend(["ann"]).score
    (models / "recommender" / ".2.preparing").rename(models / "recommender" / "2")
    try:
        for _ in range(100):
            time.sleep(0.2)
            if not np.array_equal(client.recommend(["ann"]).score, before):
                break
        else:
            pytest.fail("version 2 is not taken up")
    finally:
        count = len(asked)
        ended.set()
        for thread in threads:
            thread.join()
    assert count > 20 and asked == [[False]] * len(asked)
    with pytest.raises(RequestRefused):  # version 2 is BPR-MF, which has no encoder
        client.embed([b""])

    # After a version is withdrawn the previous one is served; a broken one is never served.
    broken = models / "recommender" / "3"
    broken.mkdir()
    (broken / "saved_model.pb").write_bytes(b"nothing")
    (models / "recommender" / "2").rename(models / "recommender" / ".2.withdrawn")
    for _ in range(100):
        time.sleep(0.2)
        try:
            client.recommend_newcomer([["none"]])  # which only version 1 serves
            return
        except RequestRefused:
            continue
    pytest.fail("version 1 is not taken up again")
