import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.optimizers import LazyAdam, sum_duplicates

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


# What a train_step does with the gradient before: in XLA, distinct rows of distinct rows are wrong.
before = pytest.mark.parametrize("before", [as_it_is, sum_duplicates])
modes = pytest.mark.parametrize("mode", ["eager", "graph", "jit"])


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


@modes
@before
def test_equals_lazy_adam_by_hand(mode, before):
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


@pytest.mark.parametrize(
    "clipping", [{}, {"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}]
)
@modes
@before
def test_is_adam_where_every_row_is_named(clipping, mode, before):
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


def test_clipping_leaves_other_rows_at_rest():
    table = keras.Variable(np.ones((4, 2), np.float32))
    optimizer = LazyAdam(0.1, global_clipnorm=0.1)
    optimizer.apply([tf.IndexedSlices(tf.ones((1, 2)), [0], (4, 2))], [table])
    first = table.numpy()
    optimizer.apply([tf.IndexedSlices(tf.ones((1, 2)), [1], (4, 2))], [table])
    np.testing.assert_array_equal(table.numpy()[[0, 2, 3]], first[[0, 2, 3]])


@pytest.mark.parametrize(
    "how", [{"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 3}]
)
def test_fit_comes_to_the_same_however_it_runs(how):
    def fitted(**options) -> list[np.ndarray]:
        model = table_and_dense()
        model.compile(LazyAdam(0.1), "mse", **options)
        # User 5 in the first batch alone: where rows at rest moved, the runs would differ.
        data = batches(1, [4, 5]).concatenate(batches(5, [0, 1, 2, 3]))
        model.fit(data, shuffle=False, verbose=0)
        return model.get_weights()

    plain = fitted(jit_compile=False)
    for ours, theirs in zip(fitted(**how), plain, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.ptp(plain[0]) > 0.1


def test_a_saved_model_goes_on_as_if_never_stopped(tmp_path):
    model = table_and_dense()
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 20)
    model.compile(LazyAdam(schedule, beta_1=0.8, epsilon=1e-4, clipnorm=2.0), "mse")
    model.fit(batches(3), shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")

    assert isinstance(again.optimizer, LazyAdam)
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, again):
        each.fit(batches(3, seed=1), shuffle=False, verbose=0)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "option",
    [
        {"amsgrad": True},
        {"weight_decay": 0.01},
        {"use_ema": True},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 8.0},
    ],
)
def test_refuses_what_touches_every_row(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        LazyAdam(**option)


def test_two_replicas_come_to_the_same_as_one_device(tmp_path):
    script = Path(__file__).with_name("two_replicas.py")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, script, tmp_path / "weights.npz"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    weights = list(np.load(tmp_path / "weights.npz").values())
    half = len(weights) // 2
    for one, two in zip(weights[:half], weights[half:], strict=True):
        np.testing.assert_allclose(two, one, atol=1e-5)
