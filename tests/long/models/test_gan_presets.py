"""Every preset at several sizes, in bfloat16 and by XLA."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from matched_gan import batches, match

from keras_fashion.models import GAN_PRESETS, EnergyGAN


def made(name, size=(16, 16), width=4, **options):
    gan = GAN_PRESETS[name].make(3, size, width=width, **options)
    return match(gan) if isinstance(gan, EnergyGAN) else gan


@pytest.mark.parametrize("size", [(96, 64), (128, 128)])
@pytest.mark.parametrize("name", GAN_PRESETS)
def test_every_preset_trains_at_every_size(name, size):
    gan = made(name, size)
    before = [np.array(weight) for weight in gan.generator.trainable_variables]
    gan.fit(batches(6, size), steps_per_epoch=1, shuffle=False, verbose=0)
    drawn = gan([gan.sample_latents(4), np.array([0, 1, 2, 2])])
    assert drawn.shape == (4, *size, 3) and drawn.dtype == tf.float32
    assert np.isfinite(drawn).all() and np.abs(drawn).max() <= 1
    for old, new in zip(before, gan.generator.trainable_variables, strict=True):
        assert not np.array_equal(old, new), new.path


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_every_preset_trains_in_mixed_precision(name):
    gan = made(name, width=8, mixed_precision=True)
    logs = gan.fit(batches(4), steps_per_epoch=1, shuffle=False, verbose=0).history
    assert np.isfinite([logs["generator_loss"], logs["discriminator_loss"]]).all()
    assert gan([gan.sample_latents(4), np.array([0, 1, 0, 1])]).dtype == tf.float32
    assert keras.config.dtype_policy().name == "float32"


def test_xla_compiles_the_step():
    # the latents differ: XLA draws by another algorithm
    gan = made("default", jit_compile=True)
    losses = gan.fit(batches(4), steps_per_epoch=3, shuffle=False, verbose=0).history
    assert gan.jit_compile
    assert 0 < losses["discriminator_loss"][0] < 1 and 0 < losses["generator_loss"][0] < 1
