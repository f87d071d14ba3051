import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.metrics.features import FeatureMetric, checked_features


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_any_float_dtype_becomes_double(dtype):
    checked = checked_features(np.array([[0.5, 2.0]], dtype), "real", 1)
    assert checked.dtype == np.float64
    assert checked.tolist() == [[0.5, 2.0]]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros(3), r"generated features must be \(N, F\), received shape \(3,\)"),
        (np.zeros((3, 0)), r"received shape \(3, 0\)"),
        (np.zeros((3, 5)), "5 numbers a picture and the real ones 4"),
        (np.zeros((1, 4)), "at least 2 generated pictures, received 1"),
        (np.array([[0.0] * 4, [1, 2, np.nan, 4]]), "row 1 is not"),
        (np.array([[np.inf] * 4, [0.0] * 4]), "row 0 is not"),
    ],
)
def test_says_what_is_wrong(features, message):
    with pytest.raises(ValueError, match=message):
        checked_features(features, "generated", 2, width=4)


class MeanDifference(FeatureMetric):
    def compute_metric(self, real, generated):
        return float(generated.mean() - real.mean())


def test_a_metric_collects_batches_until_it_is_reset():
    metric = MeanDifference(name="mean_difference")
    with pytest.raises(ValueError, match="mean_difference has no features yet"):
        metric.result()
    metric.update_state(np.zeros((3, 2)), tf.ones((1, 2)))
    metric.update_state(np.ones((1, 2)), tf.ones((4, 2), tf.float16))
    assert float(metric.result()) == 0.75 and metric.result().dtype == tf.float32
    metric.reset_state()
    assert float(metric([[5.0]], [[7.0]])) == 2


def test_a_metric_is_not_updated_in_a_graph():
    metric = MeanDifference()

    @tf.function
    def update(real):
        metric.update_state(real, real)

    with pytest.raises(NotImplementedError):
        update(tf.zeros((2, 2)))
