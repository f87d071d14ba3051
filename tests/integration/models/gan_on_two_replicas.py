"""Trains a GAN on two replicas of the processor, with the default losses and with Keras losses.

Prints "agreed" if both train alike.
A process of its own: several strategies in one process confuse each other's collectives.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.losses import LeastSquaresDiscriminatorLoss, LeastSquaresGeneratorLoss
from keras_fashion.models import GAN_PRESETS

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
PICTURES = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 3)).astype(np.float32)
DATA = tf.data.Dataset.from_tensors((PICTURES, np.arange(8) % 3))


def trained(*losses: keras.losses.Loss) -> tuple[dict[str, list[float]], list[np.ndarray]]:
    """The losses of a step and of an evaluation, and the weights after the step."""
    with strategy.scope():
        gan = GAN_PRESETS["least-squares"].make(3, (16, 16), width=2, seed=1)
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), *losses)
    return gan.fit(DATA, validation_data=DATA, verbose=0).history, gan.get_weights()


expected, weights = trained()
found, others = trained(LeastSquaresGeneratorLoss(), LeastSquaresDiscriminatorLoss())
assert len(expected) == 4 and expected.keys() == found.keys()
for name, values in expected.items():
    np.testing.assert_allclose(found[name], values, rtol=1e-5)
for one, other in zip(weights, others, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
print("agreed")
