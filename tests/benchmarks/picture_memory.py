"""Memory while the largest pictures that a request may hold are decoded.

Usage: python tests/benchmarks/picture_memory.py
"""

import io
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_fashion.serving.signatures.picture_bytes import (
    MOST_JPEG_PIXELS,
    MOST_PNG_PIXELS,
    decode_pictures,
)


def file_of(kind, side):
    small = np.random.default_rng(0).integers(0, 256, (side // 16, side // 16, 3), np.uint8)
    options = {"progressive": True} if kind == "JPEG" else {}
    data = io.BytesIO()
    Image.fromarray(small).resize((side, side)).save(data, kind, **options)
    return data.getvalue()


def resident(which):
    """MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 1e3


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def decoded(files):
    return decode_pictures(files, (64, 64))


for kind, most in {"PNG": MOST_PNG_PIXELS, "JPEG": MOST_JPEG_PIXELS}.items():
    side = int(most**0.5)
    data = file_of(kind, side)
    decoded(tf.constant([file_of(kind, 32)]))
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    started = time.perf_counter()
    decoded(tf.constant([data]))
    seconds = time.perf_counter() - started
    print(f"{kind} of {side} x {side}: {resident('VmHWM') - before:.0f} MB, {seconds:.2f} s")
