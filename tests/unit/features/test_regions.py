import numpy as np

from keras_fashion.data import scale
from keras_fashion.features import region_bank, regions
from keras_fashion.models.region_features import RegionFeatures


def test_rows_are_the_features_of_the_pictures(tiny_catalogue):
    bank = region_bank(tiny_catalogue, (16, 16))
    shown = scale(tiny_catalogue.pictures((16, 16))[np.array([3, 20])])
    assert isinstance(bank.features, RegionFeatures)
    assert bank.rows.shape == (len(tiny_catalogue.item_ids), 16, sum(bank.features.sizes))
    assert bank.rows.dtype == np.float16
    np.testing.assert_allclose(bank.rows[[3, 20]], bank.features(shown), atol=5e-3, rtol=5e-3)


def test_they_are_computed_once(tiny_catalogue, monkeypatch):
    first = region_bank(tiny_catalogue, (16, 16))

    def refuse(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(regions, "_write", refuse)
    again = region_bank(tiny_catalogue, (16, 16))
    np.testing.assert_array_equal(first.rows, again.rows)
    shown = scale(tiny_catalogue.pictures((16, 16))[np.arange(2)])
    np.testing.assert_array_equal(first.features(shown), again.features(shown))
