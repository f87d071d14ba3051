"""The pictures of a catalogue, from encoded files on disk to arrays of one size.

`PictureFiles` reads the encoded picture of an item from the shards of a catalogue. Training needs
arrays of one size, for which there are two classes with the same interface, a shape (I, H, W, 3)
and an index of items: `DecodedPictures` decodes at each use, and `PictureTable` reads rows of a
file into which `write_picture_table` has decoded all pictures once. `read_picture` reads a single
file that is not in a catalogue.
"""

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

ROWS_PER_BATCH = 256
"""Number of pictures that `write_picture_table` decodes at a time."""


class PictureFiles:
    """The encoded picture (JPEG or PNG) of each item, read from the shards of a catalogue.

    Local shards are read by `os.pread`, which many threads may call at once. Any other shard is
    read through `tf.io.gfile`, with one open file a thread. `keras_fashion.data.indexed_records`
    states what either costs.

    Args:
        shards: Paths of the shards, local or on any file system that TensorFlow opens.
        shard: (I,) integers, index of the shard that contains an item's picture.
        offset: (I,) int64, position in the shard at which the picture begins, in bytes.
        length: (I,) integers, size of the picture in bytes.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "shard"
        >>> _ = path.write_bytes(b"..first...second")
        >>> files = PictureFiles([str(path)], np.array([0, 0]), np.array([2, 10]), np.array([5, 6]))
        >>> len(files), files[1]
        (2, b'second')
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
        # Not __del__: at the end of the interpreter, modules may be gone by then.
        weakref.finalize(self, _close_all, self._descriptors)

    def __len__(self) -> int:
        return len(self.shard)

    def __getitem__(self, index: int) -> bytes:
        """Returns the encoded picture of one item.

        Args:
            index: Dense index of the item.

        Raises:
            OSError: If the shard is missing or shorter than it was.
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
        # Each thread keeps only one file open, because each file has a buffer of 512 KB.
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
    """Pictures of one size that are decoded each time they are indexed.

    It serves a catalogue whose `PictureTable` would not fit on the disk.

    Args:
        files: The encoded pictures: `PictureFiles` or a list of bytes.
        size: Height H and width W in pixels.

    Attributes:
        files: The encoded pictures.
        shape: (I, H, W, 3).

    Example:
        >>> png = tf.io.encode_png(tf.zeros((8, 8, 3), tf.uint8)).numpy()
        >>> pictures = DecodedPictures([png, png], (4, 4))
        >>> pictures.shape, pictures[np.array([0, 1, 1])].shape
        ((2, 4, 4, 3), (3, 4, 4, 3))
    """

    def __init__(self, files: PictureFiles | Sequence[bytes], size: tuple[int, int]) -> None:
        self.files = files
        self.shape: tuple[int, int, int, int] = (len(files), *size, 3)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, items: np.ndarray) -> np.ndarray:
        """Decodes the pictures of some items.

        Args:
            items: (...) integers.

        Returns:
            (..., H, W, 3) uint8.
        """
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


