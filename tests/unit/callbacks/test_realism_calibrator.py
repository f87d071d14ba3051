from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keras_fashion.callbacks import RealismCalibrator, realism_calibrator
from keras_fashion.models import RealismCalibration


class Fake(keras.Model):
    """Keeps what it is calibrated with."""

    def __init__(self):
        super().__init__()
        self.calibration = RealismCalibration(3)
        self.calls = []

    def calibrate(self, pictures, category, seed):
        self.calls.append((pictures, category, seed))
        self.calibration.set_weights(np.full((2, 3), [[0.25], [0.5]]))


@pytest.fixture
def made(tiny_catalogue):
    def made(**options):
        callback = RealismCalibrator(tiny_catalogue, (16, 16), **options)
        callback.set_model(Fake())
        return callback

    return made


def test_every_epoch_is_calibrated_with_the_same_real_pictures(made, tiny_catalogue, monkeypatch):
    monkeypatch.setattr(realism_calibrator, "MAX_REAL", 5)
    callback = made(seed=4)
    callback.on_epoch_end(0)
    callback.on_epoch_end(1, {})
    (pictures, category, seed), again = callback.model.calls
    assert seed == 4 and again == (pictures, category, seed)
    assert np.bincount(category).tolist() == [5, 5, 5]
    everything = tiny_catalogue.pictures((16, 16))
    for each, picture in zip(category, pictures, strict=True):
        rows = np.flatnonzero(tiny_catalogue.item_categories == each)
        assert any(np.array_equal(picture, everything[row]) for row in rows)
    assert not np.array_equal(made(seed=5).pictures, pictures)


def test_a_category_of_fewer_pictures_gives_all_of_them(made, tiny_catalogue):
    callback = made()
    np.testing.assert_array_equal(callback.pictures, tiny_catalogue.pictures((16, 16)))
    np.testing.assert_array_equal(callback.categories, tiny_catalogue.item_categories)


def test_all_workers_have_the_calibration_of_the_chief(made):
    """Of two workers, whose sums are those of what both have given."""
    given = {True: [], False: []}
    for is_chief in (True, False):
        callback = made(
            workers=SimpleNamespace(
                is_chief=is_chief, sum=lambda each, own=given[is_chief]: own.append(each) or each
            )
        )
        callback.on_epoch_end(0)
        assert bool(callback.model.calls) == is_chief
    np.testing.assert_array_equal(given[True], [[0.25] * 3, [0.5] * 3])
    np.testing.assert_array_equal(given[False], np.zeros((2, 3)))
