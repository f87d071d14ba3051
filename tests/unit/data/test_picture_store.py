"""Encoded pictures in shards, decoded pictures, tables of them, and single files."""

import gc
import io
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data.picture_store import (
    DecodedPictures,
    PictureFiles,
    PictureTable,
    read_picture,
    write_picture_table,
)
from keras_fashion.data.pictures import decode_picture
from keras_fashion.errors import InputError


def encode(pixels, kind="PNG"):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


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


@pytest.fixture(scope="module")
def mixed_files():
    rng = np.random.default_rng(1)
    shapes = [(9, 6, 3), (6, 9, 3), (8, 8), (40, 50, 3), (1, 1, 3)]
    kinds = ["PNG", "JPEG", "PNG", "JPEG", "PNG"]
    return [
        encode(rng.integers(0, 256, shape, np.uint8), kind)
        for shape, kind in zip(shapes, kinds, strict=True)
    ]


def test_each_is_as_decode_picture_makes_it(mixed_files):
    pictures = DecodedPictures(mixed_files, (8, 10))
    assert pictures.shape == (5, 8, 10, 3)
    assert len(pictures) == 5
    shown = pictures[np.arange(5)]
    assert shown.dtype == np.uint8
    for data, picture in zip(mixed_files, shown, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(tf.constant(data), (8, 10)))


def test_any_shape_of_index(mixed_files):
    pictures = DecodedPictures(mixed_files, (8, 10))
    every = pictures[np.arange(5)]
    for index in (
        3,
        np.array(3),
        np.array([[4, 0], [1, 1], [2, 3]]),
        [2],
        np.array([4, 0], np.int32),
    ):
        np.testing.assert_array_equal(pictures[index], every[index])
    for empty in ([], np.empty((0, 2), np.int32)):
        shape = np.shape(empty)
        assert pictures[np.array(empty, np.int32)].shape == (*shape, 8, 10, 3)


def test_two_sizes_do_not_mix(mixed_files):
    small, large = DecodedPictures(mixed_files, (4, 4)), DecodedPictures(mixed_files, (16, 12))
    for pictures in (small, large, small):
        (shown,) = pictures[[3]]
        np.testing.assert_array_equal(
            shown, decode_picture(tf.constant(mixed_files[3]), pictures.shape[1:3])
        )


@pytest.fixture(scope="module")
def noise_files():
    rng = np.random.default_rng(1)
    return [encode(rng.integers(0, 256, (9, 6, 3), np.uint8)) for _ in range(300)]


@pytest.fixture(scope="module")
def table(noise_files, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "pictures_8x10.npy"
    write_picture_table(DecodedPictures(noise_files, (8, 10)), path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return PictureTable(path), np.load(path)


def test_table_is_each_picture_decoded(noise_files, table):
    table, array = table
    assert table.shape == array.shape == (300, 8, 10, 3)
    assert len(table) == 300
    assert table[[0]].dtype == array.dtype == np.uint8
    for index in (0, 1, 255, 256, 299):  # two batches of 256
        expected = decode_picture(tf.constant(noise_files[index]), (8, 10))
        np.testing.assert_array_equal(table[index], expected)
        np.testing.assert_array_equal(array[index], expected)


@pytest.mark.parametrize(
    "index",
    [7, np.array(7), [299, 0, 0], np.array([[1, 2, 3], [299, 5, 1]], np.int32), np.arange(300)],
    ids=["number", "scalar", "list", "matrix", "all"],
)
def test_it_is_indexed_like_an_array(table, index):
    table, array = table
    np.testing.assert_array_equal(table[index], array[index])


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_none_is_asked_for(table, shape):
    assert table[0][np.empty(shape, np.int64)].shape == (*shape, 8, 10, 3)


@pytest.mark.parametrize("index", [-1, 300, [0, 300], [[5], [-1]]])
def test_an_item_that_is_not_there_is_an_index_error(table, index):
    with pytest.raises(IndexError):
        table[0][index]


def test_iteration_over_a_table_ends(table):
    table, array = table
    np.testing.assert_array_equal(np.stack([*table]), array)


def test_a_failure_leaves_no_table(tmp_path):
    files = [encode(np.zeros((8, 8, 3), np.uint8)), b"no picture"]
    with pytest.raises(tf.errors.OpError, match="Unknown image file format"):
        write_picture_table(DecodedPictures(files, (8, 8)), tmp_path / "pictures.npy")
    assert not list(tmp_path.iterdir())


def test_a_shortened_table_is_an_os_error(table, tmp_path):
    path = tmp_path / "pictures.npy"
    np.save(path, table[1])
    short = PictureTable(path)
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 1)
    np.testing.assert_array_equal(short[298], table[1][298])
    with pytest.raises(OSError, match="shorter than it was"):
        short[299]


RED = (200, 30, 40)


def garment(mode):
    """A red square on white, or on nothing where the mode has transparency."""
    picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0) if mode == "RGBA" else "white")
    picture.paste(RED, (8, 8, 24, 24))
    return picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_every_mode_becomes_three_channels_on_white(tmp_path, mode):
    garment(mode).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", (32, 32))
    assert picture.shape == (32, 32, 3) and picture.dtype == np.uint8
    assert np.all(picture[0, 0] >= 250)
    expected = garment("L").convert("RGB").getpixel((16, 16)) if mode == "L" else RED
    np.testing.assert_allclose(picture[16, 16].astype(int), expected, atol=3)


def test_another_format_and_another_size(tmp_path):
    garment("RGB").resize((64, 32)).save(tmp_path / "a.webp")
    picture = read_picture(tmp_path / "a.webp", (16, 16))
    assert picture.shape == (16, 16, 3)
    assert np.all(picture[:4] == 255), "kept in proportion"


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half", b"\xff\xd8 half"])
def test_what_is_no_picture(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(InputError, match="a.png is damaged or no picture"):
        read_picture(tmp_path / "a.png", (16, 16))


def test_half_a_picture(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "whole.png").read_bytes()[:1500])
    with pytest.raises(InputError, match="damaged"):
        read_picture(tmp_path / "a.png", (16, 16))


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (40, 20)])
@pytest.mark.parametrize("color", ["white", RED])
def test_one_color_is_no_garment(tmp_path, size, color):
    Image.new("RGB", size, color).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="nothing but one color"):
        read_picture(tmp_path / "a.png", (16, 16))
