from dataclasses import replace

import numpy as np
import pytest

from keras_fashion.app.report.explanation_sheet import explanation_sheet, shown_size
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
        alike=[ComparedItem(item, 0.1, -0.4, 0.3) for item in (2, 5, 8)],
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
        explanation, influence=np.zeros((32, 24), np.float32), alike=[], better=None, differences={}
    )
    shown = np.full((*shown_size((32, 24)), 3), 200, np.uint8)
    assert explanation_sheet(tiny_catalogue, nothing, shown, "a", "ann").width > 3 * 144
