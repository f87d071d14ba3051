"""Tests of the client over REST and gRPC, against a server double with fixed answers."""

import inspect
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest
import tensorflow as tf
from serving_double import ServingDouble

from keras_fashion.design import PROCEDURES, redesign
from keras_fashion.serving import Client, RequestRefused, ServerUnavailable
from keras_fashion.serving.client import client as answers
from keras_fashion.serving.signatures.dated import ServedDatedDesigns, ServedDatedRecommendations
from keras_fashion.serving.signatures.designer import ServedDesigner
from keras_fashion.serving.signatures.newcomers import ServedNewcomers
from keras_fashion.serving.signatures.pictures import ServedPictures
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.request_checks import require

PNG = b"\x89PNG\x00\xff"
"""Bytes that are no text in any encoding."""

LISTS = {"item_id": [[b"x1", b""], ["Röcke".encode(), b"x2"]], "score": [[0.5, -1], [2, 3.0]]}
USERS = {"known_user": [True, False]}
DRAWN = {"image_bytes": [PNG, b""], "realism": [1.0, 0.5]}

ANSWERS = {
    ServedRecommender: {
        "recommend": LISTS | USERS,
        "score": {
            "score": [0.25, -3.4e38],
            "known_user": [True, True],
            "known_item": [True, False],
        },
    },
    ServedDatedRecommendations: {"recommend_at": LISTS | USERS},
    ServedNewcomers: {"recommend_newcomer": LISTS | {"known_items": [1, 2]}},
    ServedPictures: {
        "embed": {"embedding": [[0.5, 1.5]]},
        "score_picture": {"score": [0.25, 4.0]} | USERS,
        "similar": {"item_id": [[b"x1"]], "similarity": [[0.5]]},
    },
    ServedDesigner: {
        "generate": DRAWN,
        "design": DRAWN | {"preference": [3.0, 2.0]},
        "redesign": DRAWN | {"preference": [3.0, 2.0], "distance": [0.0, 1.0]},
    },
    ServedDatedDesigns: {"design_at": DRAWN | {"preference": [3.0, 2.0]}},
}
"""Fixed answers by class and name of the signature."""

DESIGNS = {name for kind in (ServedDesigner, ServedDatedDesigns) for name in ANSWERS[kind]}
"""Names of the designer's signatures."""

ASKED = {
    "recommend": (
        ("recommend", [["ann", "Zoë"]], {"k": 4, "category": "Röcke", "exclude_seen": False}),
        {
            "user_id": ["ann", "Zoë"],
            "k": [4, 4],
            "category": ["Röcke", "Röcke"],
            "exclude_seen": [False, False],
        },
    ),
    "recommend_at": (
        ("recommend", [["ann", "Zoë"]], {"k": 4, "at": "2020-12-24"}),
        {
            "user_id": ["ann", "Zoë"],
            "k": [4, 4],
            "category": ["", ""],
            "exclude_seen": [True, True],
            "date": ["2020-12-24", "2020-12-24"],
        },
    ),
    "recommend_newcomer": (
        ("recommend_newcomer", [[["x1"], ["x2", "x3"], []]], {"k": 3}),
        {
            "bought_item_id": [["x1", ""], ["x2", "x3"], ["", ""]],
            "k": [3, 3, 3],
            "category": ["", "", ""],
        },
    ),
    "score": (
        ("score", [["ann", "bob"], ["x1", "none"]], {}),
        {"user_id": ["ann", "bob"], "item_id": ["x1", "none"]},
    ),
    "embed": (("embed", [[PNG, b"\xff"]], {}), {"image_bytes": [PNG, b"\xff"]}),
    "score_picture": (
        ("score_picture", [["ann"], [PNG]], {}),
        {"user_id": ["ann"], "image_bytes": [PNG]},
    ),
    "similar": (("similar", [[PNG, PNG]], {"k": 3}), {"image_bytes": [PNG, PNG], "k": [3, 3]}),
    "generate": (
        ("generate", ["Shoes"], {"count": 2, "seed": 3}),
        {"category": "Shoes", "count": 2, "seed": 3},
    ),
    "design": (
        ("design", [["ann"], "Shoes"], {"count": 2, "eta": 0, "steps": 2, "seed": 1}),
        {"user_id": ["ann"], "category": "Shoes", "count": 2, "eta": 0.0, "steps": 2, "seed": 1},
    ),
    "design_at": (
        ("design", [["ann"], "Shoes"], {"eta": 1, "steps": 2, "at": date(2020, 12, 24)}),
        {
            "user_id": ["ann"],
            "category": "Shoes",
            "count": 3,
            "eta": 1.0,
            "steps": 2,
            "seed": 0,
            "date": "2020-12-24",
        },
    ),
    "redesign": (
        ("redesign", [PNG, ["ann"], "Shoes"], {"frames": 2, "eta": 1, "proximity": 2}),
        {
            "image_bytes": PNG,
            "user_id": ["ann"],
            "category": "Shoes",
            "frames": 2,
            "eta": 1.0,
            "proximity": 2.0,
        },
    ),
}
"""By signature: the method with its arguments, and the inputs that the server must receive."""


