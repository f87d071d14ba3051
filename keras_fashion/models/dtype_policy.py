"""Creating layers under a dtype policy, such as "mixed_bfloat16"."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def dtype_policy_scope(policy: str | keras.DTypePolicy) -> Iterator[None]:
    """Sets the dtype policy of the layers that are created within the context.

    Layers take Keras's global policy when they are created, and keep it. The global policy is
    restored when the context ends.

    Args:
        policy: Dtype policy or its name, such as "mixed_bfloat16".

    Example:
        >>> with dtype_policy_scope("mixed_bfloat16"):
        ...     layer = keras.layers.Dense(3)
        >>> layer.compute_dtype, keras.layers.Dense(3).compute_dtype
        ('bfloat16', 'float32')
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
