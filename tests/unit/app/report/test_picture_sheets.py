import numpy as np
import pytest

from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet

RED, GREEN, BLUE = (200, 20, 30), (10, 150, 40), (20, 30, 220)


def flat(colors, height=8, width=8):
    return np.stack([np.full((height, width, 3), color, np.uint8) for color in colors])


def boxes(sheet, color):
    """Bounding boxes (left, top, right, bottom) of the pixels of a color, as arrays."""
    ys, xs = np.nonzero((np.asarray(sheet) == color).all(axis=-1))
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


def test_pictures_stand_in_order_scaled_to_the_height_asked_for():
    row = SheetRow("row", [PictureGroup("a", flat([RED, GREEN])), PictureGroup("b", flat([BLUE]))])
    sheet = picture_sheet([row], title="title", picture_height=40)
    red, green, blue = (boxes(sheet, color) for color in (RED, GREEN, BLUE))
    for left, top, right, bottom in (red, green, blue):
        assert (right - left, bottom - top) == (40, 40)
        assert top == red[1]
    assert red[2] < green[0] and green[2] < blue[0]
    assert blue[0] - green[2] > green[0] - red[2], "groups stand further apart than pictures"


def test_proportions_are_kept():
    group = PictureGroup("", flat([RED], height=12, width=8))
    left, top, right, bottom = boxes(picture_sheet([SheetRow("", [group])], "", 60), RED)
    assert (right - left, bottom - top) == (40, 60)


def test_columns_align_although_rows_have_different_counts():
    rows = [
        SheetRow("a", [PictureGroup("x", flat([RED] * 3)), PictureGroup("y", flat([GREEN]))]),
        SheetRow("b", [PictureGroup("x", flat([RED])), PictureGroup("y", flat([BLUE]))]),
        SheetRow("c", [PictureGroup("x", flat([RED])[:0]), PictureGroup("y", flat([BLUE]))]),
    ]
    sheet = picture_sheet(rows)
    assert boxes(sheet, GREEN)[0] == boxes(sheet, BLUE)[0]


def test_a_heading_is_not_repeated_under_itself():
    def height(*headings):
        return picture_sheet(
            [SheetRow("", [PictureGroup(h, flat([RED]))]) for h in headings]
        ).height

    assert height("same", "same") < height("same", "other")
    assert height("", "") < height("same", "same")


def test_captions_and_labels_are_drawn():
    def ink(label, captions):
        sheet = picture_sheet([SheetRow(label, [PictureGroup("", flat([RED]), captions)])])
        return (np.asarray(sheet).sum(axis=-1) < 400).sum() - (
            (np.asarray(sheet) == RED).all(axis=-1)
        ).sum()

    assert ink("", ["3.21"]) > ink("", [])
    assert ink("label", []) > ink("", [])


def test_long_texts_stay_inside():
    group = PictureGroup("heading " * 30, flat([RED]), ["caption " * 30])
    sheet = picture_sheet([SheetRow("a label without end " * 30, [group])])
    plain = picture_sheet(
        [SheetRow("a label without end", [PictureGroup("x", flat([RED]), ["y"])])]
    )
    assert sheet.height == plain.height
    edge = np.asarray(sheet)[:, -4:]
    assert (edge == 255).all()


def test_text_of_any_script_is_drawn():
    picture_sheet([SheetRow("Röcke · юбки · η → ∞", [PictureGroup("", flat([RED]), [""])])])


def test_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="at least one row"):
        picture_sheet([])
    with pytest.raises(ValueError, match="uint8"):
        PictureGroup("", np.zeros((2, 8, 8, 3), np.float32))
    with pytest.raises(ValueError, match="1 captions for 2 pictures"):
        PictureGroup("", flat([RED, GREEN]), ["only one"])
