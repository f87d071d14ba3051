"""Adam with one operation for each variable, and Adam for tables of many rows."""

from keras_fashion.optimizers.fused_adam import FusedAdam
from keras_fashion.optimizers.lazy_adam import LazyAdam, dense_gradients, sum_duplicates

__all__ = ["FusedAdam", "LazyAdam", "dense_gradients", "sum_duplicates"]
