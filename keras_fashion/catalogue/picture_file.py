"""A picture file that somebody gives, beside those of a catalogue."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.pictures import decode_picture
from keras_fashion.catalogue.usable_picture import UnusablePicture, usable_picture
from keras_fashion.errors import InputError


def read_picture(path: Path, size: tuple[int, int]) -> np.ndarray:
    """Reads a picture as `prepare` would: any common format, transparency on white, upright.

    Args:
        path: JPEG, PNG, WebP, GIF or BMP.
        size: Height and width; proportions are kept, on white.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: If the file is no picture, is damaged, or shows nothing but one colour.
    """
    try:
        data = usable_picture(Path.read_bytes, path)
        whole = tf.io.decode_image(data, channels=3, expand_animations=False).numpy()
        picture = decode_picture(tf.constant(data), size).numpy()
    except (UnusablePicture, tf.errors.OpError) as error:
        raise InputError(f"{path} is damaged or no picture; give a JPEG or PNG file.") from error
    if (whole == whole[0, 0]).all():
        raise InputError(f"{path} shows nothing but one colour; give the picture of a garment.")
    return picture
