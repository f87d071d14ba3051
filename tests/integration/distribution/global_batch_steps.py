"""Exchanges rows between three replicas of the processor; prints whether they agree.

A process of its own: several strategies in one process confuse each other's collectives.
"""

import numpy as np
import tensorflow as tf

from keras_fashion.distribution.global_batch import (
    divide_by_replicas,
    gather_rows,
    local_rows,
    mean_of_replicas,
    num_replicas,
)

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 3)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1", "CPU:2"])
assert num_replicas() == 1  # outside of a step

BATCH = tf.reshape(tf.range(18, dtype=tf.float32), (6, 3))
WEIGHTS = tf.range(1.0, 7.0)[:, None]


@tf.function
def step():
    rows = local_rows(BATCH)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        # Every replica uses all rows, with its own factor: 1, 2 and 3.
        factor = tf.cast(
            tf.distribute.get_replica_context().replica_id_in_sync_group + 1, tf.float32
        )
        loss = factor * tf.reduce_sum(WEIGHTS * gather_rows(rows))
    mean = mean_of_replicas(tf.reduce_mean(rows, axis=0))
    return {
        "rows": rows,
        "gathered": gather_rows(rows),
        "gradient": tape.gradient(loss, rows),
        "mean": mean,
        "replicas": tf.constant(num_replicas()),
        "loss": divide_by_replicas(tf.reduce_mean(rows)),
    }


results = {
    name: [each.numpy() for each in strategy.experimental_local_results(values)]
    for name, values in strategy.run(step).items()
}
for replica in range(3):
    np.testing.assert_array_equal(results["rows"][replica], BATCH[replica::3])
    np.testing.assert_array_equal(results["gathered"][replica], BATCH)
    # The gradients of all replicas flow back to the one that has the row: 1 + 2 + 3 times.
    np.testing.assert_allclose(
        results["gradient"][replica], np.broadcast_to(6 * WEIGHTS[replica::3], (2, 3))
    )
    np.testing.assert_allclose(results["mean"][replica], tf.reduce_mean(BATCH, axis=0))
    assert results["replicas"][replica] == 3
np.testing.assert_allclose(sum(results["loss"]), tf.reduce_mean(BATCH))
print("agreed")
