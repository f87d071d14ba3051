"""The requests of the tests of serving, which are made together in one process.

A name starts with the tests that use the answer: "recommender/mixed", "designer/group".
"""

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
from tiny_world import Question

from keras_fashion.design import PROCEDURES
from keras_fashion.serving.signatures.designer import (
    MAX_FRAMES,
    MAX_GENERATED,
    MAX_MEMBERS,
    MAX_STEPS,
)
from keras_fashion.serving.signatures.item_table import MAX_K
from keras_fashion.serving.warm_up import FILE

MODELS = {"dvbpr": "recommender/1", "full": "recommender/2"}
WITH_PICTURES = MODELS | {"dated": "recommender/3"}
EXPORTED = [*WITH_PICTURES.values(), "designer/1", "designer/2"]

DESIGN = {"user_id": ["bob"], "category": "Röcke", "count": 3, "eta": 0.5, "steps": 7, "seed": 7}
"""Inputs of `design`, with another number of steps than the default."""
GROUP = ["ann", "007"]

DATES = ["2018-12-24", "2019-08-31", "2020-02-29", "2020-06-01", "2020-12-24", "2023-07-15"]
"""Before the training, in its first, third and last quarter, and 2 and 13 quarters later."""
LAST_DATE = "2020-05-31"
"""A day of the last month of training."""
NO_DATES = ["2020-06-31", "24.12.2020", "", "2020-6-1", "2021-02-29", "2020-12-24 00:00:00"]

HISTORIES = [["x0", "x7", "x3"], ["x5", "", "unheard of"], ["", "unheard of", ""]]
"""Purchases of newcomers; x3 stands for the item of dense index 3."""


def all_questions(exported, catalogue, new_picture):
    """Returns all requests by name."""
    parts = {
        "recommender": recommender_questions(catalogue, new_picture),
        "designer": designer_questions(new_picture),
        "dated": dated_questions(catalogue),
        "warm_up": {
            f"{model}/{name}": question
            for model in EXPORTED
            for name, question in warm_up_questions(exported, model).items()
        },
    }
    return {
        f"{part}/{name}": question
        for part, questions in parts.items()
        for name, question in questions.items()
    }


def everyone(catalogue):
    return [*catalogue.user_ids.tolist(), "nobody"]


def recommend(users, model=MODELS["dvbpr"], k=5, category="", exclude_seen=True):
    """Returns one request; a value that is no list is the same in every row."""
    inputs = {"user_id": users, "k": k, "category": category, "exclude_seen": exclude_seen}
    rows = {
        name: value if isinstance(value, list) else [value] * len(users)
        for name, value in inputs.items()
    }
    return Question(model, "recommend", rows)


def score_all(catalogue, model):
    """Returns a request for all pairs of users and items, with an unknown one of each."""
    users, items = everyone(catalogue), [*catalogue.item_ids.tolist(), "no such item"]
    pairs = {
        "user_id": [user for user in users for _ in items],
        "item_id": [item for _ in users for item in items],
    }
    return Question(model, "score", pairs)


def recommender_questions(catalogue, new_picture):
    users = everyone(catalogue)
    ids = {f"x{place}": name for place, name in enumerate(catalogue.item_ids)}
    histories = [[ids.get(item, item) for item in row] for row in HISTORIES]
    pictures = [*(catalogue.picture_files[i] for i in range(3)), new_picture]
    broken = [new_picture, b"no picture", new_picture, new_picture[:200]]
    mixed = {"k": [2, 20, 1, 9], "category": ["", "Shoes", "Röcke", "Shoes"]}
    seen = {"exclude_seen": [True, False, False, True]}
    questions = {
        "mixed": recommend([*users[:3], "nobody"], **mixed, **seen),
        "default": recommend(users)._replace(signature="serving_default"),
        "one": recommend(["bob"]),
        "hats": recommend(["bob", "ann"], category=["", "Hats"]),
        "giant": recommend(["bob", "ann"], k=[3, MAX_K + 1]),
        "k_of_0": recommend(["bob"], k=0),
        "empty": recommend([]),
        "flood": recommend(["ann"] * 1025),
        "album": Question(MODELS["dvbpr"], "embed", {"image_bytes": [new_picture] * 65}),
        "many": recommend([*users, "bob"] * 25, k=[2, 5, 1, 20, 3, 4, 6, 7] * 25),
        "ragged": recommend(["ann", "bob"], k=[1]),
        "picture": Question(MODELS["dvbpr"], "embed", {"image_bytes": pictures}),
        "broken": Question(MODELS["dvbpr"], "embed", {"image_bytes": broken}),
        "all_broken": Question(MODELS["dvbpr"], "embed", {"image_bytes": broken[1:2]}),
        "no_pictures": Question(MODELS["dvbpr"], "embed", {"image_bytes": []}),
        "bomb": Question(MODELS["dvbpr"], "embed", {"image_bytes": [bomb()]}),
        "newcomer": Question(
            MODELS["full"],
            "recommend_newcomer",
            {"bought_item_id": histories, "k": [4, 20, 3], "category": ["", "", "Shoes"]},
        ),
    }
    for name, model in MODELS.items():
        questions[f"score_{name}"] = score_all(catalogue, model)
        questions[f"top_{name}"] = recommend(users, model)
    for name, model in WITH_PICTURES.items():
        asked = {"user_id": ["eve", "nobody"], "image_bytes": [new_picture] * 2}
        questions[f"score_picture_{name}"] = Question(model, "score_picture", asked)
        asked = {"image_bytes": pictures, "k": [1, 3, 20, 5]}
        questions[f"similar_{name}"] = Question(model, "similar", asked)
    return questions


