"""Convolutions in bfloat16, everything else in float32."""

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


def in_bfloat16(network: keras.Model) -> keras.Model:
    """A copy that computes in bfloat16; variables stay float32.

    On processors with bfloat16 instructions that halves the time. Layers that bring pixels to
    scale stay exact.

    Args:
        network: Of the functional API.
    """
    # Not by the global policy, which would have to be put back.
    exact = keras.layers.InputLayer | keras.layers.Rescaling | keras.layers.Normalization

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if not isinstance(layer, exact):
            config["dtype"] = "mixed_bfloat16"
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(network, clone_function=clone)
    copy.set_weights(network.get_weights())
    return copy
