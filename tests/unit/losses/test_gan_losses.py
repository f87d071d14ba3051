import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.losses.gan import (
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


def test_perfect_verdicts_cost_nothing():
    ones, zeros = tf.ones((4, 1)), tf.zeros((4, 1))
    assert float(least_squares_discriminator_loss(ones, zeros)) == 0.0
    assert float(least_squares_generator_loss(ones)) == 0.0
    assert float(least_squares_discriminator_loss(zeros, ones)) == 1.0


def test_gradients_by_hand():
    verdicts = tf.Variable([[0.0], [2.0]])
    with tf.GradientTape(persistent=True) as tape:
        generator = least_squares_generator_loss(verdicts)
        real = least_squares_discriminator_loss(verdicts, tf.zeros((2, 1)))
        fake = least_squares_discriminator_loss(tf.ones((2, 1)), verdicts)
    # d/dv ½ mean (v − t)² = (v − t) / n
    np.testing.assert_allclose(tape.gradient(generator, verdicts), [[-0.5], [0.5]])
    np.testing.assert_allclose(tape.gradient(real, verdicts), [[-0.5], [0.5]])
    np.testing.assert_allclose(tape.gradient(fake, verdicts), [[0.0], [1.0]])
