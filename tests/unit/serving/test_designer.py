"""The exported designer, in a process of its own, against the Python one."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from tiny_world import CATEGORIES, Question

from keras_fashion.catalogue import decode_picture
from keras_fashion.design import PROCEDURES, PreferenceMaximiser
from keras_fashion.design import redesign as redesign_in_python
from keras_fashion.serving.signatures.designer import (
    MOST_DRAWINGS,
    MOST_FRAMES,
    MOST_MEMBERS,
    MOST_STEPS,
)

MODEL = "designer/1"
DEFAULT = PROCEDURES["default"]
DESIGN = {"user_id": ["bob"], "category": "Röcke", "count": 3, "eta": 0.5, "steps": 6, "seed": 7}
GROUP = ["ann", "007"]


@pytest.fixture(scope="module")
def redesign(new_picture):
    return {
        "image_bytes": new_picture,
        "user_id": ["bob"],
        "category": "Shoes",
        "frames": 4,
        "eta": 0.1,
        "proximity": 0.1,
    }


@pytest.fixture(scope="module")
def answers(ask, redesign):
    drawing = {"category": "Shoes", "count": 4, "seed": 5}
    designs = {
        "design": {},
        "group": {"user_id": GROUP},
        "more_steps": {"steps": 9},
        "no_steps": {"steps": 0},
        "unknown_category": {"category": "Hats"},
        "unknown_user": {"user_id": ["ann", "nobody"]},
        "untrained_user": {"user_id": ["new-here"]},
        "too_many": {"count": DEFAULT.restarts + 1},
        "none_asked": {"count": 0},
        "empty_group": {"user_id": []},
        "crowd": {"user_id": ["ann"] * (MOST_MEMBERS + 1)},
        "negative_eta": {"eta": -0.5},
        "eta_of_nan": {"eta": float("nan")},
        "endless": {"steps": MOST_STEPS + 1},
    }
    redesigns = {
        "redesign": {},
        "broken": {"image_bytes": b"no picture"},
        "one_frame": {"frames": 1},
        "film": {"frames": MOST_FRAMES + 1},
        "pushed": {"proximity": -1.0},
        "whose": {"user_id": ["nobody"]},
    }
    drawings = {"generate": {}, "unknown_drawing": {"category": "Hats"}}
    drawings |= {"flood": {"count": MOST_DRAWINGS + 1}}
    return ask(
        {name: Question(MODEL, "design", DESIGN | each) for name, each in designs.items()}
        | {name: Question(MODEL, "redesign", redesign | each) for name, each in redesigns.items()}
        | {name: Question(MODEL, "generate", drawing | each) for name, each in drawings.items()}
        | {"default": Question(MODEL, "serving_default", DESIGN)}
    )


@pytest.fixture(scope="module")
def maximiser(world):
    return PreferenceMaximiser(world.dvbpr.model, world.gan.model)


def test_generates_as_in_python(world, answers, maximiser):
    shoes = tf.fill([4], world.catalogue.category_index("Shoes"))
    pictures, _, realism = maximiser.terms(maximiser.prior(4, 5), shoes)
    expected = np.clip((pictures.numpy() + 1) * 127.5, 0, 255)
    assert expected.std() > 0.5
    np.testing.assert_allclose(answers["generate"]["image_bytes"], expected, atol=1)
    np.testing.assert_allclose(answers["generate"]["realism"], realism, rtol=1e-3, atol=1e-4)


def is_alike(answer, designs):
    """Whether what was served is what Python made: pictures, and what is said of them."""
    pictures = answer["image_bytes"]
    assert pictures.shape == designs.pictures.shape and pictures.dtype == np.uint8
    assert np.abs(pictures.astype(int) - designs.pictures.astype(int)).max() <= 1
    np.testing.assert_allclose(answer["preference"], designs.preference, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(answer["realism"], designs.realism, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "users", "steps"),
    [("design", ["bob"], 6), ("group", GROUP, 6), ("more_steps", ["bob"], 9)],
)
def test_designs_as_in_python(world, answers, maximiser, name, users, steps):
    catalogue, asked = world.catalogue, {"count": 3, "eta": 0.5, "seed": 7}
    users = [catalogue.user_index(user) for user in users]
    category = catalogue.category_index("Röcke")
    search = maximiser
    if steps != DEFAULT.steps:
        procedure = replace(DEFAULT, steps=steps)
        search = PreferenceMaximiser(world.dvbpr.model, world.gan.model, procedure)
    designs = search.design(users, category, **asked)
    first = {key: value[0] for key, value in vars(designs).items() if key != "evaluations"}
    is_alike(answers[name], replace(designs, **first))
    if search is not maximiser:
        return
    # The ascent ran: chance finds nothing so good among as many codes, by the mean of the members.
    thetas = world.dvbpr.model.theta.numpy()[users]
    _, styles, realism = maximiser.terms(maximiser.prior(32, 7), tf.fill([32], category))
    sample = maximiser.prior_sample([category]).styles[0].numpy() @ thetas.T
    level, spread = sample.mean(axis=0), sample.std(axis=0)
    together = ((styles.numpy() @ thetas.T - level) / spread).mean(axis=1)
    chance = level.mean() + spread.mean() * together
    objective = answers[name]["preference"] - 0.5 * (answers[name]["realism"] - 1) ** 2
    assert objective.min() > np.max(chance - 0.5 * (realism - 1) ** 2)


def test_steps_are_those_that_were_asked_for(answers):
    pictures = [answers[name]["image_bytes"] for name in ("no_steps", "design", "more_steps")]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


def test_designing_is_the_default(answers):
    np.testing.assert_array_equal(
        answers["default"]["image_bytes"], answers["design"]["image_bytes"]
    )


def test_redesigns_as_in_python(world, answers, maximiser, new_picture):
    catalogue = world.catalogue
    picture = decode_picture(new_picture, world.gan.model.picture_size).numpy()
    strip = redesign_in_python(
        maximiser,
        catalogue.user_index("bob"),
        picture,
        catalogue.category_index("Shoes"),
        frames=4,
        eta=0.1,
        proximity=0.1,
    )
    is_alike(answers["redesign"], strip)
    np.testing.assert_allclose(answers["redesign"]["distance"], strip.distance, rtol=1e-2)
    assert not np.array_equal(strip.pictures[0], strip.pictures[-1])


RESTARTS = f"count must be from 1 to {DEFAULT.restarts}; row 0 has"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown_category", "category is not known: Hats"),
        ("unknown_drawing", "category is not known: Hats"),
        ("unknown_user", "user_id is not known: nobody"),
        ("untrained_user", "user_id is not known: new-here"),
        ("whose", "user_id is not known: nobody"),
        ("too_many", f"{RESTARTS} {DEFAULT.restarts + 1}"),
        ("none_asked", f"{RESTARTS} 0"),
        ("flood", f"count must be from 1 to {MOST_DRAWINGS}"),
        ("empty_group", f"user_id must have from 1 to {MOST_MEMBERS} rows; there are 0"),
        ("crowd", f"user_id must have from 1 to {MOST_MEMBERS} rows; there are {MOST_MEMBERS + 1}"),
        ("negative_eta", "eta must be from 0.0 to 1000.0; row 0 has -0.5"),
        ("eta_of_nan", "eta must be from 0.0 to 1000.0; row 0 has nan"),
        ("endless", f"steps must be from 0 to {MOST_STEPS}"),
        ("broken", "image_bytes must be undamaged JPEG files"),
        ("one_frame", f"frames must be from 2 to {MOST_FRAMES}; row 0 has 1"),
        ("film", f"frames must be from 2 to {MOST_FRAMES}"),
        ("pushed", "proximity must be from 0.0 to 1000.0; row 0 has -1"),
    ],
)
def test_mistakes_are_named(answers, name, words):
    message = str(answers[name]["error"])
    assert words in message
    assert "[ann" not in message  # only what is wrong is named


def test_the_categories_are_those_of_the_catalogue(world):
    assert world.catalogue.categories == CATEGORIES
