import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data.picture_store import DecodedPictures, PictureTable, write_picture_table
from keras_fashion.data.pictures import decode_picture


def encode(pixels):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def files():
    rng = np.random.default_rng(1)
    return [encode(rng.integers(0, 256, (9, 6, 3), np.uint8)) for _ in range(300)]


@pytest.fixture(scope="module")
def table(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "pictures_8x10.npy"
    write_picture_table(DecodedPictures(files, (8, 10)), path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return PictureTable(path), np.load(path)


def test_table_is_each_picture_decoded(files, table):
    table, array = table
    assert table.shape == array.shape == (300, 8, 10, 3)
    assert len(table) == 300
    assert table[[0]].dtype == array.dtype == np.uint8
    for index in (0, 1, 255, 256, 299):  # two batches of 256
        expected = decode_picture(tf.constant(files[index]), (8, 10))
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


def test_iteration_ends(table):
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
