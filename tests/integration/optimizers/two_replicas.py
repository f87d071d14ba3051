"""Trains on one device and on two replicas; writes both models' weights. Run by the test.

A process of its own: several strategies in one process confuse each other's collectives.
"""

import sys

import numpy as np
import tensorflow as tf
from rows_of_a_table import batches, table_and_dense

from keras_fashion.optimizers import LazyAdam

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


def trained() -> list[np.ndarray]:
    model = table_and_dense()
    model.compile(LazyAdam(0.1, clipnorm=100.0), "mse")
    # Six users in batches of eight: some user is in both halves of every batch.
    model.fit(batches(6), epochs=2, shuffle=False, verbose=0)
    return model.get_weights()


one = trained()
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    two = trained()
np.savez(sys.argv[1], *one, *two)
