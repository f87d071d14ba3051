"""The product of users with a table of items, by how the table lies.

Usage: python tests/benchmarks/product_layout.py
"""

import time

import numpy as np
import tensorflow as tf

ITEMS, SIZE, ROUNDS = 200_000, 102, 9

columns = tf.random.stateless_normal([SIZE, ITEMS], [0, 1])
rows = tf.transpose(columns)


@tf.function(reduce_retracing=True)
def with_rows(users):
    return tf.matmul(users, rows, transpose_b=True)


@tf.function(reduce_retracing=True)
def with_columns(users):
    return tf.matmul(users, columns)


for count in (1, 2, 4, 7, 8, 16, 64):
    users = tf.random.stateless_normal([count, SIZE], [2, 3])
    times = {with_rows: [], with_columns: []}
    for _ in range(ROUNDS + 1):
        for product, each in times.items():
            started = time.perf_counter()
            product(users)
            each.append((time.perf_counter() - started) * 1e3)
    by_rows, by_columns = (float(np.median(each[1:])) for each in times.values())
    print(
        f"{count:2} users: {by_rows:6.1f} ms with rows, {by_columns:6.1f} ms with columns, "
        f"{by_rows / by_columns:5.2f}"
    )
