"""LazyAdam compiled by XLA, and in every way that `fit` can run."""

import numpy as np
import pytest
from rows_of_a_table import (
    as_it_is,
    assert_equals_lazy_adam_by_hand,
    assert_is_adam_where_every_row_is_named,
    fitted,
)

from keras_fashion.optimizers import sum_duplicates

before = pytest.mark.parametrize("before", [as_it_is, sum_duplicates])


@before
def test_equals_lazy_adam_by_hand(before):
    assert_equals_lazy_adam_by_hand("jit", before)


@pytest.mark.parametrize(
    "clipping", [{}, {"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}]
)
@before
def test_is_adam_where_every_row_is_named(clipping, before):
    assert_is_adam_where_every_row_is_named(clipping, "jit", before)


@pytest.fixture(scope="module")
def plain():
    """Weights after a training in graphs."""
    return fitted(jit_compile=False)


@pytest.mark.parametrize(
    "how", [{"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 3}]
)
def test_fit_comes_to_the_same_however_it_runs(how, plain):
    for ours, theirs in zip(fitted(**how), plain, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.ptp(plain[0]) > 0.1
