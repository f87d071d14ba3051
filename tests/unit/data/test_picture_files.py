import gc
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data.picture_store import PictureFiles

RNG = np.random.default_rng(0)
# Three shards with gaps between the pictures, as TFRecord files have them.
SHARDS = [RNG.bytes(size) for size in (5000, 90_000, 200)]
LENGTH = np.array([10, 800, 60_000, 1, 100, 30], np.int32)
SHARD = np.array([0, 0, 1, 2, 2, 1], np.int32)
OFFSET = np.array([12, 4200, 20_000, 0, 100, 7], np.int64)
PICTURES = [
    SHARDS[shard][offset : offset + length]
    for shard, offset, length in zip(SHARD, OFFSET, LENGTH, strict=True)
]


@pytest.fixture(params=["local", "ram"])
def paths(request, tmp_path):
    folder = f"ram://{tmp_path.name}" if request.param == "ram" else str(tmp_path)
    paths = [f"{folder}/shop-items.tfrecord-{number}" for number in range(3)]
    for path, data in zip(paths, SHARDS, strict=True):
        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(data)
    return paths


def test_each_picture_is_its_bytes_in_any_order(paths):
    files = PictureFiles(paths, SHARD, OFFSET, LENGTH)
    assert len(files) == 6
    for index in (5, 0, 2, 2, 1, 4, 3, 0):
        assert files[index] == PICTURES[index]
    assert files[np.int32(4)] == PICTURES[4]


def test_many_threads_read_at_once(paths):
    files = PictureFiles(paths, SHARD, OFFSET, LENGTH)
    asked = np.random.default_rng(1).integers(0, 6, 2000).tolist()
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(files.__getitem__, asked)) == [PICTURES[index] for index in asked]


def test_an_item_that_is_not_there_ends_the_iteration(paths):
    files = PictureFiles(paths, SHARD, OFFSET, LENGTH)
    with pytest.raises(IndexError):
        files[6]
    assert list(files) == PICTURES


def test_a_shortened_shard_is_an_os_error(paths):
    tf.io.gfile.remove(paths[1])  # to overwrite does not shorten a file in ram://
    with tf.io.gfile.GFile(paths[1], "wb") as file:
        file.write(SHARDS[1][:30_000])
    files = PictureFiles(paths, SHARD, OFFSET, LENGTH)
    assert files[5] == PICTURES[5]
    with pytest.raises(OSError, match="tfrecord-1 is shorter than it was"):
        files[2]


def test_a_shard_that_is_gone_is_an_os_error(paths):
    tf.io.gfile.remove(paths[1])
    files = PictureFiles(paths, SHARD, OFFSET, LENGTH)
    assert files[0] == PICTURES[0]
    with pytest.raises(OSError, match="tfrecord-1"):
        files[2]


def test_local_files_are_closed_with_it(tmp_path):
    path = tmp_path / "shard"
    path.write_bytes(SHARDS[0])
    files = PictureFiles([str(path)], SHARD[:2], OFFSET[:2], LENGTH[:2])
    assert files[0] == PICTURES[0]
    (descriptor,) = files._descriptors.values()
    os.fstat(descriptor)
    del files
    gc.collect()
    with pytest.raises(OSError):
        os.fstat(descriptor)
