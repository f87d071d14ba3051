"""A limit on what a small compressed file may unpack to."""

import io
from pathlib import Path

from keras_fashion.errors import InputError

MIN_LIMIT = 2**30
"""Bytes that every file may unpack to, however small it is."""

MAX_RATIO = 100
"""Unpacked bytes for a packed byte. Text packs by a factor of 5 to 30, pictures hardly at all."""


class BoundedStream(io.RawIOBase):
    """A stream of unpacked bytes that raises an error when it turns out a decompression bomb.

    Args:
        unpacked: Stream of unpacked bytes, such as a `gzip.GzipFile`.
        packed_size: Size of the packed file in bytes.
        path: Path of the packed file, for the message.

    Example:
        >>> import gzip, io
        >>> packed = gzip.compress(b"user,item")
        >>> unpacked = gzip.GzipFile(fileobj=io.BytesIO(packed))
        >>> BoundedStream(unpacked, len(packed), Path("orders.csv.gz")).read()
        b'user,item'
    """

    def __init__(self, unpacked: io.BufferedIOBase, packed_size: int, path: Path) -> None:
        self._unpacked = unpacked
        self._path = path
        self._left = self._limit = max(MIN_LIMIT, MAX_RATIO * packed_size)

    def readable(self) -> bool:
        """Returns True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # no `Buffer` before 3.12
        """Reads up to `len(buffer)` bytes and returns their number.

        Raises:
            InputError: If more bytes were unpacked than the limit.
        """
        data = self._unpacked.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                f"{self._path} unpacks to more than {self._limit / 2**20:,.0f} MiB, which looks "
                "like a decompression bomb: unpack it yourself if you trust it"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Closes this stream and the stream of unpacked bytes."""
        self._unpacked.close()
        super().close()