def bomb():
    """Returns the header of a PNG with 10^10 pixels."""
    sides = (100_000).to_bytes(4, "big") * 2
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + sides + b"\x08\x02\x00\x00\x00"


def designer_questions(new_picture):
    drawing = {"category": "Shoes", "count": 4, "seed": 5}
    redesign = {
        "image_bytes": new_picture,
        "user_id": ["bob"],
        "category": "Shoes",
        "frames": 4,
        "eta": 0.1,
        "proximity": 0.1,
    }
    designs = {
        "design": {},
        "group": {"user_id": GROUP},
        "fewer_steps": {"steps": 2},
        "no_steps": {"steps": 0},
        "unknown_category": {"category": "Hats"},
        "unknown_user": {"user_id": ["ann", "nobody"]},
        "untrained_user": {"user_id": ["new-here"]},
        "too_many": {"count": PROCEDURES["default"].restarts + 1},
        "none_asked": {"count": 0},
        "empty_group": {"user_id": []},
        "crowd": {"user_id": ["ann"] * (MAX_MEMBERS + 1)},
        "negative_eta": {"eta": -0.5},
        "eta_of_nan": {"eta": float("nan")},
        "endless": {"steps": MAX_STEPS + 1},
    }
    redesigns = {
        "redesign": {},
        "broken": {"image_bytes": b"no picture"},
        "one_frame": {"frames": 1},
        "film": {"frames": MAX_FRAMES + 1},
        "pushed": {"proximity": -1.0},
        "whose": {"user_id": ["nobody"]},
    }
    drawings = {"generate": {}, "unknown_drawing": {"category": "Hats"}}
    drawings |= {"flood": {"count": MAX_GENERATED + 1}}
    model = "designer/1"
    return (
        {name: Question(model, "design", DESIGN | each) for name, each in designs.items()}
        | {name: Question(model, "redesign", redesign | each) for name, each in redesigns.items()}
        | {name: Question(model, "generate", drawing | each) for name, each in drawings.items()}
    )


def dated_questions(catalogue):
    model, users, count = WITH_PICTURES["dated"], everyone(catalogue), len(DATES)

    def at(dates, **inputs):
        return _dated(recommend(model=model, **inputs), date=dates)

    def design_at(date, **inputs):
        question = Question("designer/2", "design", DESIGN | inputs)
        return _dated(question, date=date)

    every = {"users": users * count, "k": 20, "exclude_seen": False}
    mixed = {"users": ["bob", "nobody", "eve"], "k": [20, 2, 3], "category": ["Shoes", "", ""]}
    no_dates = [DATES[0], *NO_DATES]
    bought = [catalogue.item_ids[item] for item in (0, 7, 3)]
    return {
        "every": at(np.repeat(DATES, len(users)).tolist(), **every),
        "last": at([LAST_DATE] * len(users), users=users),
        "undated": recommend(users, model),
        "score": score_all(catalogue, model),
        "mixed": at(DATES[-3:], **mixed),
        "no_dates": at(no_dates, users=["ann"] * len(no_dates)),
        "ragged": at(DATES[:1], users=["ann", "bob"]),
        "giant": at(DATES[:1], users=["ann"], k=MAX_K + 1),
        "hats": at(DATES[:1], users=["ann"], category="Hats"),
        "newcomer": Question(
            model,
            "recommend_newcomer",
            {"bought_item_id": [bought], "k": [4], "category": [""]},
        ),
        "design_winter": design_at(DATES[-2]),
        "design_last": design_at(LAST_DATE),
        "design": Question("designer/2", "design", DESIGN),
        "design_someday": design_at("someday"),
        "design_whose": design_at(DATES[0], user_id=["nobody"]),
    }


def _dated(question, date):
    """Returns a request to a signature with a date."""
    signature, inputs = f"{question.signature}_at", question.inputs | {"date": date}
    return question._replace(signature=signature, inputs=inputs)


def warm_up_requests(exported, model):
    """Returns the warm-up requests of an exported model, in the order of the file."""
    records = tf.data.TFRecordDataset(str(exported / model / "assets.extra" / FILE))
    return [
        PredictionLog.FromString(record).predict_log.request
        for record in records.as_numpy_iterator()
    ]


def warm_up_questions(exported, model):
    """Returns the warm-up requests by signature, in plain values."""

    def plain(name, proto):
        value = tf.make_ndarray(proto)
        text = value.dtype == object and name != "image_bytes"
        return (np.vectorize(bytes.decode)(value) if text else value).tolist()

    return {
        request.model_spec.signature_name: Question(
            model,
            request.model_spec.signature_name,
            {name: plain(name, proto) for name, proto in request.inputs.items()},
        )
        for request in warm_up_requests(exported, model)
    }
