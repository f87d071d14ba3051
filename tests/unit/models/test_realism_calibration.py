"""Tests of the scale of realism, as a layer and in a GAN, against the formula in NumPy."""

import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import (
    ConditionalGAN,
    Discriminator,
    Generator,
    RealismCalibration,
    load,
)

CATEGORY = np.repeat([0, 1, 2], [70, 25, 5])


def test_is_the_identity_before_it_was_adapted():
    outputs = np.random.default_rng(0).normal(size=9).astype(np.float32)
    np.testing.assert_array_equal(RealismCalibration(3)(outputs, tf.range(9) % 3), outputs)


def by_hand(real, generated, category, num_categories):
    """The means of real and generated pictures by category, shrunk toward those over all."""
    means = []
    for outputs in (real, generated):
        rows = []
        for each in range(num_categories):
            own = [outputs[i] for i in range(len(outputs)) if category[i] == each]
            weight = len(own) / (len(own) + 16)
            rows.append(weight * (np.mean(own) if own else 0) + (1 - weight) * np.mean(outputs))
        means.append(rows)
    return np.array(means)


def test_the_means_are_shrunk_in_proportion_to_the_pictures():
    rng = np.random.default_rng(1)
    real, generated = rng.normal(CATEGORY, 1), rng.normal(CATEGORY - 3, 1)
    calibration = RealismCalibration(4)  # The last one has no pictures.
    calibration.adapt(real, generated, CATEGORY)
    expected = by_hand(real, generated, CATEGORY, 4)
    np.testing.assert_allclose(calibration.real, expected[0], rtol=1e-5)
    np.testing.assert_allclose(calibration.generated, expected[1], rtol=1e-5)
    np.testing.assert_allclose(calibration.real[3], real.mean(), rtol=1e-5)
    # Means to which 70 pictures have contributed are nearly those of the 70.
    assert float(calibration.real[0]) == pytest.approx(real[:70].mean(), abs=0.2)
    found = calibration(tf.fill([4], 0.25), tf.range(4))
    np.testing.assert_allclose(found, (0.25 - expected[1]) / (expected[0] - expected[1]), rtol=1e-4)


@pytest.mark.parametrize("real", [0.25, 0.21, -3.0])
def test_means_that_hardly_differ_do_not_make_realism_steep(real):
    calibration = RealismCalibration(1)
    calibration.set_weights(np.array([[0.2], [real]]))
    low, high = calibration(tf.constant([0.2, 0.7]), tf.zeros(2, tf.int32)).numpy()
    assert (low, high - low) == (0, pytest.approx(0.5 / 0.05, rel=1e-5))


def made(num_categories, seed=2):
    """A GAN whose discriminator tells noise from generated pictures."""
    gan = ConditionalGAN(
        Generator(num_categories, (16, 16), 5, 4, seed), Discriminator(num_categories, (16, 16), 4)
    )
    for weight in gan.discriminator.weights:
        if weight.name == "kernel":
            weight.assign(3 * weight)
    return gan


def noise(count):
    return np.random.default_rng(3).integers(0, 256, (count, 16, 16, 3)).astype(np.uint8)


def raw(gan, pictures, category):
    return gan.discriminator([tf.constant(pictures), tf.constant(category)]).numpy()[:, 0]


@pytest.fixture(scope="module")
def calibrated():
    """A calibrated GAN, and outputs D for the real and the generated pictures."""
    gan, pictures = made(3), noise(100)
    # A latent is drawn for each picture; more than go through the networks together.
    latents = np.random.default_rng(7).uniform(-1, 1, (100, 5)).astype(np.float32)
    real = raw(gan, pictures / np.float32(127.5) - 1, CATEGORY)
    generated = raw(gan, gan.ema_generator([latents, CATEGORY]), CATEGORY)
    seed = gan.seed_generator.state.numpy()
    gan.calibrate(pictures, CATEGORY, seed=7)
    np.testing.assert_array_equal(gan.seed_generator.state, seed)  # The training's own latents.
    return gan, real, generated


def test_a_gan_is_calibrated_by_real_and_generated_pictures(calibrated):
    gan, real, generated = calibrated
    m_real, m_generated = by_hand(real, generated, CATEGORY, 3)
    np.testing.assert_allclose(gan.calibration.real, m_real, rtol=1e-4)
    np.testing.assert_allclose(gan.calibration.generated, m_generated, rtol=1e-4, atol=1e-6)
    scale = np.maximum(m_real - m_generated, 0.05)[CATEGORY]
    expected = (real - m_generated[CATEGORY]) / scale
    np.testing.assert_allclose(gan.discriminate(noise(100), CATEGORY), expected, rtol=1e-3)
    np.testing.assert_array_equal(raw(gan, noise(100) / np.float32(127.5) - 1, CATEGORY), real)


def test_real_pictures_are_1_and_generated_ones_0_on_average():
    """Of one category, whose mean is that over all."""
    gan, category = made(1), np.zeros(40, int)
    gan.calibrate(noise(40), category, seed=7)
    latents = np.random.default_rng(7).uniform(-1, 1, (40, 5)).astype(np.float32)
    generated = gan.realism(gan([latents, category]), tf.constant(category))
    assert gan.calibration.real[0] - gan.calibration.generated[0] > 0.05
    assert np.mean(gan.discriminate(noise(40), category)) == pytest.approx(1, abs=1e-4)
    assert np.mean(generated) == pytest.approx(0, abs=1e-4)
    assert np.std(generated) > 1e-3


def test_the_gradient_passes(calibrated):
    gan, *_ = calibrated
    latents, category = tf.Variable(gan.sample_latents(2)), tf.constant([0, 1])
    with tf.GradientTape(persistent=True) as tape:
        pictures = gan([latents, category])
        realism = gan.realism(pictures, category)
        outputs = gan.discriminator([pictures, category])
    difference = np.maximum(gan.calibration.real - gan.calibration.generated, 0.05)[:2, None]
    slope = tape.gradient(realism, latents)
    assert np.abs(slope).max() > 0
    np.testing.assert_allclose(slope, tape.gradient(outputs, latents) / difference, rtol=1e-3)


def test_the_calibration_is_saved_and_older_files_have_none(calibrated, tmp_path):
    gan, real, _ = calibrated
    gan.save(tmp_path / "gan.keras")
    expected = gan.discriminate(noise(100), CATEGORY)
    loaded = load(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.discriminate(noise(100), CATEGORY), expected)

    with zipfile.ZipFile(tmp_path / "gan.keras") as archive:
        archive.extractall(tmp_path / "older")
    with h5py.File(tmp_path / "older" / "model.weights.h5", "r+") as weights:
        del weights["calibration"]
    shutil.make_archive(str(tmp_path / "older"), "zip", tmp_path / "older")
    older = load((tmp_path / "older.zip").rename(tmp_path / "older.keras"))
    np.testing.assert_array_equal(older.calibration.get_weights(), [[0.0] * 3, [1.0] * 3])
    np.testing.assert_allclose(older.discriminate(noise(100), CATEGORY), real, rtol=1e-4)


def test_is_float32_whatever_the_policy_is():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = made(2)
    finally:
        keras.config.set_dtype_policy(before)
    gan.calibrate(noise(6), np.arange(6) % 2)
    realism = gan.realism(tf.zeros((1, 16, 16, 3)), tf.constant([1]))
    assert gan.calibration.real.dtype == realism.dtype == "float32"


def test_config():
    layer = RealismCalibration.from_config(RealismCalibration(4, name="scale").get_config())
    assert (layer.num_categories, layer.name, layer.dtype) == (4, "scale", "float32")
    assert not layer.trainable_variables
