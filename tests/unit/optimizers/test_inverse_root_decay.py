import keras
import numpy as np
import pytest

from keras_fashion.models import GAN_PRESETS, load
from keras_fashion.optimizers import InverseRootDecay


def test_it_falls_with_the_root_of_the_step_after_the_constant_steps():
    steps = np.array([0, 1, 49, 50, 51, 200, 5000])
    found = [float(InverseRootDecay(0.3, 50)(step)) for step in steps]
    expected = 0.3 * np.minimum(1, np.sqrt(50 / np.maximum(steps, 1)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_an_optimizer_takes_its_steps_at_these_rates():
    weight = keras.Variable(0.0)
    optimizer = keras.optimizers.SGD(InverseRootDecay(1.0, 1))
    for _ in range(4):
        optimizer.apply([keras.ops.ones(())], [weight])
    assert float(weight) == pytest.approx(-(1 + 1 + 2**-0.5 + 3**-0.5), rel=1e-6)


def test_a_saved_gan_keeps_the_schedule_and_the_step(tmp_path):
    gan = GAN_PRESETS["default"].make(2, (16, 16), width=2, learning_rate=4e-3)
    gan.generator_optimizer.iterations.assign(4 * 2300)
    gan.save(tmp_path / "gan.keras")
    again = load(tmp_path / "gan.keras")
    assert float(again.generator_optimizer.learning_rate) == pytest.approx(2e-3)
    assert float(again.discriminator_optimizer.learning_rate) == pytest.approx(1.6e-3)


def test_rates_of_the_paper_do_not_fall():
    gan = GAN_PRESETS["dvbpr"].make(2, (16, 16), width=2)
    gan.generator_optimizer.iterations.assign(10**6)
    assert float(gan.generator_optimizer.learning_rate) == pytest.approx(1e-4)
