"""Networks that compute in bfloat16."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def mixed_precision(on: bool) -> Iterator[None]:
    """What is made within has convolutions in bfloat16, or all in float32.

    Layers take the global policy that they find when they are made and keep it; outside, the
    policy is what it was. Weights are float32 in both cases.

    Args:
        on: Whether to compute in bfloat16.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if on else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
