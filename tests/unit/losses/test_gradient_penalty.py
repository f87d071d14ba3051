import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.losses.gan import gradient_penalty
from keras_fashion.models.discriminator import Discriminator


def test_gradient_of_a_plane():
    # D(x, c) = w . x + 2c: its gradient is w everywhere
    weights = np.random.default_rng(0).normal(size=(4, 4, 3)).astype("float32")

    def plane(inputs, training):
        pictures, category = inputs
        value = tf.reduce_sum(pictures * weights, axis=(1, 2, 3)) + 2 * tf.cast(category, "float32")
        return value[:, None]

    pictures = tf.random.stateless_normal((5, 4, 4, 3), [1, 2])
    penalty = gradient_penalty(plane, pictures, tf.range(5))
    assert float(penalty) == pytest.approx(float(np.sum(weights**2)), rel=1e-5)


def test_agrees_with_finite_differences():
    discriminator = Discriminator(2, (16, 16), width=2, seed=0)
    pictures = np.random.default_rng(1).uniform(-1, 1, (2, 16, 16, 3)).astype("float32")
    category = np.array([0, 1])
    penalty = float(gradient_penalty(discriminator, tf.constant(pictures), tf.constant(category)))
    step, total = 1e-2, 0.0
    for number in range(2):
        moved = np.repeat(pictures[[number]], 768, axis=0)
        nudge = step * np.eye(768, dtype="float32").reshape(768, 16, 16, 3)
        kind = np.full(768, category[number])
        rise = discriminator([moved + nudge, kind]) - discriminator([moved - nudge, kind])
        total += float(np.sum((np.array(rise) / (2 * step)) ** 2)) / 2
    assert penalty == pytest.approx(total, rel=0.02)
