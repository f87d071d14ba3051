"""Renormalizes a batch on two replicas of the processor; prints whether one device agrees.

A process of its own: several strategies in one process confuse each other's collectives.
"""

import numpy as np
import tensorflow as tf

from keras_fashion.distribution.global_batch import local_rows
from keras_fashion.models.batch_normalization import BatchNormalization, batch_renormalization

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
FEATURES = np.random.default_rng(0).normal(1, 2, (8, 3, 3, 4)).astype(np.float32)


def made() -> BatchNormalization:
    layer = BatchNormalization(momentum=0.9)
    layer.build(FEATURES.shape)
    layer.gamma.assign([1.0, 2.0, 0.5, 1.0])
    layer.beta.assign([0.0, 1.0, -1.0, 2.0])
    return layer


def renormalized(layer: BatchNormalization) -> tf.Tensor:
    with batch_renormalization(tf.constant(0.5)):
        return layer(local_rows(tf.constant(FEATURES)), training=True)


one = made()
expected = tf.function(renormalized)(one)
with strategy.scope():
    two = made()
found = strategy.experimental_local_results(strategy.run(tf.function(renormalized), (two,)))
for replica in range(2):
    np.testing.assert_allclose(found[replica], expected[replica::2], rtol=1e-4, atol=1e-4)
for mine, theirs in zip(two.get_weights(), one.get_weights(), strict=True):
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)
print("agreed")
