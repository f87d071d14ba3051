import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion import losses
from keras_fashion.losses.gan import (
    LeastSquaresDiscriminatorLoss,
    LeastSquaresGeneratorLoss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
)


def test_discriminator_loss_by_hand():
    # real: (0.5² + 0² + 1²) / 3 = 1.25 / 3; fake: (0² + 1² + 2² + 3²) / 4 = 3.5
    loss = least_squares_discriminator_loss(
        tf.constant([[0.5], [1.0], [2.0]]), tf.constant([[0.0], [1.0], [2.0], [-3.0]])
    )
    assert float(loss) == pytest.approx((1.25 / 3 + 3.5) / 2)


def test_generator_loss_by_hand():
    # (1² + 0² + 2²) / 3 / 2
    loss = least_squares_generator_loss(tf.constant([[0.0], [1.0], [3.0]]))
    assert float(loss) == pytest.approx(5 / 6)


def test_perfect_outputs_cost_nothing():
    ones, zeros = tf.ones((4, 1)), tf.zeros((4, 1))
    assert float(least_squares_discriminator_loss(ones, zeros)) == 0.0
    assert float(least_squares_generator_loss(ones)) == 0.0
    assert float(least_squares_discriminator_loss(zeros, ones)) == 1.0


def test_gradients_by_hand():
    outputs = tf.Variable([[0.0], [2.0]])
    with tf.GradientTape(persistent=True) as tape:
        generator = least_squares_generator_loss(outputs)
        real = least_squares_discriminator_loss(outputs, tf.zeros((2, 1)))
        fake = least_squares_discriminator_loss(tf.ones((2, 1)), outputs)
    # d/dv ½ mean (v − t)² = (v − t) / n
    np.testing.assert_allclose(tape.gradient(generator, outputs), [[-0.5], [0.5]])
    np.testing.assert_allclose(tape.gradient(real, outputs), [[-0.5], [0.5]])
    np.testing.assert_allclose(tape.gradient(fake, outputs), [[0.0], [1.0]])


@pytest.mark.parametrize("shape", [(5, 1), (4,), (3, 2)])
def test_keras_losses_are_the_functions(shape):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, *shape)).astype("float32")
    assert float(LeastSquaresDiscriminatorLoss()(real, fake)) == pytest.approx(
        float(least_squares_discriminator_loss(real, fake))
    )
    assert float(LeastSquaresGeneratorLoss()(real, fake)) == pytest.approx(
        float(least_squares_generator_loss(fake))
    )


@pytest.mark.parametrize("kind", [LeastSquaresDiscriminatorLoss, LeastSquaresGeneratorLoss])
def test_keras_losses_weight_examples_and_are_serialized(kind):
    real, fake = np.array([[0.0], [1.0]], "float32"), np.array([[3.0], [0.0]], "float32")
    loss = kind(reduction="sum")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is kind and again.reduction == "sum" and again.name == loss.name
    weighted = again(real, fake, sample_weight=np.array([2.0, 0.0], "float32"))
    assert float(weighted) == pytest.approx(2 * float(loss(real[:1], fake[:1])))


def test_losses_are_exported_lazily():
    code = "import sys; import keras_fashion.losses as losses; dir(losses); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert b"keras_fashion.losses" in modules and b"tensorflow" not in modules.split()
    assert losses.LeastSquaresGeneratorLoss is LeastSquaresGeneratorLoss
