"""Decoding, letterboxing and scaling of pictures.

The same `decode_picture` and `scale` run in the training pipeline and in the exported graphs, so
that a served model sees the same pixels as in training.

They are not `keras.layers.Resizing` and `keras.layers.Rescaling`, which give other pixels, and a
trained model needs the pixels that it was trained on. `Resizing(pad_to_aspect_ratio=True,
fill_value=255, antialias=True)` pads before it resizes, which blends the white bars into the edge
of the picture: from 96 x 64 to 64 x 64 it gives 20 white columns instead of 22, a black picture
differs by 85 of 255 levels at its edge and by 2.7 on average, and a line one pixel high all but
vanishes. Without bars the two agree within 1 level. `Rescaling(1 / 127.5, offset=-1)` differs from
`scale` in the last bit (1.2e-7) for 207 of the 256 values of a pixel. (Keras 3.15.)
"""

import tensorflow as tf

DECODER = 2
"""Version of the pixels that `decode_picture` returns; tables of another version are not read."""

JPEG_START = b"\xff\xd8"


def decode_picture(data: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes one picture and fits it into `size` on white, keeping its aspect ratio.

    Product photographs have a white or nearly white background, so that white bars are almost
    invisible, where black ones would be an edge for a network to learn.

    A JPEG much larger than `size` is decoded at a half, a quarter or an eighth of its size, which
    the decoder does within the cosine transform, and then fitted. Measured speeds relative to
    decoding at full size: 2.1 from 768 x 512 to 64 x 64, 1.4 from 384 x 256 and 0.7 from 192 x 128,
    with a mean difference of 0.6 to 0.8 of 255 levels (`tests/benchmarks/decoding.py`, on a noisy
    machine).

    Args:
        data: Scalar string tensor, the content of a JPEG or PNG file.
        size: Height H and width W in pixels.

    Returns:
        (H, W, 3) uint8.

    Example:
        >>> png = tf.io.encode_png(tf.zeros((30, 20, 3), tf.uint8))
        >>> picture = decode_picture(png, (6, 6))
        >>> picture.numpy()[0, :, 0].tolist()
        [255, 0, 0, 0, 0, 255]
    """
    picture = tf.cond(
        tf.strings.substr(data, 0, 2) == JPEG_START,
        lambda: _decode_jpeg(data, size),
        lambda: tf.io.decode_image(data, channels=3, expand_animations=False),
    )
    return fit_on_white(picture, size)


def fit_on_white(picture: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resizes a picture to fit into `size`, keeping its aspect ratio, and centers it on white.

    Args:
        picture: (h, w, 3) uint8.
        size: Height H and width W in pixels.

    Returns:
        (H, W, 3) uint8. Interpolation is bilinear, with antialiasing.

    Example:
        >>> fit_on_white(tf.zeros((4, 8, 3), tf.uint8), (4, 4)).numpy()[:, 0, 0].tolist()
        [255, 0, 0, 255]
    """
    inverted = 255.0 - tf.cast(picture, tf.float32)
    # `_fit` pads with 0, which is white in the inverted picture.
    fitted = 255.0 - _fit(inverted, size)
    return tf.cast(tf.clip_by_value(tf.round(fitted), 0.0, 255.0), tf.uint8)


def scale(pictures: tf.Tensor) -> tf.Tensor:
    """Scales pixels to the range that every model takes.

    Args:
        pictures: Tensor or array of any shape and dtype, 0 to 255.

    Returns:
        float32 of the same shape, in [-1, 1].

    Example:
        >>> scale([0, 51, 255]).numpy().tolist()
        [-1.0, -0.6000000238418579, 1.0]
    """
    return (tf.cast(pictures, tf.float32) - 127.5) / 127.5


def unscale(pictures: tf.Tensor) -> tf.Tensor:
    """Scales pictures of a model back to pixels; the inverse of `scale`.

    Args:
        pictures: Tensor or array of any shape, in [-1, 1]; values outside are clipped.

    Returns:
        uint8 of the same shape, 0 to 255.

    Example:
        >>> unscale([-1.0, 0.0, 1.0, 1.5]).numpy().tolist()
        [0, 128, 255, 255]
    """
    pixels = tf.round(tf.cast(pictures, tf.float32) * 127.5 + 127.5)
    return tf.cast(tf.clip_by_value(pixels, 0.0, 255.0), tf.uint8)


def _decode_jpeg(data: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes at the smallest of four sizes that is not below the size to fit into."""
    sides = tf.cast(tf.io.extract_jpeg_shape(data)[:2], tf.float32)
    larger = tf.reduce_max(sides / tf.constant(size, tf.float32))
    ratios = (1, 2, 4, 8)
    which = tf.reduce_sum(tf.cast(larger >= tf.constant(ratios[1:], tf.float32), tf.int32))
    return tf.switch_case(
        which, [lambda ratio=ratio: tf.io.decode_jpeg(data, 3, ratio) for ratio in ratios]
    )


def _fit(picture: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resizes a picture to fit into `size` and pads it with 0.

    This is `tf.image.resize_with_pad` in integer arithmetic. In a graph the original loses a row or
    a column to rounding, and it fails on a picture so narrow that its width would become 0.
    """
    given, room = tf.shape(picture, tf.int64)[:2], tf.constant(size, tf.int64)
    # The length of each side if the other one filled its room.
    fitted = tf.minimum(tf.maximum(given * room[::-1] // given[::-1], 1), room)
    resized = tf.image.resize(picture, tf.cast(fitted, tf.int32), antialias=True)
    top, left = tf.unstack(tf.cast((room - fitted) // 2, tf.int32))
    return tf.image.pad_to_bounding_box(resized, top, left, *size)