class PictureTable:
    """Pictures of one size in a local `.npy` file, which `write_picture_table` writes.

    Rows are read by `os.preadv` and not through a memory map, because the pages of a map count as
    memory of this process, and after an epoch these are the whole table. Measured on 200,000 rows
    of 64 x 64 in batches of 256: 340,000 rows a second and no growth of the resident set, compared
    with 700,000 rows a second and 2.4 GB through a map. Training uses a few thousand a second.

    Args:
        path: The file.

    Attributes:
        shape: (I, H, W, 3).

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "pictures.npy"
        >>> np.save(path, np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3))
        >>> table = PictureTable(path)
        >>> table.shape, table[np.array([2, 0])][:, 0, 0].tolist()
        ((3, 2, 2, 3), [[24, 25, 26], [0, 1, 2]])
    """

    def __init__(self, path: str | Path) -> None:
        header = np.load(path, mmap_mode="r")  # This reads only the header.
        self.shape: tuple[int, int, int, int] = header.shape
        self._start = header.offset
        self._row_bytes = int(np.prod(self.shape[1:]))
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, items: np.ndarray) -> np.ndarray:
        """Reads the pictures of some items.

        Args:
            items: (...) integers.

        Returns:
            (..., H, W, 3) uint8.

        Raises:
            IndexError: If an item is negative or not in the table.
            OSError: If the file is shorter than it was.
        """
        items = np.asarray(items)
        if items.size and not 0 <= items.min() <= items.max() < len(self):
            raise IndexError(f"the table of pictures has {len(self)}, not all of those asked for")
        rows = np.empty((items.size, self._row_bytes), np.uint8)
        for row, item in zip(rows, items.reshape(-1).tolist(), strict=True):
            position = self._start + item * self._row_bytes
            if os.preadv(self._descriptor, [row.data], position) != self._row_bytes:
                raise OSError("the table of pictures is shorter than it was: remove it")
        return rows.reshape(*items.shape, *self.shape[1:])


def write_picture_table(pictures: DecodedPictures, path: str | Path) -> None:
    """Decodes all pictures into a file that `PictureTable` reads, and shows progress on stderr.

    The file appears at `path` when it is complete, see `keras_fashion.atomic_files`.

    Args:
        pictures: The pictures to decode.
        path: File to write.

    Example:
        >>> import tempfile
        >>> png = tf.io.encode_png(tf.zeros((8, 8, 3), tf.uint8)).numpy()
        >>> path = Path(tempfile.mkdtemp()) / "pictures.npy"
        >>> write_picture_table(DecodedPictures([png, png], (4, 4)), path)
        >>> PictureTable(path).shape
        (2, 4, 4, 3)
    """
    dataset = (
        tf.data.Dataset.range(len(pictures))
        .batch(ROWS_PER_BATCH)
        .map(
            lambda items: tf.numpy_function(pictures.__getitem__, [items], tf.uint8),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .prefetch(1)
    )
    height, width = pictures.shape[1:3]
    header = {"descr": "|u1", "fortran_order": False, "shape": pictures.shape}
    with (
        atomic_write(path) as temporary,
        open(temporary, "wb") as file,
        tqdm(total=len(pictures), desc=f"decode to {height}x{width}", unit="pic") as progress,
    ):
        # Not through a memory map, whose pages would all count as memory of this process.
        np.lib.format.write_array_header_1_0(file, header)
        for batch in dataset.as_numpy_iterator():
            file.write(batch)
            progress.update(len(batch))


def read_picture(path: str | Path, size: tuple[int, int]) -> np.ndarray:
    """Reads a picture file into an array, as if it were a picture of a catalogue.

    Args:
        path: JPEG, PNG, WebP, GIF or BMP file.
        size: Height H and width W in pixels.

    Returns:
        (H, W, 3) uint8, upright, with the aspect ratio kept and white bars.

    Raises:
        InputError: If the file is not a picture, is damaged, or has only one color.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "garment.png"
        >>> pixels = np.full((30, 20, 3), 255, np.uint8)
        >>> pixels[5:25, 5:15] = (200, 30, 40)
        >>> Image.fromarray(pixels).save(path)
        >>> picture = read_picture(path, (32, 32))
        >>> picture.shape, picture[16, 16].tolist()
        ((32, 32, 3), [200, 30, 40])
    """
    try:
        data = usable_picture(lambda file: Path(file).read_bytes(), path)
        whole = tf.io.decode_image(data, channels=3, expand_animations=False).numpy()
        picture = decode_picture(tf.constant(data), size).numpy()
    except (UnusablePicture, tf.errors.OpError) as error:
        raise InputError(f"{path} is damaged or no picture; give a JPEG or PNG file.") from error
    if (whole == whole[0, 0]).all():
        raise InputError(f"{path} shows nothing but one color; give the picture of a garment.")
    return picture
