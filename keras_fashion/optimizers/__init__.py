"""Optimisers for tables of many rows."""

from keras_fashion.optimizers.lazy_adam import LazyAdam
from keras_fashion.optimizers.sum_duplicates import sum_duplicates

__all__ = ["LazyAdam", "sum_duplicates"]
