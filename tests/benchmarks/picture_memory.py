"""Measures the memory needed to decode the largest pictures that a request may contain.

Usage: python tests/benchmarks/picture_memory.py
"""

import io
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_fashion.serving.signatures.picture_bytes import (
    MAX_JPEG_PIXELS,
    MAX_PNG_PIXELS,
    decode_pictures,
)


def file_of(kind, side):
    """Returns a file with a square picture."""
    small = np.random.default_rng(0).integers(0, 256, (side // 16, side // 16, 3), np.uint8)
    options = {"progressive": True} if kind == "JPEG" else {}
    data = io.BytesIO()
    Image.fromarray(small).resize((side, side)).save(data, kind, **options)
    return data.getvalue()


def resident(which):
    """Returns a size of this process in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 1e3


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def decoded(files):
    return decode_pictures(files, (64, 64))


for kind, max_pixels in {"PNG": MAX_PNG_PIXELS, "JPEG": MAX_JPEG_PIXELS}.items():
    side = int(max_pixels**0.5)
    data = file_of(kind, side)
    decoded(tf.constant([file_of(kind, 32)]))
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    started = time.perf_counter()
    decoded(tf.constant([data]))
    seconds = time.perf_counter() - started
    print(f"{kind} of {side} x {side}: {resident('VmHWM') - before:.0f} MB, {seconds:.2f} s")
