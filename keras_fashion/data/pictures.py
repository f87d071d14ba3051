"""Decoding, letterboxing and scaling of pictures.

The same `decode_picture` and `scale` run in the training pipeline and inside the exported graphs,
so that a served model sees exactly what a trained one saw.
"""

import tensorflow as tf

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")


DECODER = 2
"""Counts the changes of what `decode_picture` gives: tables made before are not taken for new."""

JPEG_START = b"\xff\xd8"


def decode_picture(data: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes one picture and fits it into `size` on white, keeping its proportions.

    Product photographs stand on white or near-white ground, so white bars are nearly invisible
    where black ones would be an edge for a network to learn.

    A JPEG much larger than `size` is decoded at a half, a quarter or an eighth of its size, which
    the decoder does within the cosine transform, and then fitted: 2.1 times as quick from 768 x 512
    to 64 x 64, 1.4 times from 384 x 256, slower (.7 times) from 192 x 128, and .6 to .8 of 255
    levels apart on the mean (`tests/benchmarks/decoding.py`, a noisy machine).

    Args:
        data: Scalar string tensor, a JPEG or PNG file.
        size: Height and width in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    picture = tf.cond(
        tf.strings.substr(data, 0, 2) == JPEG_START,
        lambda: _decode_jpeg(data, size),
        lambda: tf.io.decode_image(data, channels=3, expand_animations=False),
    )
    return fit_on_white(picture, size)


def fit_on_white(picture: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Fits a picture into `size` on white, keeping its proportions.

    Args:
        picture: (h, w, 3) uint8.
        size: H and W.

    Returns:
        (H, W, 3) uint8.
    """
    inverted = 255.0 - tf.cast(picture, tf.float32)
    # Padding is with 0: on the inverted picture that is white.
    fitted = 255.0 - _fit(inverted, size)
    return tf.cast(tf.clip_by_value(tf.round(fitted), 0.0, 255.0), tf.uint8)


def scale(pictures: tf.Tensor) -> tf.Tensor:
    """Pixels 0 to 255, of any dtype, to the float32 in [-1, 1] that every model takes."""
    return (tf.cast(pictures, tf.float32) - 127.5) / 127.5


def unscale(pictures: tf.Tensor) -> tf.Tensor:
    """A model's pictures in [-1, 1] back to uint8 pixels."""
    pixels = tf.round(tf.cast(pictures, tf.float32) * 127.5 + 127.5)
    return tf.cast(tf.clip_by_value(pixels, 0.0, 255.0), tf.uint8)


def _decode_jpeg(data: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes at the smallest size that is not below the one it will be fitted to."""
    sides = tf.cast(tf.io.extract_jpeg_shape(data)[:2], tf.float32)
    larger = tf.reduce_max(sides / tf.constant(size, tf.float32))
    ratios = (1, 2, 4, 8)
    which = tf.reduce_sum(tf.cast(larger >= tf.constant(ratios[1:], tf.float32), tf.int32))
    return tf.switch_case(
        which, [lambda ratio=ratio: tf.io.decode_jpeg(data, 3, ratio) for ratio in ratios]
    )


def _fit(picture: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resizes to what fits into `size` and pads with 0.

    As `tf.image.resize_with_pad`, in whole numbers: that one loses a row or a column to rounding
    within a graph, and fails on a picture so narrow that nothing of its width would be left.
    """
    given, room = tf.shape(picture, tf.int64)[:2], tf.constant(size, tf.int64)
    # Each side as it would be if the other filled its room.
    fitted = tf.minimum(tf.maximum(given * room[::-1] // given[::-1], 1), room)
    resized = tf.image.resize(picture, tf.cast(fitted, tf.int32), antialias=True)
    top, left = tf.unstack(tf.cast((room - fitted) // 2, tf.int32))
    return tf.image.pad_to_bounding_box(resized, top, left, *size)