class Canned:
    """A signature with the inputs of the served one, which keeps them and has a fixed answer."""

    def __init__(self, function, answer):
        self.structured_input_signature = (), {each.name: each for each in function.input_signature}
        self.answer = {name: tf.constant(value) for name, value in answer.items()}

    def __call__(self, **inputs):
        for name, spec in self.structured_input_signature[1].items():
            assert spec.is_compatible_with(inputs[name]), name
        self.got = inputs
        if "category" in inputs:
            _refuse_hats(tf.reshape(inputs["category"], [-1]))
        return self.answer


@tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
def _refuse_hats(category):
    require(tf.reduce_all(category != "Hats"), "category is not known: ", "Hats")


@pytest.fixture(scope="module")
def signatures():
    return {
        name: Canned(getattr(served, name), answer)
        for served, each in ANSWERS.items()
        for name, answer in each.items()
    }


@pytest.fixture(scope="module")
def double(signatures):
    designs = {name: signatures[name] for name in DESIGNS}
    recommends = {name: each for name, each in signatures.items() if name not in designs}
    without = {name: each for name, each in recommends.items() if name != "recommend_newcomer"}
    double = ServingDouble({"recommender": {1: without, 2: recommends}, "designer": {1: designs}})
    yield double
    double.close()


@pytest.mark.parametrize("name", ASKED)
def test_a_request_has_the_served_inputs_and_the_answer_is_read(client, double, signatures, name):
    (method, given, options), asked = ASKED[name]
    answer = getattr(client, method)(*given, **options)
    model = "designer" if name in DESIGNS else "recommender"
    assert double.asked == [(model, None, name)]
    got = {key: _plain(value) for key, value in signatures[name].got.items()}
    assert got == _encoded(asked)
    found = {"embedding": answer} if name == "embed" else answer._asdict()
    assert set(found) == set(signatures[name].answer)
    for key, value in signatures[name].answer.items():
        assert found[key].shape == value.shape
        text = key == "item_id"
        assert (_encoded(found[key].tolist()) if text else found[key].tolist()) == _plain(value)
        assert not text or found[key].dtype.kind == "U"


def _plain(tensor):
    return np.asarray(tensor.numpy(), object).tolist()


def _encoded(value):
    """Returns text as bytes."""
    if isinstance(value, dict):
        return {key: _encoded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_encoded(each) for each in value]
    return value.encode() if isinstance(value, str) else value


def test_the_outputs_that_are_read_are_those_that_are_served(exported):
    """The outputs of the answers above and of the client have the served names and types."""
    kinds = {
        "recommend": answers.Recommendations,
        "recommend_at": answers.Recommendations,
        "recommend_newcomer": answers.NewcomerRecommendations,
        "score": answers.Scores,
        "score_picture": answers.PictureScores,
        "similar": answers.SimilarItems,
        "generate": answers.GeneratedPictures,
        "design": answers.Designs,
        "design_at": answers.Designs,
        "redesign": answers.Redesign,
    }
    fixed = {name: each for served in ANSWERS.values() for name, each in served.items()}
    served = {}
    for model in ("recommender/3", "designer/2"):
        facts = (exported / model / "assets.extra" / "keras_fashion.json").read_text("utf-8")
        served |= json.loads(facts)["signatures"]
    assert set(served) == set(fixed) == set(ASKED) == {*kinds, "embed"}
    for name, described in served.items():
        outputs = {key: each.split(" ")[0] for key, each in described["outputs"].items()}
        assert outputs == {key: tf.constant(value).dtype.name for key, value in fixed[name].items()}
        assert set(outputs) == set(kinds[name]._fields if name in kinds else ["embedding"])


