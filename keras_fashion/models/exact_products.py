"""Matrix products in whole float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def exact_products() -> Iterator[None]:
    """Without TensorFloat-32, whose ten bits of a product on a GPU would make ties."""
    config = tf.config.experimental
    enabled = config.tensor_float_32_execution_enabled()
    config.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        config.enable_tensor_float_32_execution(enabled)
