"""All pictures at one training size, decoded anew each time they are asked for."""

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.picture_files import PictureFiles
from keras_fashion.catalogue.pictures import decode_picture


class DecodedPictures:
    """(I, H, W, 3) uint8, as `PictureTable` has them, without its file.

    For a catalogue whose table would not fit on the disk.

    Args:
        files: The encoded pictures.
        size: Height and width in pixels.

    Attributes:
        shape: (I, H, W, 3).
    """

    def __init__(self, files: PictureFiles, size: tuple[int, int]) -> None:
        self.files = files
        self.shape = (len(files), *size, 3)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, items: np.ndarray) -> np.ndarray:
        """Pictures of some items: (...) int to (..., H, W, 3) uint8."""
        items = np.asarray(items)
        data = [self.files[item] for item in items.reshape(-1).tolist()]
        decoded = _decode_all(tf.constant(data, tf.string), *self.shape[1:3])
        return decoded.numpy().reshape(*items.shape, *self.shape[1:])


@tf.function(reduce_retracing=True, autograph=False)
def _decode_all(data: tf.Tensor, height: int, width: int) -> tf.Tensor:
    return tf.map_fn(
        lambda each: decode_picture(each, (height, width)),
        data,
        fn_output_signature=tf.TensorSpec([height, width, 3], tf.uint8),
    )
