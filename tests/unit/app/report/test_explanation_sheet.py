from dataclasses import replace

import numpy as np
import pytest

from keras_fashion.app.report.explanation_sheet import (
    explanation_sheet,
    heat_overlay,
    heat_scale,
    shown_size,
    text_card,
)
from keras_fashion.design.explanations import ComparedItem, Explanation


@pytest.fixture
def explanation():
    random = np.random.default_rng(0)
    return Explanation(
        picture=random.integers(0, 256, (32, 24, 3)).astype(np.uint8),
        category=2,
        preference=-0.5,
        liked_less=0.25,
        influence=random.normal(0, 1, (32, 24)).astype(np.float32),
        similar_items=[ComparedItem(item, 0.1, -0.4, 0.3) for item in (2, 5, 8)],
        better=ComparedItem(11, 0.4, 1.2, 0.95),
        differences={"colour_group": ("red", "dark blue")},
    )


def contains(sheet, picture):
    """Whether a picture stands somewhere in a sheet."""
    height, width, _ = picture.shape
    middle = picture[height // 2, width // 2]  # a corner may be of the bars' white
    for row, column in np.argwhere((sheet == middle).all(axis=-1)):
        top, left = row - height // 2, column - width // 2
        if np.array_equal(sheet[top : top + height, left : left + width], picture):
            return True
    return False


def test_pictures_are_shown_in_the_encoders_proportions():
    assert shown_size((32, 32)) == (192, 192)
    assert shown_size((32, 24)) == (192, 144)


def test_it_shows_the_picture_its_likes_and_what_would_please(explanation, tiny_catalogue):
    size = shown_size((32, 24))
    shown = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    sheet = np.asarray(explanation_sheet(tiny_catalogue, explanation, shown, "a", "ann"))
    assert contains(sheet, shown)
    for item in (2, 5, 8, 11):
        assert contains(sheet, tiny_catalogue.pictures_of([item], size)[0])
    assert not contains(sheet, tiny_catalogue.pictures_of([14], size)[0])

    alone = replace(explanation, better=None, differences={})
    drawn = np.asarray(explanation_sheet(tiny_catalogue, alone, shown, "a", "ann"))
    assert drawn.shape[0] < sheet.shape[0] - 192
    assert not contains(drawn, tiny_catalogue.pictures_of([11], size)[0])


def test_a_map_of_nothing_is_drawn_too(explanation, tiny_catalogue):
    nothing = replace(
        explanation,
        influence=np.zeros((32, 24), np.float32),
        similar_items=[],
        better=None,
        differences={},
    )
    shown = np.full((*shown_size((32, 24)), 3), 200, np.uint8)
    assert explanation_sheet(tiny_catalogue, nothing, shown, "a", "ann").width > 3 * 144


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype(np.uint8)


def test_where_the_map_is_0_there_is_the_picture_in_pale_gray(picture):
    drawn = heat_overlay(picture, np.zeros((8, 6)), (-1.0, 1.0), "RdBu")
    assert drawn.shape == picture.shape and drawn.dtype == np.uint8
    assert np.ptp(drawn, axis=-1).max() <= 1
    gray = 0.5 + 0.5 * (picture @ [0.2125, 0.7154, 0.0721]) / 255
    np.testing.assert_allclose(drawn[..., 0] / 255, gray, atol=0.01)


def test_above_0_is_blue_below_is_red_and_both_as_strong(picture):
    values = np.zeros((8, 6))
    values[:4] = 1.0
    values[4:] = -1.0
    red, _, blue = np.moveaxis(heat_overlay(picture, values, (-1.0, 1.0), "RdBu") / 255.0, -1, 0)
    assert np.all(blue[:15] - red[:15] > 0.2)
    assert np.all(red[25:] - blue[25:] > 0.2)
    weak = heat_overlay(picture, values / 10, (-1.0, 1.0), "RdBu") / 255.0
    assert np.all(np.abs(weak[:15, :, 2] - weak[:15, :, 0]) < 0.2)


def test_a_scale_has_the_colors_of_the_map_and_words():
    size, limits = (120, 100), (-2.0, 2.0)
    drawn = heat_scale(limits, "RdBu", {2.0: "for", -2.0: "against"}, size)
    assert drawn.shape == (*size, 3) and drawn.dtype == np.uint8
    bar = drawn[:, 12].astype(int)  # from 0.08 to 0.18 of the width
    assert bar[20, 2] - bar[20, 0] > 60, "blue above"
    assert bar[100, 0] - bar[100, 2] > 60, "red below"
    assert np.all(bar[60] > 230), "white between"
    other = heat_scale(limits, "RdBu", {2.0: "other", -2.0: "words"}, size)
    assert np.any(other != drawn)
    np.testing.assert_array_equal(other[:, :18], drawn[:, :18])


def test_a_card_shows_what_it_has_room_for():
    lines = [f"line {number}" for number in range(30)]
    assert text_card(lines, (100, 90)).shape == (100, 90, 3)
    np.testing.assert_array_equal(text_card(lines, (100, 90)), text_card(lines[:9], (100, 90)))
    assert np.any(text_card(lines[:3], (100, 90)) != text_card(lines[:4], (100, 90)))
    assert np.all(text_card([], (100, 90)) == 255)
