"""Tests of the edit directions, against generators whose attributes are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from keras_fashion.design.edit_directions import edit_latents, find_directions, fit_probes
from keras_fashion.design.latent_search import to_normal
from keras_fashion.errors import InputError

WEIGHTS = np.array([[3, 0, 0, 0, 0], [2, 2, 0, 0, 0], [0, 0, 0, 5, 1]], float)
NAMES = ["length", "lightness", "width"]


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).standard_normal((400, 5), np.float32)


@pytest.fixture(scope="module")
def directions(x):
    return fit_probes(x, pd.DataFrame(10 + x @ WEIGHTS.T, columns=NAMES))


def test_a_known_direction_is_recovered(directions, x):
    exact = WEIGHTS / (x @ WEIGHTS.T).std(axis=0)[:, None]
    np.testing.assert_allclose(directions.slopes, exact, rtol=0.005, atol=0.001)
    np.testing.assert_allclose(directions.explained, 1, atol=1e-4)


def test_one_unit_of_strength_is_one_standard_deviation(directions, x):
    latents = np.random.default_rng(1).uniform(-0.9, 0.9, (6, 5)).astype(np.float32)
    for strength in (-2, 1):
        edited = edit_latents(latents, directions.direction("width"), strength)
        change = (to_normal(edited).numpy() - to_normal(latents).numpy()) @ WEIGHTS[2]
        deviation = (x @ WEIGHTS[2]).std()
        np.testing.assert_allclose(change, strength * deviation, rtol=0.01)
        assert edited.dtype == np.float32 and np.abs(edited).max() < 1


def test_held_attributes_stay_and_the_edited_one_moves_by_one(directions):
    step = directions.direction("length", ["lightness"])
    by_probes = directions.slopes @ step
    np.testing.assert_allclose(by_probes, [1, 0, 0], atol=1e-3)
    # The smallest such step, by hand, is proportional to (1, -1) in the first two coordinates.
    np.testing.assert_allclose(step[1] / step[0], -1, rtol=0.01)
    assert (directions.slopes @ directions.direction("length"))[1] > 0.5


def test_the_held_basis_is_orthonormal_and_spans_the_slopes(directions):
    basis = directions.held_basis(["length", "lightness", "lightness"])
    assert basis.shape == (2, 5) and basis.dtype == np.float32
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-6)
    for slope in directions.slopes[:2]:
        np.testing.assert_allclose((basis @ slope) @ basis, slope, atol=1e-5)
    assert directions.held_basis([]).shape == (0, 5)


def test_explained_is_low_where_an_attribute_is_not_linear(x):
    noise = np.random.default_rng(2).normal(size=400)
    found = fit_probes(x, pd.DataFrame({"square": x[:, 0] ** 2, "half": x[:, 0] + noise}))
    assert found.explained[0] < 0.1
    assert 0.4 < found.explained[1] < 0.6
    held_out = np.random.default_rng(3).standard_normal((2000, 5))
    truth = held_out[:, 0] + np.random.default_rng(4).normal(size=2000)
    plain = LinearRegression().fit(x, x[:, 0] + noise)
    np.testing.assert_allclose(found.explained[1], plain.score(held_out, truth), atol=0.05)


def test_it_probes_the_pictures_of_the_category():
    def draw(latents, category):
        value = np.where(category == 1, 127.5 * (1 + latents[:, 2]), 0)
        return np.broadcast_to(value[:, None, None, None], (len(latents), 4, 4, 3)).astype(np.uint8)

    def measure(pictures):
        return pd.DataFrame({"gray": pictures.mean(axis=(1, 2, 3))})

    gan = SimpleNamespace(latent_dim=5, draw=draw)
    found = find_directions(gan, 1, measure, 300)
    assert np.abs(found.slopes[0]).argmax() == 2 and found.explained[0] > 0.9
    with pytest.raises(InputError, match="do not differ in 'gray'"):
        find_directions(gan, 0, measure, 300).direction("gray")


def test_mistakes_are_named(directions):
    with pytest.raises(InputError, match="no attribute 'sleeve'; there are length, lightness"):
        directions.direction("sleeve")
    with pytest.raises(InputError, match="no attribute 'sleeve'"):
        directions.direction("length", ["sleeve"])
    with pytest.raises(InputError, match="'length' cannot change while length"):
        directions.direction("length", ["length"])
