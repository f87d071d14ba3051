"""Decoding of the pictures in a request: JPEG or PNG files that may be broken."""

import tensorflow as tf

from keras_fashion.data.pictures import JPEG_START, decode_picture
from keras_fashion.serving.signatures.request_checks import after, require

PNG_START = b"\x89PNG\r\n\x1a\n"

MAX_PICTURES = 64
"""Largest number of pictures in a request; they are decoded one after another."""

# A JPEG is decoded at a fraction of its size, a PNG whole and in float32. The largest ones take
# 101 and 134 MB for a third of a second (`tests/benchmarks/picture_memory.py`).
MAX_JPEG_PIXELS = 2**25
"""Largest number of pixels of a JPEG."""

MAX_PNG_PIXELS = 2**23
"""Largest number of pixels of a PNG."""


def decode_pictures(image_bytes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes the pictures of a request in the same way as those of the catalogue.

    A pipeline of `tf.data` is built in the graph, because it can leave out the elements that fail,
    and so tells which rows are broken. It costs more than `tf.map_fn`, whose error names no row.

    Args:
        image_bytes: (B,) string.
        size: Height and width.

    Returns:
        (B, H, W, 3) uint8.

    Raises:
        tf.errors.InvalidArgumentError: At run time, with the rows that are no JPEG or PNG, are
            damaged, or have more pixels than MAX_JPEG_PIXELS or MAX_PNG_PIXELS.

    Example:
        >>> decode = tf.function(
        ...     lambda files: decode_pictures(files, (16, 12)),
        ...     input_signature=[tf.TensorSpec([None], tf.string)],
        ...     autograph=False,
        ... )
        >>> png = tf.io.encode_png(tf.zeros((8, 8, 3), tf.uint8))
        >>> decode(png[None]).shape
        TensorShape([1, 16, 12, 3])
    """
    rows = tf.size(image_bytes, tf.int64)

    @tf.autograph.experimental.do_not_convert
    def decode(row: tf.Tensor, data: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        (data,) = after([_require_picture(data)], data)
        return row, tf.ensure_shape(decode_picture(data, size), [*size, 3])

    valid = tf.data.Dataset.from_tensor_slices(image_bytes).enumerate().map(decode).ignore_errors()
    # One element is added at the end, because there is no batch without elements.
    last = tf.data.Dataset.from_tensors((rows, tf.zeros([*size, 3], tf.uint8)))
    options = tf.data.Options()
    options.autotune.enabled = False  # which would start threads at each request
    options.experimental_optimization.apply_default_optimizations = False
    batch = valid.concatenate(last).batch(rows + 1).with_options(options)
    found, pictures = batch.get_single_element()

    broken = tf.sets.difference(tf.range(rows)[None], found[None, :-1]).values
    check = require(
        tf.size(broken) == 0,
        f"image_bytes must be undamaged JPEG files of at most {MAX_JPEG_PIXELS:,} pixels or PNG ",
        f"files of at most {MAX_PNG_PIXELS:,}; not so in row ",
        tf.strings.reduce_join(tf.strings.as_string(broken), separator=", "),
    )
    return after([check], pictures[:-1])[0]


def _require_picture(data: tf.Tensor) -> tf.Operation:
    """Checks by the header that a file is a JPEG or PNG that is not too large to be decoded."""

    def jpeg_fits() -> tf.Tensor:
        return _num_pixels(tf.io.extract_jpeg_shape(data)[:2]) <= MAX_JPEG_PIXELS

    def png_fits() -> tf.Tensor:
        sides = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.int32, little_endian=False)
        return _num_pixels(sides) <= MAX_PNG_PIXELS

    is_jpeg = tf.strings.substr(data, 0, 2) == JPEG_START
    is_png = tf.strings.substr(data, 0, 8) == PNG_START
    fits = tf.cond(is_jpeg, jpeg_fits, lambda: tf.cond(is_png, png_fits, lambda: False))
    return require(fits, "not a JPEG or PNG file, or too large")


def _num_pixels(sides: tf.Tensor) -> tf.Tensor:
    return tf.reduce_prod(tf.cast(sides, tf.int64))
