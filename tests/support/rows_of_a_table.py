"""What the tests of LazyAdam share, a process of two replicas among them."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.optimizers import LazyAdam

USERS, WIDTH, BATCH = 6, 3, 8


@keras.saving.register_keras_serializable(package="tests")
class Table(keras.layers.Layer):
    """Rows of a table by number, read without a copy of it."""

    def build(self, _: tuple) -> None:
        self.rows = self.add_weight(shape=(USERS, WIDTH), initializer="ones", name="rows")

    def call(self, users: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.rows.value, users)


def table_and_dense() -> keras.Model:
    """A table of rows, whose gradient is by rows, under a Dense layer, whose gradient is dense."""
    users = keras.Input((), dtype="int32")
    start = keras.initializers.Constant([[0.5], [-1.0], [0.25]])
    return keras.Model(users, keras.layers.Dense(1, kernel_initializer=start)(Table()(users)))


def batches(count: int, users: list[int] | None = None, seed: int = 0) -> tf.data.Dataset:
    """Batches of 8 users, some twice or more, and the number each should come to."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(range(USERS) if users is None else users, count * BATCH).astype(np.int32)
    targets = rng.normal(size=(count * BATCH, 1)).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices((chosen, targets)).batch(BATCH)


def as_it_is(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    return gradient


def compiled(step, mode: str):
    return step if mode == "eager" else tf.function(step, jit_compile=mode == "jit")


def fitted(**options) -> list[np.ndarray]:
    model = table_and_dense()
    model.compile(LazyAdam(0.1), "mse", **options)
    # User 5 in the first batch alone: where rows at rest moved, the runs would differ.
    data = batches(1, [4, 5]).concatenate(batches(5, [0, 1, 2, 3]))
    model.fit(data, shuffle=False, verbose=0)
    return model.get_weights()


def by_hand(table, steps, rates, beta_1=0.9, beta_2=0.999, epsilon=1e-7) -> np.ndarray:
    """Lazy Adam as a loop over rows, in float64: `steps` are (rows, parts of the gradient)."""
    table = table.astype(np.float64)
    m, v = np.zeros_like(table), np.zeros_like(table)
    for t, ((rows, parts), rate) in enumerate(zip(steps, rates, strict=True), start=1):
        for row in set(rows):
            g = sum(part for at, part in zip(rows, parts, strict=True) if at == row)
            m[row] = beta_1 * m[row] + (1 - beta_1) * g
            v[row] = beta_2 * v[row] + (1 - beta_2) * g**2
            scale = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
            table[row] -= scale * m[row] / (np.sqrt(v[row]) + epsilon)
    return table


def assert_equals_lazy_adam_by_hand(mode: str, before) -> None:
    """Steps of LazyAdam on gradients by rows, against the loop."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(6, 3))
    # Row 5 is in no batch, row 4 in the first alone, some are in one batch several times.
    steps = [([4, 0, 0], rng.normal(size=(3, 3)))]
    steps += [(rng.integers(0, 4, 5).tolist(), rng.normal(size=(5, 3))) for _ in range(4)]
    table = keras.Variable(start, dtype="float32")
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    optimizer = LazyAdam(schedule, beta_1=0.8, beta_2=0.95, epsilon=1e-5)
    optimizer.build([table])

    def step(rows, parts) -> None:
        optimizer.apply([before(tf.IndexedSlices(parts, rows, (6, 3)))], [table])

    step = compiled(step, mode)
    for rows, parts in steps:
        step(tf.constant(rows), tf.constant(parts, tf.float32))

    expected = by_hand(start, steps, 0.1 * 0.5 ** np.arange(5), 0.8, 0.95, 1e-5)
    np.testing.assert_allclose(table.numpy(), expected, atol=2e-6)
    np.testing.assert_array_equal(table.numpy()[5], start[5].astype(np.float32))


def assert_is_adam_where_every_row_is_named(clipping: dict, mode: str, before) -> None:
    """Steps of LazyAdam on gradients by rows, against Keras's Adam on the same ones, dense."""

    def trained(optimizer, as_given) -> list[np.ndarray]:
        table = keras.Variable(np.ones((4, 2), np.float32))
        bias = keras.Variable(np.ones(2, np.float32))
        optimizer.build([table, bias])

        def step(rows, parts) -> None:
            gradient = as_given(tf.IndexedSlices(parts, rows, (4, 2)))
            optimizer.apply([gradient, tf.reduce_sum(parts, axis=0)], [table, bias])

        step = compiled(step, mode)
        rng = np.random.default_rng(0)
        for _ in range(4):
            rows = np.concatenate([rng.permutation(4), [1, 2, 1]])
            step(tf.constant(rows), tf.constant(rng.normal(size=(7, 2)), tf.float32))
        return [table.numpy(), bias.numpy()]

    lazy = trained(LazyAdam(0.1, **clipping), before)
    adam = trained(keras.optimizers.Adam(0.1, **clipping), tf.convert_to_tensor)
    for ours, theirs in zip(lazy, adam, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
