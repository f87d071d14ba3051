import keras
import numpy as np
import pytest
import tensorflow as tf
from matched_gan import batches, match

from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS, EnergyGAN

SIZE = (16, 32)
every_preset = pytest.mark.parametrize("trained", GAN_PRESETS, indirect=True)


def made(name, seed=1):
    gan = GAN_PRESETS[name].make(3, SIZE, width=4, learning_rate=3e-3, seed=seed)
    return match(gan) if isinstance(gan, EnergyGAN) else gan


@pytest.fixture(scope="module")
def trained(request):
    """A preset's name, its GAN after a step, and all numbers that it began with."""
    gan = made(request.param)
    weights = [np.array(weight) for weight in gan.weights]
    gan.fit(batches(6, SIZE), steps_per_epoch=1, shuffle=False, verbose=0)
    return request.param, gan, weights


def numbers(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def test_dvbpr_has_the_parameters_of_the_released_code():
    # worked out from the released layer list: 6 categories, latents of 256, 64x64
    gan = GAN_PRESETS["dvbpr"].make(6)
    assert numbers(gan.generator) == 3_811_075
    assert numbers(gan.discriminator) == 4_460_545


@every_preset
def test_every_preset_trains(trained):
    _, gan, weights = trained
    drawn = gan([gan.sample_latents(4), np.array([0, 1, 2, 2])])
    assert drawn.shape == (4, *SIZE, 3) and drawn.dtype == tf.float32
    assert np.isfinite(drawn).all() and np.abs(drawn).max() <= 1
    places = {id(weight): number for number, weight in enumerate(gan.weights)}
    for new in gan.generator.trainable_variables:
        assert not np.array_equal(weights[places[id(new)]], new), new.path


@every_preset
def test_every_preset_is_saved_and_loaded(trained, tmp_path):
    _, gan, _ = trained
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    latents, category = gan.sample_latents(4), np.array([0, 1, 0, 1])
    np.testing.assert_array_equal(gan([latents, category]), loaded([latents, category]))
    for old, new in zip(gan.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(old, new)


@every_preset
def test_the_seed_decides_the_initial_weights(trained):
    name, _, first = trained
    again, other = made(name), made(name, seed=2)
    for a, b in zip(first, again.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(again.generator.weights[0], other.generator.weights[0])


@every_preset
def test_width_and_rate_can_be_given(trained):
    name, gan, _ = trained
    preset = GAN_PRESETS[name]
    assert gan.generator.width == gan.discriminator.width == 4 != preset.width
    rates = [float(optimizer.learning_rate) for optimizer in gan.optimizers]
    ratio = preset.discriminator_learning_rate / preset.learning_rate
    assert rates == pytest.approx([3e-3, ratio * 3e-3])
    assert preset.learning_rate != 3e-3


@pytest.mark.parametrize("name", GAN_PRESETS)
def test_an_odd_size_is_refused(name):
    with pytest.raises(InputError, match="divisible by 16, not 40x64"):
        GAN_PRESETS[name].make(2, (40, 64))


def test_mixed_precision_keeps_weights_losses_and_pictures_exact():
    gan = match(GAN_PRESETS["default"].make(3, (16, 16), width=8, mixed_precision=True))
    assert keras.config.dtype_policy().name == "float32"
    convolutions = [layer for layer in gan.discriminator.layers if "conv" in layer.name]
    assert {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    assert {weight.dtype for weight in gan.trainable_variables} == {"float32"}
    category = np.array([0, 1, 0, 1])
    logs = gan.train_step(next(iter(batches(4))))
    assert {loss.dtype for loss in logs.values()} == {tf.float32}
    assert np.isfinite([float(loss) for loss in logs.values()]).all()
    assert gan([gan.sample_latents(4), category]).dtype == tf.float32
    exact = GAN_PRESETS["default"].make(3, (16, 16), width=8)
    exact.set_weights(gan.get_weights())
    copy = EnergyGAN.from_config(gan.get_config())
    assert {layer.compute_dtype for layer in copy.discriminator.layers} == {
        layer.compute_dtype for layer in gan.discriminator.layers
    }
    assert keras.config.dtype_policy().name == "float32"
    latents = gan.sample_latents(4)
    np.testing.assert_allclose(gan([latents, category]), exact([latents, category]), atol=0.05)
