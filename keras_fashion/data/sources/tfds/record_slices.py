"""Bytes within the records of a TFDS data set, which are located once and read on demand.

TFRecord files are parsed here because TensorFlow's readers do not tell where a record begins, which
is needed to read it again without all those before it.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from etils import epath

from keras_fashion.errors import InputError

BATCH_SIZE = 64
"""Number of records of an ArrayRecord file that are read at once."""


class RecordSlice(NamedTuple):
    """The place of some bytes of a record.

    Attributes:
        path: Path of the shard.
        position: Position of the record, as `RecordFormat.list_records` gives it.
        start: Offset of the first byte from the beginning of the record.
        length: Number of bytes.
    """

    path: str
    position: int
    start: int
    length: int


class RecordFormat(NamedTuple):
    """The functions that read a file format of TFDS.

    Attributes:
        list_records: Yields the position and the bytes of each record of a shard.
        read_slice: Reads bytes of a record.
    """

    list_records: Callable[[epath.Path], Iterator[tuple[int, bytes]]]
    read_slice: Callable[[RecordSlice], bytes]


def list_tfrecords(path: epath.Path) -> Iterator[tuple[int, bytes]]:
    """Lists the records of a TFRecord file, whose positions are those of their first bytes.

    A record is preceded by its length (8 bytes, little-endian) and a checksum of that (4 bytes),
    and followed by its own checksum (4 bytes). TFDS does not compress records.

    Args:
        path: The file.

    Yields:
        The position and the bytes of each record.

    Raises:
        InputError: If the file ends in the middle of a record.

    Example:
        >>> import tempfile
        >>> path = epath.Path(tempfile.mkdtemp()) / "some.tfrecord"
        >>> _ = path.write_bytes(bytes([3, *[0] * 7]) + b"CRC." + b"abc" + b"CRC.")
        >>> list(list_tfrecords(path))
        [(12, b'abc')]
        >>> read_tfrecord_slice(RecordSlice(str(path), position=12, start=1, length=2))
        b'bc'
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        position = 0
        while position < size:
            file.seek(position)
            header = file.read(12)
            length = int.from_bytes(header[:8], "little")
            position += 12
            if len(header) < 12 or position + length + 4 > size:
                raise InputError(
                    f"{path} is damaged: it ends in the middle of a record. Delete its folder, and "
                    "the data set will be made again"
                )
            yield position, file.read(length)
            position += length + 4


def list_array_records(path: epath.Path) -> Iterator[tuple[int, bytes]]:
    """Lists the records of an ArrayRecord file, whose positions are their numbers from 0.

    Args:
        path: The file.

    Yields:
        The position and the bytes of each record.

    Raises:
        InputError: If the file cannot be read.
    """
    from array_record.python.array_record_module import ArrayRecordReader

    try:
        reader = ArrayRecordReader(str(path))
        for start in range(0, reader.num_records(), BATCH_SIZE):
            end = min(start + BATCH_SIZE, reader.num_records())
            yield from enumerate(reader.read(start, end), start)
        reader.close()
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"{path} is damaged ({error}). Delete its folder, and the data set will be made again"
        ) from error


def read_tfrecord_slice(record_slice: RecordSlice) -> bytes:
    """Reads bytes of a record that `list_tfrecords` has listed."""
    with epath.Path(record_slice.path).open("rb") as file:
        file.seek(record_slice.position + record_slice.start)
        return file.read(record_slice.length)


def read_array_record_slice(record_slice: RecordSlice) -> bytes:
    """Reads bytes of a record that `list_array_records` has listed."""
    record = _array_record_reader(record_slice.path).read([record_slice.position])[0]
    return record[record_slice.start : record_slice.start + record_slice.length]


@lru_cache(maxsize=16)
def _array_record_reader(path: str) -> Any:
    """Opens a file and keeps it open, because opening reads its whole index.

    That takes 8 ms for 60,000 records. Several threads may use one reader at the same time, as they
    do in TFDS's own `ArrayRecordDataSource`.
    """
    from array_record.python.array_record_module import ArrayRecordReader

    return ArrayRecordReader(path, options="readahead_buffer_size:0")


FORMATS = {
    "tfrecord": RecordFormat(list_tfrecords, read_tfrecord_slice),
    "array_record": RecordFormat(list_array_records, read_array_record_slice),
}
"""The supported file formats by their names in TFDS."""
