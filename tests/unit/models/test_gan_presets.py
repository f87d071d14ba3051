import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS, ConditionalGAN

SIZES = [(16, 32), (96, 64), (128, 128)]


def numbers(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def test_dvbpr_has_the_parameters_of_the_released_code():
    # worked out from the released layer list: 6 categories, codes of 256, 64x64
    gan = GAN_PRESETS["dvbpr"].make(6)
    assert numbers(gan.apprentice) == 3_811_075
    assert numbers(gan.discriminator) == 4_460_545


@pytest.mark.parametrize(
    "size", [SIZES[0], *(pytest.param(size, marks=pytest.mark.long) for size in SIZES[1:])]
)
@pytest.mark.parametrize("name", GAN_PRESETS)
def test_every_preset_trains_at_every_size(name, size):
    gan = GAN_PRESETS[name].make(3, size, width=4)
    before = [np.array(weight) for weight in gan.apprentice.trainable_variables]
    pictures = np.random.default_rng(0).uniform(-1, 1, (6, *size, 3)).astype("float32")
    category = np.array([0, 1, 2, 0, 0, 0])
    gan.fit(tf.data.Dataset.from_tensors((pictures, category)), verbose=0)
    drawn = gan([gan.sample_codes(4), np.array([0, 1, 2, 2])])
    assert drawn.shape == (4, *size, 3) and drawn.dtype == tf.float32
    assert np.isfinite(drawn).all() and np.abs(drawn).max() <= 1
    for old, new in zip(before, gan.apprentice.trainable_variables, strict=True):
        assert not np.array_equal(old, new), new.path


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_every_preset_is_saved_and_loaded(name, tmp_path):
    gan = GAN_PRESETS[name].make(2, (16, 16), width=4)
    pictures, category = np.zeros((4, 16, 16, 3), "float32"), np.array([0, 1, 0, 1])
    gan.fit(tf.data.Dataset.from_tensors((pictures, category)), verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    codes = gan.sample_codes(4)
    np.testing.assert_array_equal(gan([codes, category]), loaded([codes, category]))
    for old, new in zip(gan.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_the_seed_decides_the_initial_weights(name):
    first, again, other = (GAN_PRESETS[name].make(2, (16, 16), 4, seed=s) for s in (1, 1, 2))
    for a, b in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.apprentice.weights[0], other.apprentice.weights[0])


def test_width_and_rate_can_be_given():
    gan = GAN_PRESETS["default"].make(2, (16, 16), width=8, learning_rate=1e-3)
    assert gan.apprentice.width == gan.discriminator.width == 8
    assert float(gan.generator_optimizer.learning_rate) == pytest.approx(1e-3)


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_an_odd_size_is_refused(name):
    with pytest.raises(InputError, match="divisible by 16, not 40x64"):
        GAN_PRESETS[name].make(2, (40, 64))


def test_mixed_precision_keeps_weights_losses_and_pictures_exact():
    gan = GAN_PRESETS["default"].make(2, (16, 16), width=8, mixed_precision=True)
    assert keras.config.dtype_policy().name == "float32"
    convolutions = [layer for layer in gan.discriminator.layers if "conv" in layer.name]
    assert {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    assert {weight.dtype for weight in gan.trainable_variables} == {"float32"}
    pictures, category = np.ones((4, 16, 16, 3), "float32"), np.array([0, 1, 0, 1])
    logs = gan.fit(tf.data.Dataset.from_tensors((pictures, category)), verbose=0).history
    assert np.isfinite([logs["generator_loss"], logs["discriminator_loss"]]).all()
    assert gan([gan.sample_codes(4), category]).dtype == tf.float32
    exact = GAN_PRESETS["default"].make(2, (16, 16), width=8)
    exact.set_weights(gan.get_weights())
    copy = ConditionalGAN.from_config(gan.get_config())
    assert {layer.compute_dtype for layer in copy.discriminator.layers} == {
        layer.compute_dtype for layer in gan.discriminator.layers
    }
    assert keras.config.dtype_policy().name == "float32"
    codes = gan.sample_codes(4)
    np.testing.assert_allclose(gan([codes, category]), exact([codes, category]), atol=0.05)


@pytest.mark.long
def test_xla_compiles_the_step():
    # the codes differ: XLA draws by another algorithm
    gan = GAN_PRESETS["default"].make(2, (16, 16), width=4, jit_compile=True)
    pictures = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
    batches = tf.data.Dataset.from_tensors((pictures, np.array([0, 1, 0, 1]))).repeat(3)
    losses = gan.fit(batches, verbose=0).history
    assert gan.jit_compile
    assert 0 < losses["discriminator_loss"][0] < 1 and 0 < losses["generator_loss"][0] < 1
