"""Pictures as they come with a request: JPEG or PNG files that may be broken."""

import tensorflow as tf

from keras_fashion.data.pictures import JPEG_START, decode_picture
from keras_fashion.serving.signatures.request_checks import after, require

PNG_START = b"\x89PNG\r\n\x1a\n"

MOST_PICTURES = 64
"""Of one request, decoded one after another."""

MOST_JPEG_PIXELS, MOST_PNG_PIXELS = 2**25, 2**23
"""Of one picture: a JPEG is decoded at a fraction of its size, a PNG whole and in float32.

The largest take 101 and 134 MB for a third of a second (`tests/benchmarks/picture_memory.py`).
"""


def decode_pictures(image_bytes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes the pictures of a request as those of the catalogue are.

    A pipeline of `tf.data` is built in the graph because it can leave out what fails, which tells
    the broken rows; it is dearer than `tf.map_fn`, whose error names none.

    Args:
        image_bytes: (B,) string.
        size: Height and width.

    Returns:
        (B, H, W, 3) uint8.

    Raises:
        tf.errors.InvalidArgumentError: At run time, naming the rows that are no JPEG or PNG, are
            damaged, or have more pixels than MOST_JPEG_PIXELS or MOST_PNG_PIXELS.
    """
    rows = tf.size(image_bytes, tf.int64)

    @tf.autograph.experimental.do_not_convert
    def decoded(row: tf.Tensor, data: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        (data,) = after([_require_a_picture(data)], data)
        return row, tf.ensure_shape(decode_picture(data, size), [*size, 3])

    good = tf.data.Dataset.from_tensor_slices(image_bytes).enumerate().map(decoded).ignore_errors()
    # One more at the end, for there is no batch of nothing.
    end = tf.data.Dataset.from_tensors((rows, tf.zeros([*size, 3], tf.uint8)))
    options = tf.data.Options()
    options.autotune.enabled = False  # which would start threads at each request
    options.experimental_optimization.apply_default_optimizations = False
    together = good.concatenate(end).batch(rows + 1).with_options(options)
    found, pictures = together.get_single_element()

    broken = tf.sets.difference(tf.range(rows)[None], found[None, :-1]).values
    check = require(
        tf.size(broken) == 0,
        f"image_bytes must be undamaged JPEG files of at most {MOST_JPEG_PIXELS:,} pixels or PNG ",
        f"files of at most {MOST_PNG_PIXELS:,}; not so in row ",
        tf.strings.reduce_join(tf.strings.as_string(broken), separator=", "),
    )
    return after([check], pictures[:-1])[0]


def _require_a_picture(data: tf.Tensor) -> tf.Operation:
    """Stops at what its head says to be no JPEG or PNG, or too large to be decoded."""

    def jpeg_fits() -> tf.Tensor:
        return _pixels(tf.io.extract_jpeg_shape(data)[:2]) <= MOST_JPEG_PIXELS

    def png_fits() -> tf.Tensor:
        sides = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.int32, little_endian=False)
        return _pixels(sides) <= MOST_PNG_PIXELS

    is_jpeg = tf.strings.substr(data, 0, 2) == JPEG_START
    is_png = tf.strings.substr(data, 0, 8) == PNG_START
    fits = tf.cond(is_jpeg, jpeg_fits, lambda: tf.cond(is_png, png_fits, lambda: False))
    return require(fits, "no picture, or too large")


def _pixels(sides: tf.Tensor) -> tf.Tensor:
    return tf.reduce_prod(tf.cast(sides, tf.int64))
