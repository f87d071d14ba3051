"""The pictures of a catalogue: their files, and decoded arrays of one size."""

import os
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data.picture_checks import UnusablePicture, usable_picture
from keras_fashion.data.pictures import decode_picture
from keras_fashion.errors import InputError


def read_picture(path: Path, size: tuple[int, int]) -> np.ndarray:
    """Reads a picture as `prepare` would: any common format, transparency on white, upright.

    Args:
        path: JPEG, PNG, WebP, GIF or BMP.
        size: Height and width; proportions are kept, on white.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: If the file is no picture, is damaged, or shows nothing but one color.
    """
    try:
        data = usable_picture(Path.read_bytes, path)
        whole = tf.io.decode_image(data, channels=3, expand_animations=False).numpy()
        picture = decode_picture(tf.constant(data), size).numpy()
    except (UnusablePicture, tf.errors.OpError) as error:
        raise InputError(f"{path} is damaged or no picture; give a JPEG or PNG file.") from error
    if (whole == whole[0, 0]).all():
        raise InputError(f"{path} shows nothing but one color; give the picture of a garment.")
    return picture


class PictureFiles:
    """The JPEG or PNG file of each item, read out of the shards when it is asked for.

    Local shards are read by `os.pread`, which many threads may do at once; any other shard through
    `tf.io.gfile`, with a file open in each thread. See `indexed_records` for what that costs.

    Args:
        shards: Paths of the shards, local or of any file system that TensorFlow opens.
        shard: (I,) int, which shard an item's picture is in.
        offset: (I,) int64, at which byte of it the picture begins.
        length: (I,) int, its bytes.
    """

    def __init__(
        self, shards: Sequence[str], shard: np.ndarray, offset: np.ndarray, length: np.ndarray
    ) -> None:
        self.shards = list(shards)
        self.shard = shard
        self.offset = offset
        self.length = length
        self._opening = threading.Lock()
        self._descriptors: dict[int, int] = {}
        self._files = threading.local()
        # The garbage collector may come when modules are already gone.
        weakref.finalize(self, _close_all, self._descriptors)

    def __len__(self) -> int:
        return len(self.shard)

    def __getitem__(self, index: int) -> bytes:
        """The picture of one item, as the catalogue holds it.

        Raises:
            OSError: If the shard is gone or shorter than it was.
        """
        shard, offset = int(self.shard[index]), int(self.offset[index])
        length = int(self.length[index])
        if "://" in self.shards[shard]:
            data = self._read_remote(shard, offset, length)
        else:
            data = os.pread(self._descriptor(shard), length, offset)
        if len(data) != length:
            raise OSError(f"{self.shards[shard]} is shorter than it was: prepare it again")
        return data

    def _descriptor(self, shard: int) -> int:
        with self._opening:
            if shard not in self._descriptors:
                self._descriptors[shard] = os.open(self.shards[shard], os.O_RDONLY)
            return self._descriptors[shard]

    def _read_remote(self, shard: int, offset: int, length: int) -> bytes:
        # One file a thread: each holds a buffer of 512 KB.
        if getattr(self._files, "shard", None) != shard:
            self._files.shard = shard
            self._files.file = tf.io.gfile.GFile(self.shards[shard], "rb")
        try:
            self._files.file.seek(offset)
            return self._files.file.read(length)
        except tf.errors.OpError as error:
            raise OSError(f"{self.shards[shard]}: {error.message}") from error


def _close_all(descriptors: dict[int, int]) -> None:
    for descriptor in descriptors.values():
        os.close(descriptor)


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


ROWS_AT_A_TIME = 256


class PictureTable:
    """(I, H, W, 3) uint8 in a local `.npy` file; indexed like an array, by an array of items.

    Rows are read by `os.preadv` and not through a memory map: the pages of a map count as this
    process's memory, and after an epoch that is the whole table. Measured on 200,000 rows of
    64 x 64 in batches of 256: 340,000 rows a second and no growth of the resident set, against
    700,000 and 2.4 GB through a map. Training takes a few thousand a second.

    Args:
        path: The file.

    Attributes:
        shape: (I, H, W, 3).
    """

    def __init__(self, path: Path) -> None:
        header = np.load(path, mmap_mode="r")  # reads the header alone
        self.shape: tuple[int, int, int, int] = header.shape
        self._start = header.offset
        self._row = int(np.prod(self.shape[1:]))
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, items: np.ndarray) -> np.ndarray:
        """Pictures of some items: (...) int to (..., H, W, 3) uint8; IndexError for no item."""
        items = np.asarray(items)
        if items.size and not 0 <= items.min() <= items.max() < len(self):
            raise IndexError(f"the table of pictures has {len(self)}, not all of those asked for")
        rows = np.empty((items.size, self._row), np.uint8)
        for row, item in zip(rows, items.reshape(-1).tolist(), strict=True):
            if os.preadv(self._descriptor, [row], self._start + item * self._row) != self._row:
                raise OSError("the table of pictures is shorter than it was: remove it")
        return rows.reshape(*items.shape, *self.shape[1:])


def write_picture_table(pictures: DecodedPictures, path: Path) -> None:
    """Decodes all pictures into the file of a `PictureTable`, written aside and renamed."""
    dataset = (
        tf.data.Dataset.range(len(pictures))
        .batch(ROWS_AT_A_TIME)
        .map(
            lambda items: tf.numpy_function(pictures.__getitem__, [items], tf.uint8),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .prefetch(1)
    )
    height, width = pictures.shape[1:3]
    header = {"descr": "|u1", "fortran_order": False, "shape": pictures.shape}
    with (
        atomic_write(path) as aside,
        open(aside, "wb") as file,
        tqdm(total=len(pictures), desc=f"decode to {height}x{width}", unit="pic") as progress,
    ):
        # Not through a memory map: its pages would count as this process's memory, all of them.
        np.lib.format.write_array_header_1_0(file, header)
        for batch in dataset.as_numpy_iterator():
            file.write(batch)
            progress.update(len(batch))
