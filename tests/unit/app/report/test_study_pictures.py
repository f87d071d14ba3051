"""Which latents the generator gets for the report; a stand-in draws its category."""

from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.app.report.study_pictures import interpolation_sheet

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


def test_a_row_of_the_interpolations_is_of_its_category_and_goes_straight(gan):
    sheet = np.asarray(interpolation_sheet(gan, seed=1))
    tops = [np.nonzero((sheet == gray).all(axis=-1))[0].min() for gray in GREYS]
    assert tops == sorted(tops) and len(gan.asked) == 3
    for latents in gan.asked:
        steps = np.diff(latents, axis=0)
        np.testing.assert_allclose(steps, np.tile(steps[:1], (8, 1)), atol=1e-6)
