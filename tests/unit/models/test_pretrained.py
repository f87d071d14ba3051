import zipfile

import h5py
import numpy as np
import pytest

from keras_fashion.data import leave_one_out
from keras_fashion.errors import InputError
from keras_fashion.models import DVBPR, GAN_PRESETS, EnergyGAN, load, save_half_precision
from keras_fashion.models.pretrained import PRETRAINED_FOLDER


@pytest.fixture(scope="module")
def gan():
    gan = GAN_PRESETS["default"].make(3, (16, 16), width=8, seed=1)
    rng = np.random.default_rng(0)
    gan.set_weights([rng.normal(0, 0.1, w.shape).astype(np.float32) for w in gan.get_weights()])
    return gan


def test_weights_are_the_nearest_numbers_of_half_precision_and_the_average_draws(gan, tmp_path):
    save_half_precision(gan, tmp_path / "gan.keras")
    small = load(tmp_path / "gan.keras")
    for name in ("ema_generator", "discriminator", "calibration"):
        for ours, theirs in zip(
            getattr(small, name).weights, getattr(gan, name).weights, strict=True
        ):
            assert ours.dtype == "float32"
            expected = np.array(theirs).astype(np.float16).astype(np.float32)
            np.testing.assert_array_equal(ours, expected, err_msg=ours.path)
    for ours, average in zip(small.generator.weights, small.ema_generator.weights, strict=True):
        np.testing.assert_array_equal(ours, average)
    latents, category = np.zeros((3, gan.latent_dim), np.float32), np.arange(3)
    difference = small.draw(latents, category).astype(int) - gan.draw(latents, category)
    assert np.abs(difference).max() <= 1


def test_the_file_has_each_weight_once_and_no_optimizer(gan, tmp_path):
    save_half_precision(gan, tmp_path / "gan.keras")
    with zipfile.ZipFile(tmp_path / "gan.keras") as archive:
        archive.extract("model.weights.h5", tmp_path)
    with h5py.File(tmp_path / "model.weights.h5") as weights:
        assert weights["generator"] == weights["ema_generator"]
        assert not any("optimizer" in name for name in weights)
    used = sum(
        np.prod(w.shape) for part in (gan.generator, gan.discriminator) for w in part.weights
    )
    assert (tmp_path / "gan.keras").stat().st_size < 2 * used + 60_000


def test_a_recommender_keeps_its_users(tmp_path, tiny_catalogue):
    split = leave_one_out(tiny_catalogue, seed=0)
    model = DVBPR.from_catalogue(tiny_catalogue, split, picture_size=16, embedding_size=4)
    model.compile()
    save_half_precision(model, tmp_path / "dvbpr.keras")
    users = np.arange(split.num_users)
    ours, theirs = load(tmp_path / "dvbpr.keras").user_embedding(users), model.user_embedding(users)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)


def test_what_half_precision_cannot_hold_is_refused(gan, tmp_path):
    twin = GAN_PRESETS["default"].make(3, (16, 16), width=8)
    twin.discriminator.weights[0].assign(twin.discriminator.weights[0] + 1e5)
    with pytest.raises(ValueError, match=r"`/discriminator/.*` has values beyond half precision"):
        save_half_precision(twin, tmp_path / "gan.keras")
    assert list(tmp_path.iterdir()) == []


def test_what_comes_with_the_package_is_small():
    assert sum(path.stat().st_size for path in PRETRAINED_FOLDER.rglob("*")) < 4e6


def test_what_comes_with_the_package_opens_as_it_was_trained():
    dvbpr, gan = load("atelier/dvbpr"), load("atelier/gan")
    assert isinstance(dvbpr, DVBPR) and dvbpr.with_history
    assert isinstance(gan, EnergyGAN) and gan.dtype_policy.name == "float32"
    pictures = gan.draw(np.zeros((6, gan.latent_dim), np.float32), np.arange(6))
    # Garments on the nearly white ground of the atelier, neither of them everywhere.
    is_ground = (pictures > 230).all(-1).mean((1, 2))
    assert (is_ground > 0.3).all() and (is_ground < 0.95).all()


def test_a_file_comes_before_the_name_of_what_comes_with_the_package(gan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "atelier" / "gan").mkdir(parents=True)
    save_half_precision(gan, "atelier/gan/model.keras")
    assert load("atelier/gan").num_categories == 3


def test_another_name_is_refused_with_those_that_there_are():
    with pytest.raises(InputError, match="with the package are atelier/dvbpr, atelier/gan"):
        load("atelier/vbpr")
