"""Tests of the exported designer, in another process, against the Python one."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from served_questions import DESIGN, GROUP
from tiny_world import CATEGORIES

from keras_fashion.data import decode_picture
from keras_fashion.design import PROCEDURES, PreferenceMaximizer
from keras_fashion.design import redesign as redesign_in_python
from keras_fashion.serving.signatures.designer import (
    MAX_FRAMES,
    MAX_GENERATED,
    MAX_MEMBERS,
    MAX_STEPS,
)

DEFAULT = PROCEDURES["default"]


@pytest.fixture(scope="module")
def answers(all_answers):
    return {name.removeprefix("designer/"): each for name, each in all_answers.items()}


@pytest.fixture(scope="module")
def maximizer(world):
    """A maximizer with the requested number of steps, which is not the default."""
    procedure = replace(DEFAULT, steps=DESIGN["steps"])
    assert procedure != DEFAULT
    return PreferenceMaximizer(world.dvbpr.model, world.gan.model, procedure)


def test_generates_as_in_python(world, answers, maximizer):
    shoes = tf.fill([4], world.catalogue.category_index("Shoes"))
    pictures, _, realism = maximizer.terms(maximizer.prior(4, 5), shoes)
    expected = np.clip((pictures.numpy() + 1) * 127.5, 0, 255)
    assert expected.std() > 0.5
    np.testing.assert_allclose(answers["generate"]["image_bytes"], expected, atol=1)
    np.testing.assert_allclose(answers["generate"]["realism"], realism, rtol=1e-3, atol=1e-4)


def assert_close(answer, designs):
    """Asserts that a served answer has the pictures and values of Python's designs."""
    pictures = answer["image_bytes"]
    assert pictures.shape == designs.pictures.shape and pictures.dtype == np.uint8
    assert np.abs(pictures.astype(int) - designs.pictures.astype(int)).max() <= 1
    np.testing.assert_allclose(answer["preference"], designs.preference, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(answer["realism"], designs.realism, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "users"), [("design", ["bob", "bob"]), ("group", GROUP)])
def test_designs_as_in_python(world, answers, maximizer, name, users):
    """In Python, one user is a group of the same user twice, which needs no other graph."""
    catalogue = world.catalogue
    users = [catalogue.user_index(user) for user in users]
    category = catalogue.category_index("Röcke")
    designs = maximizer.design(users, category, count=3, eta=0.5, seed=7)
    first = {key: value[0] for key, value in vars(designs).items() if key != "evaluations"}
    assert_close(answers[name], replace(designs, **first))
    # The search ran: its designs are better than random latents by the members' mean.
    thetas = world.dvbpr.model.theta.numpy()[users]
    _, embeddings, realism = maximizer.terms(maximizer.prior(32, 7), tf.fill([32], category))
    sample = maximizer.prior_sample([category]).embeddings[0].numpy() @ thetas.T
    level, spread = sample.mean(axis=0), sample.std(axis=0)
    mean = ((embeddings.numpy() @ thetas.T - level) / spread).mean(axis=1)
    chance = level.mean() + spread.mean() * mean
    eta = 0.5 * spread.mean()
    objective = answers[name]["preference"] - eta * (answers[name]["realism"] - 1) ** 2
    assert objective.mean() > np.max(chance - eta * (realism - 1) ** 2)


def test_the_number_of_steps_is_that_of_the_request(answers):
    pictures = [answers[name]["image_bytes"] for name in ("no_steps", "fewer_steps", "design")]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


def test_designing_is_the_default(all_answers):
    """No other signature has the same inputs."""
    model = all_answers["designer/1"]
    takes = dict(zip(model["signatures"], model["takes"], strict=True))
    same = {name for name in takes if takes[name] == takes["serving_default"]}
    assert same == {"design", "serving_default"}


def test_redesigns_as_in_python(world, answers, maximizer, new_picture):
    catalogue = world.catalogue
    picture = decode_picture(new_picture, world.gan.model.picture_size).numpy()
    strip = redesign_in_python(
        maximizer,
        catalogue.user_index("bob"),
        picture,
        catalogue.category_index("Shoes"),
        frames=4,
        eta=0.1,
        proximity=0.1,
    )
    assert_close(answers["redesign"], strip)
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
        ("flood", f"count must be from 1 to {MAX_GENERATED}"),
        ("empty_group", f"user_id must have from 1 to {MAX_MEMBERS} rows; there are 0"),
        ("crowd", f"user_id must have from 1 to {MAX_MEMBERS} rows; there are {MAX_MEMBERS + 1}"),
        ("negative_eta", "eta must be from 0.0 to 1000.0; row 0 has -0.5"),
        ("eta_of_nan", "eta must be from 0.0 to 1000.0; row 0 has nan"),
        ("endless", f"steps must be from 0 to {MAX_STEPS}"),
        ("broken", "image_bytes must be undamaged JPEG files"),
        ("one_frame", f"frames must be from 2 to {MAX_FRAMES}; row 0 has 1"),
        ("film", f"frames must be from 2 to {MAX_FRAMES}"),
        ("pushed", "proximity must be from 0.0 to 1000.0; row 0 has -1"),
    ],
)
def test_mistakes_are_named(answers, name, words):
    message = str(answers[name]["error"])
    assert words in message
    assert "[ann" not in message  # only the wrong ids are named


def test_the_categories_are_those_of_the_catalogue(world):
    assert world.catalogue.categories == CATEGORIES
