"""Every preset at several sizes, in bfloat16 and by XLA."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.models import GAN_PRESETS


@pytest.mark.parametrize("size", [(96, 64), (128, 128)])
@pytest.mark.parametrize("name", GAN_PRESETS)
def test_every_preset_trains_at_every_size(name, size):
    gan = GAN_PRESETS[name].make(3, size, width=4)
    before = [np.array(weight) for weight in gan.generator.trainable_variables]
    pictures = np.random.default_rng(0).uniform(-1, 1, (6, *size, 3)).astype("float32")
    category = np.array([0, 1, 2, 0, 0, 0])
    gan.fit(tf.data.Dataset.from_tensors((pictures, category)), verbose=0)
    drawn = gan([gan.sample_latents(4), np.array([0, 1, 2, 2])])
    assert drawn.shape == (4, *size, 3) and drawn.dtype == tf.float32
    assert np.isfinite(drawn).all() and np.abs(drawn).max() <= 1
    for old, new in zip(before, gan.generator.trainable_variables, strict=True):
        assert not np.array_equal(old, new), new.path


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_every_preset_trains_in_mixed_precision(name):
    gan = GAN_PRESETS[name].make(2, (16, 16), width=8, mixed_precision=True)
    pictures, category = np.ones((4, 16, 16, 3), "float32"), np.array([0, 1, 0, 1])
    logs = gan.fit(tf.data.Dataset.from_tensors((pictures, category)), verbose=0).history
    assert np.isfinite([logs["generator_loss"], logs["discriminator_loss"]]).all()
    assert gan([gan.sample_latents(4), category]).dtype == tf.float32
    assert keras.config.dtype_policy().name == "float32"


def test_xla_compiles_the_step():
    # the latents differ: XLA draws by another algorithm
    gan = GAN_PRESETS["default"].make(2, (16, 16), width=4, jit_compile=True)
    pictures = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
    batches = tf.data.Dataset.from_tensors((pictures, np.array([0, 1, 0, 1]))).repeat(3)
    losses = gan.fit(batches, verbose=0).history
    assert gan.jit_compile
    assert 0 < losses["discriminator_loss"][0] < 1 and 0 < losses["generator_loss"][0] < 1
