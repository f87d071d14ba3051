"""Random access to the encoded pictures of a catalogue."""

import os
import threading
import weakref
from collections.abc import Sequence

import numpy as np
import tensorflow as tf


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
