"""Adam with one operation for each variable, Adam for tables of many rows, and a schedule."""

from keras_fashion.optimizers.fused_adam import FusedAdam
from keras_fashion.optimizers.inverse_root_decay import InverseRootDecay
from keras_fashion.optimizers.lazy_adam import LazyAdam, dense_gradients, sum_duplicates

__all__ = ["FusedAdam", "InverseRootDecay", "LazyAdam", "dense_gradients", "sum_duplicates"]
