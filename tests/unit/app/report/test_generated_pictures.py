"""Which latents and categories the generator is asked for; a stand-in shows its category."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from keras_fashion.app.report.picture_files import drawn_pictures, write_pictures
from keras_fashion.app.report.pictures import interpolation_sheet

CATEGORIES = ["Bags", "Shoes", "Tops"]
GREYS = np.array([40, 90, 140], np.uint8)
"""Of the pictures of each category."""


@pytest.fixture
def gan():
    """A run; `asked` keeps the latents."""
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
    drawn = drawn_pictures(gan, 5, ["Tops", "Bags", "Tops"])
    assert drawn.categories.tolist() == ["Tops", "Bags", "Tops", "Bags", "Tops"]
    assert (categories_shown(drawn) == drawn.categories).all()
    write_pictures(drawn, tmp_path / "out")
    for category, gray, count in (("Bags", 40, 2), ("Tops", 140, 3)):
        files = sorted((tmp_path / "out" / category).iterdir())
        assert [file.name for file in files] == [f"{n:05}.png" for n in range(1, count + 1)]
        assert all((np.asarray(Image.open(file)) == gray).all() for file in files)


def test_by_default_they_are_in_the_catalogues_proportions(gan):
    drawn = drawn_pictures(gan, 2000)
    assert (categories_shown(drawn) == drawn.categories).all()
    shares = [(drawn.categories == category).mean() for category in CATEGORIES]
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.05)
    (latents,) = gan.asked
    assert latents.shape == (2000, 5) and latents.dtype == np.float32
    assert -1 <= latents.min() < -0.99 and 0.99 < latents.max() <= 1
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=0.06)


def test_a_row_of_the_interpolations_is_of_its_category_and_goes_straight(gan):
    sheet = np.asarray(interpolation_sheet(gan, seed=1))
    tops = [np.nonzero((sheet == gray).all(axis=-1))[0].min() for gray in GREYS]
    assert tops == sorted(tops) and len(gan.asked) == 3
    for latents in gan.asked:
        steps = np.diff(latents, axis=0)
        np.testing.assert_allclose(steps, np.tile(steps[:1], (8, 1)), atol=1e-6)
