import keras
import numpy as np
import pytest
import tensorflow as tf
from matched_gan import COLORS, SIZE, batches, match, toy_features

from keras_fashion.errors import InputError
from keras_fashion.losses import Described, energy_distance, least_squares_generator_loss
from keras_fashion.models import GAN_PRESETS, ConditionalGAN, EnergyGAN, load
from keras_fashion.models.batch_normalization import batch_renormalization


def made(**options):
    return match(GAN_PRESETS["default"].make(3, SIZE, width=2, **options))


def test_the_generator_takes_a_step_down_the_sum_of_both_losses():
    gan = made()
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0))
    twin = made()
    twin.set_weights(gan.get_weights())
    batch = next(iter(batches(8)))
    gan.train_step(batch)
    _, category, features, categories = batch
    with tf.GradientTape() as tape:
        fakes = twin.generator([twin.sample_latents(8), category], training=True)
        loss = least_squares_generator_loss(twin.discriminator([fakes, category], training=True))
        generated = Described(toy_features()(fakes), category)
        real = Described(tf.cast(features, tf.float32), categories)
        distance = energy_distance(generated, real, toy_features().sizes)
        total = loss + distance
    variables = twin.generator.trainable_variables
    for variable, gradient, moved in zip(
        variables, tape.gradient(total, variables), gan.generator.trainable_variables, strict=True
    ):
        expected = variable - 0.1 * tf.convert_to_tensor(gradient)
        np.testing.assert_allclose(moved, expected, atol=1e-5, err_msg=variable.path)
    logs = gan.get_metrics_result()
    assert float(logs["energy_distance"]) == pytest.approx(float(distance), rel=1e-4)
    assert float(logs["generator_loss"]) == pytest.approx(float(loss), rel=1e-4)


@pytest.mark.parametrize(("steps", "progress"), [(4, 0.0), (6, 0.5), (9, 1.0)])
def test_late_steps_renormalize(steps, progress):
    gan, twin = made(), made()
    gan.renormalization_start = 4
    for each in (gan, twin):
        each.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0))
        each.generator_optimizer.iterations.assign(steps)
    batch = next(iter(batches(8)))
    gan.train_step(batch)
    with batch_renormalization(tf.constant(progress)):
        ConditionalGAN.train_step(twin, batch)
    for mine, expected in zip(gan.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-6)
    if progress:  # the weights depend on it
        plain = made()
        plain.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0))
        plain.train_step(batch)
        moved = zip(gan.generator.get_weights(), plain.generator.get_weights(), strict=True)
        assert max(np.abs(one - other).max() for one, other in moved) > 1e-3


def test_it_does_not_train_without_features():
    gan = GAN_PRESETS["default"].make(3, SIZE, width=2)
    with pytest.raises(ValueError, match="call `match` with the frozen features before training"):
        gan.train_step(next(iter(batches(4))))


def test_one_picture_has_no_other_to_be_compared_with():
    with pytest.raises(InputError, match="`batch_size` must be 2 or more"):
        made().train_step(next(iter(batches(1))))


def test_the_frozen_features_are_not_saved(tmp_path):
    gan, plain = made(), GAN_PRESETS["default"].make(3, SIZE, width=2)
    assert len(gan.weights) == len(plain.weights)
    gan.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert isinstance(loaded, EnergyGAN)
    inputs = [gan.sample_latents(3), np.array([0, 1, 2])]
    np.testing.assert_array_equal(loaded(inputs), gan(inputs))


def test_it_learns_the_color_of_each_category_without_a_discriminator():
    gan = match(GAN_PRESETS["default"].make(3, SIZE, width=4, seed=1))
    gan.compile(keras.optimizers.Adam(1e-2, beta_1=0.5), keras.optimizers.SGD(0.0))
    gan.fit(batches(8), steps_per_epoch=80, shuffle=False, verbose=0)
    for category, color in enumerate(COLORS):
        drawn = gan.draw(gan.sample_latents(16), np.full(16, category))
        assert drawn.mean() == pytest.approx(color, abs=30)
