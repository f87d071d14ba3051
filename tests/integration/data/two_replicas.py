"""Distributes a stream of triplets to two replicas; prints whether they share its batches.

A process of its own: several strategies in one process confuse each other's collectives.
"""

import numpy as np
import tensorflow as tf

from keras_fashion.data import Split, triplets

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

pairs = np.array([(user, item) for user in range(6) for item in range(user, user + 4)], np.int32)
none = np.empty((0, 2), np.int32)
split = Split(6, 12, pairs, none, none)


def stream(context: tf.distribute.InputContext | None = None) -> tf.data.Dataset:
    return triplets(split, 8, seed=1, negatives=4, context=context)


shared = iter(strategy.distribute_datasets_from_function(stream))
for whole in stream().take(4):
    batch = next(shared)
    for name, values in whole.items():
        parts = strategy.experimental_local_results(batch[name])
        assert len(parts) == 2
        rows = np.empty_like(values)
        rows[::2], rows[1::2] = parts
        np.testing.assert_array_equal(rows, values)
print("shared")
