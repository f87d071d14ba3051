"""Tests of designs as files."""

import numpy as np
from PIL import Image

from keras_fashion.app.report.picture_files import write_picture_folder

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3)).astype(np.uint8)
LATENTS = np.random.default_rng(1).uniform(-1, 1, (3, 2)).astype(np.float32)
SHEET = Image.new("RGB", (8, 4))


def test_a_picture_and_a_row_of_codes_for_each(tmp_path):
    out = tmp_path / "new" / "folder"
    paths = write_picture_folder(out, "design", PICTURES, LATENTS, SHEET)
    assert paths == [out / f"design_{number}.png" for number in (1, 2, 3)]
    for path, picture in zip(paths, PICTURES, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)
    np.testing.assert_array_equal(np.load(out / "latents.npy"), LATENTS)
    assert Image.open(out / "sheet.png").size == (8, 4)


def test_pictures_of_a_longer_row_before_do_not_stay_beside_fewer_codes(tmp_path):
    others = ["design_x.png", "design_2b.png", "frame_3.png", "design_3.jpg"]
    for name in others:
        (tmp_path / name).write_text("another's")
    write_picture_folder(tmp_path, "design", PICTURES, LATENTS, SHEET)
    write_picture_folder(tmp_path, "design", PICTURES[:1], LATENTS[:1], SHEET)
    expected = ["latents.npy", "design_1.png", "sheet.png", *others]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)
