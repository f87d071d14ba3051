"""Tests of the true utilities of pictures, for one shopper and four garments by hand."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from keras_fashion.data.sources.atelier import Oracle, existing_utilities, measure, true_utility
from keras_fashion.data.sources.atelier.attributes import CATEGORIES, GARMENT, garment_lab
from keras_fashion.data.sources.atelier.garments import draw_garment
from keras_fashion.data.sources.atelier.oracle import NO_GARMENT_UTILITY
from keras_fashion.data.sources.atelier.shoppers import SHOPPER
from keras_fashion.evaluation.atelier_utilities import true_utilities

TOPS = CATEGORIES.index("Tops")
IDEAL = 40.0, 30.0, 40.0  # L*, C*, hue


@pytest.fixture(scope="module")
def oracle():
    """One shopper, and tops of their hue whose lengths approach what they like."""
    garments = np.zeros(4, GARMENT)
    garments["category"] = TOPS
    garments["lightness"], garments["chroma"], garments["hue"] = IDEAL
    garments["width"] = 0.5
    garments["length"] = [0.0, 0.3, 0.6, 0.9]
    shoppers = np.zeros(1, SHOPPER)
    shoppers["color"] = garment_lab(garments)[0]
    shoppers["length"] = 0.9
    return Oracle(garments, shoppers, np.zeros(4))


def drawn(oracle, garment):
    return draw_garment(oracle.garments[garment], 64)


def test_existing_utilities_are_the_stated_ones(oracle):
    # -(length - .9)² / (2 · .22²), the color being the ideal one.
    expected = [-((length - 0.9) ** 2) / (2 * 0.22**2) for length in (0.0, 0.3, 0.6, 0.9)]
    np.testing.assert_allclose(existing_utilities(oracle, 0, "Tops"), expected, atol=1e-9)


def test_utility_of_a_picture_is_that_of_its_color_and_length(oracle):
    measured = measure(drawn(oracle, 1), "Tops")._replace(lightness=57.0, length=0.68)
    measured = measured._replace(chroma=IDEAL[1], hue=IDEAL[2])
    # 17 units of lightness and .22 of length are one tolerance each: half a nat each.
    assert true_utility(oracle, measured, 0, "Tops") == pytest.approx(-1.0)


def test_a_picture_of_nothing_is_worth_less_than_any_garment(oracle):
    white = np.full((64, 64, 3), 255, np.uint8)
    assert true_utility(oracle, measure(white, "Tops"), 0, "Tops") == NO_GARMENT_UTILITY
    worst = -((rgb2lab([[[0, 0, 1.0]]]) - oracle.shoppers["color"]) ** 2).sum() / (2 * 17**2)
    assert worst > NO_GARMENT_UTILITY


def test_methods_are_held_against_the_first_retrieved_and_the_best_that_exists(oracle):
    pictures = {
        "retrieval": [[drawn(oracle, 1), drawn(oracle, 3)], [drawn(oracle, 2), drawn(oracle, 2)]],
        "worse": [[drawn(oracle, 0), drawn(oracle, 3)], [drawn(oracle, 0), drawn(oracle, 0)]],
        "better": [[drawn(oracle, 2), drawn(oracle, 0)], [drawn(oracle, 2), drawn(oracle, 0)]],
    }
    pictures = {
        method: np.stack([np.stack(row) for row in rows]) for method, rows in pictures.items()
    }
    table = true_utilities(oracle, np.array([0, 0]), ["Tops", "Tops"], pictures)
    by = table.set_index(["method", "pair"])
    assert by["above_retrieved"].to_dict() == {
        ("retrieval", 0): 0.5,
        ("retrieval", 1): 0.5,
        ("worse", 0): 0,
        ("worse", 1): 0,
        ("better", 0): 1,
        ("better", 1): 0.5,
    }
    # The best that exists has the ideal's color and length.
    assert not by["above_best"].any()
    utilities = [
        by["utility"]["worse", 0],
        by["utility"]["retrieval", 0],
        by["utility"]["better", 0],
    ]
    np.testing.assert_allclose(utilities, existing_utilities(oracle, 0, "Tops")[:3], rtol=0.2)
    # Short lengths are measured a little too long, so that each is above its own garment.
    for method, recovery in [("worse", 0.25), ("retrieval", 0.5), ("better", 0.75)]:
        assert by["recovery"][method, 0] == recovery


def test_a_design_above_all_that_exists_is_said(oracle):
    poorer = Oracle(oracle.garments[:2], oracle.shoppers, oracle.popularity[:2])
    pictures = {
        "retrieval": np.stack([drawn(oracle, 1)])[None],
        "new": np.stack([drawn(oracle, 3)])[None],
    }
    table = true_utilities(poorer, np.array([0]), ["Tops"], pictures).set_index("method")
    assert table["above_best"]["new"] == 1 and table["above_retrieved"]["new"] == 1
    assert table["recovery"]["new"] == 1
