"""Imports TensorFlow without its notices."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def quiet_tensorflow() -> None:
    """Imports TensorFlow with stderr closed to the C++ side.

    TensorFlow 2.21 prints notices on oneDNN and CUDA while it is imported, whatever
    TF_CPP_MIN_LOG_LEVEL says; afterwards it heeds the variable. Python errors still come through.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _stderr_to_null():
        import keras  # noqa: F401
        import tensorflow

        # Looking for a GPU, where there is none, prints an error at the first operation.
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
