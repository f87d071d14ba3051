import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data.picture_store import DecodedPictures
from keras_fashion.data.pictures import decode_picture


def encode(pixels, kind="PNG"):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


@pytest.fixture(scope="module")
def files():
    rng = np.random.default_rng(1)
    shapes = [(9, 6, 3), (6, 9, 3), (8, 8), (40, 50, 3), (1, 1, 3)]
    kinds = ["PNG", "JPEG", "PNG", "JPEG", "PNG"]
    return [
        encode(rng.integers(0, 256, shape, np.uint8), kind)
        for shape, kind in zip(shapes, kinds, strict=True)
    ]


def test_each_is_as_decode_picture_makes_it(files):
    pictures = DecodedPictures(files, (8, 10))
    assert pictures.shape == (5, 8, 10, 3)
    assert len(pictures) == 5
    shown = pictures[np.arange(5)]
    assert shown.dtype == np.uint8
    for data, picture in zip(files, shown, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(tf.constant(data), (8, 10)))


def test_any_shape_of_index(files):
    pictures = DecodedPictures(files, (8, 10))
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


def test_two_sizes_do_not_mix(files):
    small, large = DecodedPictures(files, (4, 4)), DecodedPictures(files, (16, 12))
    for pictures in (small, large, small):
        (shown,) = pictures[[3]]
        np.testing.assert_array_equal(
            shown, decode_picture(tf.constant(files[3]), pictures.shape[1:3])
        )
