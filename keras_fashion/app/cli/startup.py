"""The import of TensorFlow without its notices."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def quiet_tensorflow() -> None:
    """Imports TensorFlow and Keras while the process's stderr is redirected to the null device.

    TensorFlow 2.21 prints notices on oneDNN and CUDA while it is imported, whatever the value of
    TF_CPP_MIN_LOG_LEVEL; afterwards it obeys the variable. Python exceptions are still raised.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _stderr_to_null():
        import keras  # noqa: F401
        import tensorflow

        # Without a GPU, the first search for one prints an error.
        tensorflow.config.list_physical_devices("GPU")


@contextmanager
def _stderr_to_null() -> Iterator[None]:
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)
