"""Pictures: from JPEG or PNG bytes to uint8 at a training size, and to the numbers in a model.

The same `decode_picture` and `scale` run in the training pipeline and inside the exported graphs,
so that a served model sees exactly what a trained one saw.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import tensorflow as tf
from tqdm import tqdm

from keras_fashion.written_aside import written_aside

ROWS_AT_A_TIME = 256


def decode_picture(data: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Decodes one picture and fits it into `size` on white, keeping its proportions.

    Product photographs stand on white or near-white ground, so white bars are nearly invisible
    where black ones would be an edge for a network to learn.

    Args:
        data: Scalar string tensor, a JPEG or PNG file.
        size: Height and width in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    picture = tf.io.decode_image(data, channels=3, expand_animations=False)
    inverted = 255.0 - tf.cast(picture, tf.float32)
    # resize_with_pad pads with 0: on the inverted picture that is white.
    fitted = 255.0 - tf.image.resize_with_pad(inverted, *size, antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(fitted), 0.0, 255.0), tf.uint8)


def scale(pictures: tf.Tensor) -> tf.Tensor:
    """Pixels 0 to 255, of any dtype, to the float32 in [-1, 1] that every model takes."""
    return (tf.cast(pictures, tf.float32) - 127.5) / 127.5


def unscale(pictures: tf.Tensor) -> tf.Tensor:
    """A model's pictures in [-1, 1] back to uint8 pixels."""
    pixels = tf.round(tf.cast(pictures, tf.float32) * 127.5 + 127.5)
    return tf.cast(tf.clip_by_value(pixels, 0.0, 255.0), tf.uint8)


def picture_table(items: parquet.ParquetFile, size: tuple[int, int], folder: Path) -> np.memmap:
    """Maps `folder/pictures_<H>x<W>.npy`, decoding the items' pictures into it if it is not there.

    Args:
        items: The catalogue's `items.parquet`, with a column `picture` of JPEG or PNG bytes.
        size: Height and width in pixels.
        folder: Where the table is kept.

    Returns:
        (I, H, W, 3) uint8, read-only.
    """
    height, width = size
    path = folder / f"pictures_{height}x{width}.npy"
    if not path.exists():
        with written_aside(path) as aside:
            _decode_all(items, size, aside)
    return np.load(path, mmap_mode="r")


def _decode_all(items: parquet.ParquetFile, size: tuple[int, int], path: Path) -> None:
    count = items.metadata.num_rows
    table = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, *size, 3))

    def picture_files() -> Iterator[bytes]:
        for batch in items.iter_batches(ROWS_AT_A_TIME, columns=["picture"]):
            yield from batch.column("picture").to_pylist()

    dataset = (
        tf.data.Dataset.from_generator(picture_files, output_signature=tf.TensorSpec([], tf.string))
        .map(lambda data: decode_picture(data, size), num_parallel_calls=tf.data.AUTOTUNE)
        .batch(ROWS_AT_A_TIME)
        .prefetch(1)
    )
    done = 0
    with tqdm(total=count, desc=f"decode to {size[0]}x{size[1]}", unit="pic") as progress:
        for batch in dataset.as_numpy_iterator():
            table[done : done + len(batch)] = batch
            done += len(batch)
            progress.update(len(batch))
    table.flush()
