"""What a small file may unpack to."""

import io
from pathlib import Path
from typing import IO

from keras_fashion.errors import InputError

ALWAYS = 2**30
"""Bytes that every file may unpack to, however small it is."""

RATIO = 100
"""Bytes that may come of each packed one. Pictures hardly pack, tables of text 5 to 30 times."""


class BoundedStream(io.RawIOBase):
    """An unpacking stream that ends with an error where a decompression bomb would go on.

    Args:
        unpacked: What unpacks, such as `gzip.open` gives.
        packed: Bytes that it unpacks from.
        path: The packed file, for the message.
    """

    def __init__(self, unpacked: IO[bytes], packed: int, path: Path) -> None:
        self._unpacked = unpacked
        self._path = path
        self._left = self._limit = max(ALWAYS, RATIO * packed)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:
        """Reads up to as many bytes as there is room for.

        Raises:
            InputError: If more was unpacked than any honest file of this size holds.
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
        """Closes what unpacks, too."""
        self._unpacked.close()
        super().close()
