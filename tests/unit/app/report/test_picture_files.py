"""Pictures of random latents, and the files of pictures; a stand-in draws its category."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from keras_fashion.app.report.picture_files import (
    generate_pictures,
    write_numbered_pictures,
    write_pictures_by_category,
)

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3)).astype(np.uint8)
LATENTS = np.random.default_rng(1).uniform(-1, 1, (3, 2)).astype(np.float32)
SHEET = Image.new("RGB", (8, 4))

CATEGORIES = ["Bags", "Shoes", "Tops"]
GREYS = np.array([40, 90, 140], np.uint8)
"""Gray of the pictures of each category."""


@pytest.fixture
def gan():
    """A run that keeps the latents in `asked`."""
    asked = []

    def draw(latents, categories):
        asked.append(latents)
        return np.broadcast_to(GREYS[categories][:, None, None, None], (len(latents), 8, 8, 3))

    catalogue = SimpleNamespace(
        categories=CATEGORIES,
        category_index=CATEGORIES.index,
        item_categories=np.array([0] * 6 + [1] * 3 + [2]),
    )
    model = SimpleNamespace(draw=draw, latent_dim=5)
    return SimpleNamespace(config={"model": "gan"}, catalogue=catalogue, model=model, asked=asked)


def categories_shown(pictures):
    return np.array(CATEGORIES)[np.searchsorted(GREYS, pictures.pictures[:, 0, 0, 0])]


def test_categories_are_those_asked_for_in_equal_shares(gan, tmp_path):
    drawn = generate_pictures(gan, 5, ["Tops", "Bags", "Tops"])
    assert drawn.categories.tolist() == ["Tops", "Bags", "Tops", "Bags", "Tops"]
    assert (categories_shown(drawn) == drawn.categories).all()
    write_pictures_by_category(drawn, tmp_path / "out")
    for category, gray, count in (("Bags", 40, 2), ("Tops", 140, 3)):
        files = sorted((tmp_path / "out" / category).iterdir())
        assert [file.name for file in files] == [f"{n:05}.png" for n in range(1, count + 1)]
        assert all((np.asarray(Image.open(file)) == gray).all() for file in files)


def test_by_default_they_are_in_the_catalogues_proportions(gan):
    drawn = generate_pictures(gan, 2000)
    assert (categories_shown(drawn) == drawn.categories).all()
    shares = [(drawn.categories == category).mean() for category in CATEGORIES]
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.05)
    (latents,) = gan.asked
    assert latents.shape == (2000, 5) and latents.dtype == np.float32
    assert -1 <= latents.min() < -0.99 and 0.99 < latents.max() <= 1
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=0.06)


def test_a_picture_and_a_row_of_codes_for_each(tmp_path):
    out = tmp_path / "new" / "folder"
    paths = write_numbered_pictures(out, "design", PICTURES, LATENTS, SHEET)
    assert paths == [out / f"design_{number}.png" for number in (1, 2, 3)]
    for path, picture in zip(paths, PICTURES, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)
    np.testing.assert_array_equal(np.load(out / "latents.npy"), LATENTS)
    assert Image.open(out / "sheet.png").size == (8, 4)


def test_pictures_of_a_longer_row_before_do_not_stay_beside_fewer_codes(tmp_path):
    others = ["design_x.png", "design_2b.png", "frame_3.png", "design_3.jpg"]
    for name in others:
        (tmp_path / name).write_text("another's")
    write_numbered_pictures(tmp_path, "design", PICTURES, LATENTS, SHEET)
    write_numbered_pictures(tmp_path, "design", PICTURES[:1], LATENTS[:1], SHEET)
    expected = ["latents.npy", "design_1.png", "sheet.png", *others]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)
