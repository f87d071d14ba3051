import keras
import numpy as np
import pytest
import tensorflow as tf
from rows_of_a_table import (
    as_it_is,
    assert_equals_lazy_adam_by_hand,
    assert_is_adam_where_every_row_is_named,
    batches,
    fitted,
    table_and_dense,
)

from keras_fashion.optimizers import LazyAdam, sum_duplicates

# What a train_step does with the gradient before: in XLA, distinct rows of distinct rows are wrong.
before = pytest.mark.parametrize("before", [as_it_is, sum_duplicates])


@pytest.mark.parametrize(
    ("mode", "before"),
    [
        ("eager", as_it_is),
        ("eager", sum_duplicates),
        ("graph", as_it_is),
        ("graph", sum_duplicates),
        ("jit", sum_duplicates),
    ],
)
def test_equals_lazy_adam_by_hand(mode, before):
    assert_equals_lazy_adam_by_hand(mode, before)


# XLA: tests/long.
@pytest.mark.parametrize(
    "clipping", [{}, {"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}]
)
@pytest.mark.parametrize("mode", ["eager", "graph"])
@before
def test_is_adam_where_every_row_is_named(clipping, mode, before):
    assert_is_adam_where_every_row_is_named(clipping, mode, before)


def test_clipping_leaves_other_rows_at_rest():
    table = keras.Variable(np.ones((4, 2), np.float32))
    optimizer = LazyAdam(0.1, global_clipnorm=0.1)
    optimizer.apply([tf.IndexedSlices(tf.ones((1, 2)), [0], (4, 2))], [table])
    first = table.numpy()
    optimizer.apply([tf.IndexedSlices(tf.ones((1, 2)), [1], (4, 2))], [table])
    np.testing.assert_array_equal(table.numpy()[[0, 2, 3]], first[[0, 2, 3]])


# In other ways: tests/long.
def test_fit_comes_to_the_same_however_it_runs():
    plain = fitted(jit_compile=False)
    for ours, theirs in zip(fitted(run_eagerly=True), plain, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.ptp(plain[0]) > 0.1


def test_a_saved_model_goes_on_as_if_never_stopped(tmp_path):
    model = table_and_dense()
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 20)
    model.compile(
        LazyAdam(schedule, beta_1=0.8, epsilon=1e-4, clipnorm=2.0), "mse", run_eagerly=True
    )
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
