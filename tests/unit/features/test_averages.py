import numpy as np
import pytest
import tensorflow as tf
from tiny_backbone import TINY_BACKBONE

from keras_fashion.data import Catalogue
from keras_fashion.data.pictures import scale
from keras_fashion.errors import InputError
from keras_fashion.features import averages, encoder_inputs, picture_averages
from keras_fashion.features.averages import averages_path
from keras_fashion.models import PretrainedEncoder
from keras_fashion.models.backbones import BACKBONES

NAME = "efficientnet-lite0"


@pytest.fixture
def encoder(monkeypatch):
    monkeypatch.setitem(BACKBONES, NAME, TINY_BACKBONE)
    return PretrainedEncoder.from_backbone(NAME, (64, 64), 4, seed=0)


@pytest.fixture
def catalogue(tiny_catalogue, tmp_path, monkeypatch):
    """The tiny catalogue with pictures of many colors and an empty folder of derived files."""
    fresh = Catalogue.load(tiny_catalogue.path)
    colors = np.random.default_rng(0).integers(0, 256, (24, 1, 1, 3), np.uint8)
    files = [tf.io.encode_png(np.tile(color, (32, 32, 1))).numpy() for color in colors]
    monkeypatch.setitem(vars(fresh), "picture_files", files)
    monkeypatch.setitem(vars(fresh), "derived", tmp_path)
    return fresh


def test_they_are_what_the_network_makes_of_each_item_and_are_computed_once(
    catalogue, encoder, monkeypatch, capfd
):
    found = picture_averages(catalogue, encoder)
    expected = encoder.averages(scale(catalogue.pictures_of(range(24), (64, 64)))).numpy()
    assert np.ptp(expected, axis=0).max() > 0.1
    assert found.shape == (24, 12) and found.dtype == np.float16
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
    assert capfd.readouterr().out == ""  # The progress is on stderr.
    (path,) = catalogue.derived.iterdir()
    assert path == averages_path(catalogue, encoder)

    monkeypatch.setattr(averages, "DecodedPictures", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(picture_averages(catalogue, encoder), found)
    np.testing.assert_array_equal(encoder_inputs(catalogue, encoder), found)


def replace_by_nan(found):
    found[3, 2] = np.nan
    return found


@pytest.mark.parametrize(
    "damage",
    [
        lambda found: found[:-1],
        lambda found: found[:, 1:],
        lambda found: found.astype(np.float32),
        lambda found: found.astype(object),
        replace_by_nan,
        None,
    ],
    ids=["items", "averages", "dtype", "objects", "nan", "half"],
)
def test_a_file_that_does_not_fit_is_made_again(catalogue, encoder, damage):
    expected = picture_averages(catalogue, encoder).copy()
    path = averages_path(catalogue, encoder)
    if damage is None:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        np.save(path, damage(expected.copy()))
    np.testing.assert_array_equal(picture_averages(catalogue, encoder), expected)
    np.testing.assert_array_equal(np.load(path), expected)


def test_other_weights_or_sizes_have_files_of_their_own(catalogue, encoder):
    first = averages_path(catalogue, encoder)
    assert averages_path(catalogue, PretrainedEncoder.from_backbone(NAME, (64, 64), 9)) == first
    other = PretrainedEncoder.from_backbone(NAME, (64, 96), 4)
    assert averages_path(catalogue, other) != first
    kernel = encoder.network.weights[0]
    kernel.assign(2 * kernel)
    assert averages_path(catalogue, encoder) != first


def test_averages_that_are_not_finite_are_refused_and_not_kept(catalogue, encoder):
    kernel = encoder.network.weights[0]
    kernel.assign(1e9 * kernel)  # finite, but not in half precision
    with pytest.raises(InputError, match="catalogue tiny is not finite.*`encoder`"):
        picture_averages(catalogue, encoder)
    assert not list(catalogue.derived.iterdir())
