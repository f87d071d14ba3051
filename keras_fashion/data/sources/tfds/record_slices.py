"""Bytes inside the records of a TFDS data set, found once and read when they are asked for."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from etils import epath

from keras_fashion.errors import InputError

RECORDS_AT_ONCE = 64


class RecordSlice(NamedTuple):
    """Where in a file some bytes of a record lie.

    Attributes:
        path: Of the shard.
        place: Of the record, as the functions that list a shard's records number them.
        start: Of the bytes, from the beginning of the record.
        length: Of the bytes.
    """

    path: str
    place: int
    start: int
    length: int


def tfrecords(path: epath.Path) -> Iterator[tuple[int, bytes]]:
    """Lists the records of a TFRecord file, each after the byte at which it begins.

    A record is framed by its length (8 bytes, little-endian), a checksum of that (4 bytes) and,
    behind it, its own checksum (4 bytes). TFDS does not compress.

    Raises:
        InputError: If the file ends in the middle of a record.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        place = 0
        while place < size:
            file.seek(place)
            header = file.read(12)
            length = int.from_bytes(header[:8], "little")
            place += 12
            if len(header) < 12 or place + length + 4 > size:
                raise InputError(
                    f"{path} is damaged: it ends in the middle of a record. Delete its folder, and "
                    "the data set will be made again"
                )
            yield place, file.read(length)
            place += length + 4


def array_records(path: epath.Path) -> Iterator[tuple[int, bytes]]:
    """Lists the records of an ArrayRecord file, numbered from 0.

    Raises:
        InputError: If the file cannot be read.
    """
    from array_record.python.array_record_module import ArrayRecordReader

    try:
        reader = ArrayRecordReader(str(path))
        for start in range(0, reader.num_records(), RECORDS_AT_ONCE):
            end = min(start + RECORDS_AT_ONCE, reader.num_records())
            yield from enumerate(reader.read(start, end), start)
        reader.close()
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"{path} is damaged ({error}). Delete its folder, and the data set will be made again"
        ) from error


def read_from_tfrecord(wanted: RecordSlice) -> bytes:
    """Reads bytes of a record that `tfrecords` lists."""
    with epath.Path(wanted.path).open("rb") as file:
        file.seek(wanted.place + wanted.start)
        return file.read(wanted.length)


def read_from_array_record(wanted: RecordSlice) -> bytes:
    """Reads bytes of a record that `array_records` lists."""
    record = _array_record_reader(wanted.path).read([wanted.place])[0]
    return record[wanted.start : wanted.start + wanted.length]


@lru_cache(maxsize=16)
def _array_record_reader(path: str) -> Any:
    """Readers are kept, because opening one reads the index of the whole file (8 ms for 60,000).

    Several threads may use one at once, as they do in TFDS's own `ArrayRecordDataSource`.
    """
    from array_record.python.array_record_module import ArrayRecordReader

    return ArrayRecordReader(path, options="readahead_buffer_size:0")


FORMATS: dict[str, tuple[Callable[[Any], Iterator], Callable[[RecordSlice], bytes]]] = {
    "tfrecord": (tfrecords, read_from_tfrecord),
    "array_record": (array_records, read_from_array_record),
}
"""By TFDS's name of a file format: what lists the records and what reads bytes of one."""