@pytest.mark.parametrize("asked", [{"version": 1}, {"label": "stable"}])
def test_asks_for_a_version(double, way, asked):
    double.asked.clear()
    with Client(double.addresses[way], timeout=60, **asked) as client:
        client.score(["ann"], ["none"])
        with pytest.raises(RequestRefused):  # version 1 has no such signature
            client.recommend_newcomer([["none"]])
    assert [version for _, version, _ in double.asked] == [1, 1]


def test_a_refused_request_is_reported_and_not_repeated(client, double):
    with pytest.raises(RequestRefused, match="category is not known: Hats$") as refused:
        client.recommend(["ann"], category="Hats")
    assert refused.value.status in (400, "INVALID_ARGUMENT")
    assert len(double.asked) == 1


FAULTS = {"rest": [503, 429], "grpc": ["UNAVAILABLE", "UNAVAILABLE"]}
SLOW = 1.0
"""Seconds that the slow server takes."""


def test_a_temporary_failure_is_retried(client, double, way):
    double.faults.extend(FAULTS[way])
    assert client.score(["ann"], ["none"]).known_item.tolist() == [True, False]
    assert len(double.asked) == 1 and not double.faults


def test_a_lasting_failure_is_reported(double, way):
    double.faults.extend(FAULTS[way] * 4)
    with (
        Client(double.addresses[way], timeout=60, retries=1) as client,
        pytest.raises(ServerUnavailable, match="a fault"),
    ):
        client.score(["ann"], ["none"])
    assert len(double.faults) == 6
    double.faults.clear()


def test_a_request_to_a_slow_server_is_not_repeated(double, way):
    """It goes on computing the first request, so a repetition would only add to its work."""
    double.asked.clear()
    double.faults.append(SLOW)
    with (
        Client(double.addresses[way], timeout=0.5, retries=3) as client,
        pytest.raises(ServerUnavailable),
    ):
        client.score(["ann"], ["none"])
    time.sleep(SLOW)
    assert len(double.asked) <= 1 and not double.faults


def test_a_client_serves_many_threads(client, double):
    def ask(number):
        answer = client.embed([PNG]) if number % 2 else client.score(["ann"], ["none"]).score
        return answer.shape

    with ThreadPoolExecutor(8) as threads:
        shapes = list(threads.map(ask, range(40)))
    assert shapes == [(2,), (1, 2)] * 20
    assert len(double.asked) == 40


def test_an_absent_server_is_reported(way):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheme = {"rest": "http", "grpc": "grpc"}[way]
    with (
        Client(f"{scheme}://127.0.0.1:{port}", timeout=5, retries=0) as client,
        pytest.raises(ServerUnavailable, match=str(port)),
    ):
        client.score(["ann"], ["none"])


def test_a_silent_server_is_not_waited_for_longer_than_the_timeout(way):
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
def test_an_answer_of_another_kind_is_reported(double, answer):
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


def test_rest_does_not_import_tensorflow():
    code = (
        "import sys; from keras_fashion.serving import Client; Client('http://localhost:1'); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_defaults_are_those_of_the_package():
    """The defaults are repeated in the client, because it does not import TensorFlow."""
    defaults = {
        name: each.default
        for method in (Client.design, Client.redesign)
        for name, each in inspect.signature(method).parameters.items()
    }
    ours = inspect.signature(redesign).parameters
    assert defaults["steps"] == PROCEDURES["default"].steps
    assert defaults["eta"] == PROCEDURES["default"].eta
    assert {name: defaults[name] for name in ("frames", "proximity")} == {
        name: ours[name].default for name in ("frames", "proximity")
    }
