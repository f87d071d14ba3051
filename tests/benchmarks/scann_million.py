"""ScaNN over the items of an exported recommender, beside the bare product in the same process.

It runs in an environment of its own (`pip install 'scann[tf]'`): its operators load into the
TensorFlow that they were built for only.

Usage: python scann_million.py MODEL
"""

import sys
import time

import numpy as np
import scann
import tensorflow as tf

ROUNDS, K = 11, 10


def main():
    reader = tf.train.load_checkpoint(f"{sys.argv[1]}/variables/variables")
    shapes = reader.get_variable_to_shape_map()
    tables = [reader.get_tensor(name) for name, shape in shapes.items() if len(shape) == 2]
    columns, rows = sorted(tables, key=len)  # a row a number of a vector, and a row a user
    real = np.flatnonzero(columns[-1] > tf.float32.min)[-1] + 1
    table = tf.constant(columns[:-1, :real])
    rows = rows[:256, :-1]

    @tf.function
    def bare(users):
        return tf.math.top_k(tf.matmul(users, table), K)

    started = time.perf_counter()
    searcher = (
        scann.scann_ops_pybind.builder(np.ascontiguousarray(table.numpy().T), K, "dot_product")
        .tree(num_leaves=1000, num_leaves_to_search=50, training_sample_size=100_000)
        .score_ah(2, anisotropic_quantization_threshold=0.2)
        .reorder(200)
        .build()
    )
    version = tf.__version__
    print(f"ScaNN on TensorFlow {version}: index built in {time.perf_counter() - started:.0f} s")
    exact = bare(tf.constant(rows)).indices.numpy()
    print(f"bare: batch 1 {timed(lambda: bare(rows[:1])):.1f} ms, ", end="")
    print(f"batch 64 {timed(lambda: bare(rows[:64])):.1f} ms")
    for leaves in (5, 20, 50, 150):
        wanted = {"leaves_to_search": leaves}
        found, _ = searcher.search_batched(rows, **wanted)
        recall = np.mean([np.isin(*pair).mean() for pair in zip(exact, found, strict=True)])
        one = timed(lambda wanted=wanted: searcher.search(rows[0], **wanted))
        many = timed(lambda wanted=wanted: searcher.search_batched(rows[:64], **wanted))
        print(
            f"ScaNN, {leaves:3} of 1,000 leaves: recall@{K} {recall:.3f}, "
            f"batch 1 {one:.1f} ms, batch 64 {many:.1f} ms",
            flush=True,
        )


def timed(function):
    """Median of ms."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        function()
        times.append((time.perf_counter() - started) * 1e3)
    return float(np.median(times[1:]))


if __name__ == "__main__":
    main()
