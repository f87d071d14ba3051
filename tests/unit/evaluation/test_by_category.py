from types import SimpleNamespace

import numpy as np
import pytest
from skimage.transform import downscale_local_mean
from sklearn.neighbors import KNeighborsClassifier

from keras_fashion.evaluation import PictureSet, category_scores, picture_agreement
from keras_fashion.evaluation.by_category import _averaged
from keras_fashion.metrics import Agreement, CategoryAgreement


def noise(seed, size=(64, 48), count=5):
    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), np.uint8)


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (128, 192)])
def test_pictures_are_averaged_over_whole_pixels(size):
    pictures = noise(0, size)
    expected = downscale_local_mean(pictures, (1, size[0] // 16, size[1] // 16, 1))
    np.testing.assert_allclose(_averaged(pictures), expected.reshape(5, -1), rtol=1e-5)


@pytest.mark.parametrize("size", [(20, 33), (7, 9), (100, 17)])
def test_pictures_are_averaged_over_parts_of_pixels(size):
    """A picture whose pixels are repeated 16 times has cells of whole pixels."""
    pictures = noise(1, size, 2)
    repeated = pictures.repeat(16, axis=1).repeat(16, axis=2)
    expected = downscale_local_mean(repeated, (1, *size, 1))
    np.testing.assert_allclose(_averaged(pictures), expected.reshape(2, -1), rtol=1e-4)


def test_more_pictures_than_a_batch():
    pictures = noise(2, (16, 16), 300)
    np.testing.assert_array_equal(_averaged(pictures), pictures.reshape(300, -1))


def test_agreement_is_by_the_averaged_pixels():
    names = np.resize(["Bags", "Tops", "Tops"], 60)
    light = np.where(names == "Bags", 0, 10).astype(np.uint8)[:, None, None, None]
    real, generated = noise(3, (32, 32), 60) // 2 + light, noise(4, (32, 32), 60) // 2 + light
    found = picture_agreement(PictureSet(real, names), PictureSet(generated, names))
    small, asked = (
        downscale_local_mean(each, (1, 2, 2, 1)).reshape(60, -1) for each in (real, generated)
    )
    predicted = KNeighborsClassifier(5).fit(small, names).predict(asked)
    assert found.overall.generated == (predicted == names).mean()
    assert found.by_category["Bags"].generated == (predicted == names)[names == "Bags"].mean()


def test_rows_are_in_the_order_of_real_pictures():
    agreement = CategoryAgreement(
        Agreement(153, 4, 0.9, 0.5),
        {
            "Bags": Agreement(3, 0, 0.0, None),
            "Hats": Agreement(50, 1, 0.5, 1.0),
            "Tops": Agreement(100, 3, 1.0, 0.25),
        },
    )
    generated = PictureSet(noise(5, count=4), np.array(["Tops", "Hats", "Tops", "Tops"]))
    chosen = np.eye(3)[[2, 2, 0, 2]]
    classifier = SimpleNamespace(
        categories=np.array(["Bags", "Hats", "Tops"]), probabilities=lambda pictures: chosen
    )
    rows = category_scores(agreement, generated, classifier)
    assert [list(row.values()) for row in rows] == [
        ["Tops", 100, 3, 1.0, 0.25, 0.25, pytest.approx(2 / 3)],
        ["Hats", 50, 1, 0.5, 1.0, 2.0, 0.0],
        ["Bags", 3, 0, 0.0, None, None, None],
    ]
    rows = category_scores(agreement, generated)
    assert [row["classifier_accuracy"] for row in rows] == [None] * 3
