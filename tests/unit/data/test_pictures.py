import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data.pictures import decode_picture, fit_on_white, scale, unscale


def encode(pixels, kind="PNG", **options):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **options)
    return data.getvalue()


def noise(height, width, channels=3):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_png_of_the_same_size_is_untouched():
    pixels = noise(12, 10)
    decoded = decode_picture(tf.constant(encode(pixels)), (12, 10))
    assert decoded.dtype == tf.uint8
    np.testing.assert_array_equal(decoded, pixels)


def test_jpeg_is_as_pillow_decodes_it():
    y, x = np.mgrid[0:48, 0:40]
    pixels = np.stack([5 * y, 6 * x, 2 * (x + y)], axis=-1).astype(np.uint8)
    data = encode(pixels, "JPEG", quality=90)
    ours = decode_picture(tf.constant(data), (48, 40)).numpy().astype(int)
    pillow = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    # TensorFlow takes libjpeg's quick cosine transform, a few levels off the exact one.
    assert np.abs(ours - pillow).mean() < 2
    assert np.abs(ours - pillow).max() <= 10


def test_grey_becomes_three_equal_channels():
    pixels = noise(6, 6, channels=1)
    decoded = decode_picture(tf.constant(encode(pixels)), (6, 6))
    np.testing.assert_array_equal(decoded, np.repeat(pixels[:, :, None], 3, axis=2))


@pytest.mark.parametrize("size", [(60, 40), (15, 10)], ids=["up", "down"])
def test_resizes_as_pillow_does(size):
    pixels = noise(30, 20)
    ours = decode_picture(tf.constant(encode(pixels)), size).numpy().astype(int)
    pillow = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR)
    assert np.abs(ours - np.asarray(pillow)).max() <= 1


@pytest.mark.parametrize("transposed", [False, True], ids=["2:3", "3:2"])
def test_letterboxes_on_white(transposed):
    pixels = np.full((30, 20, 3), (10, 60, 200), np.uint8)
    data = encode(pixels.transpose(1, 0, 2) if transposed else pixels)
    decoded = decode_picture(tf.constant(data), (48, 48)).numpy()
    if transposed:
        decoded = decoded.transpose(1, 0, 2)
    # 48 high leaves 32 of width: 8 white columns on either side.
    assert (decoded[:, :8] == 255).all()
    assert (decoded[:, 40:] == 255).all()
    assert (decoded[:, 8:40] == (10, 60, 200)).all()


SIZES = [(64, 48), (8, 10), (30, 21), (96, 72), (49, 64)]


def decode_at_all_sizes(data):
    return [decode_picture(data, size) for size in SIZES]


@pytest.mark.parametrize(
    "decode", [decode_at_all_sizes, tf.function(decode_at_all_sizes)], ids=["eager", "graph"]
)
@pytest.mark.parametrize("factor", [2, 3, 5, 7])
def test_of_the_same_proportions_nothing_is_white(decode, factor):
    for at, (height, width) in enumerate(SIZES):
        black = np.zeros((height * factor, width * factor, 3), np.uint8)
        decoded = decode(tf.constant(encode(black)))[at]
        assert decoded.shape == (height, width, 3)
        np.testing.assert_array_equal(decoded, 0)


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (3, 1000)])
def test_a_narrow_picture_leaves_a_line(shape):
    decoded = decode_picture(tf.constant(encode(np.zeros((*shape, 3), np.uint8))), (32, 24)).numpy()
    dark = (decoded < 128).all(axis=2)
    lines = (dark.any(axis=1).sum(), dark.any(axis=0).sum())
    assert lines == ((1, 24) if shape[1] > shape[0] else (32, 1))
    assert np.argwhere(dark).mean(axis=0) == pytest.approx((15.5, 11.5), abs=0.5)


def test_scale_takes_the_range_of_a_pixel_to_minus_one_to_one():
    np.testing.assert_allclose(scale(np.array([0, 51, 127.5, 255])), [-1, -0.6, 0, 1], atol=1e-6)
    assert scale(np.zeros(1, np.uint8)).dtype == tf.float32


def test_unscale_is_the_inverse_and_clips():
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(unscale(scale(every)), every)
    np.testing.assert_array_equal(unscale(np.array([-1.5, 1.5])), [0, 255])
    assert unscale(np.zeros(1)).dtype == tf.uint8


def keras_resizing(pixels, size):
    layer = keras.layers.Resizing(
        *size, pad_to_aspect_ratio=True, fill_value=255, antialias=True, dtype="float32"
    )
    resized = layer(pixels[None].astype(np.float32))[0]
    return np.clip(np.round(resized), 0, 255).astype(int)


@pytest.mark.parametrize("shape, size", [((96, 72), (64, 48)), ((32, 32), (64, 64))])
def test_without_bars_keras_resizes_alike(shape, size):
    pixels = noise(*shape)
    ours = fit_on_white(tf.constant(pixels), size).numpy().astype(int)
    assert np.abs(ours - keras_resizing(pixels, size)).max() <= 1


@pytest.mark.parametrize(
    "shape, size, white_columns",
    [((96, 64), (64, 64), (22, 20)), ((384, 256), (64, 48), (6, 4))],
)
def test_keras_blends_white_bars_into_the_edge_of_a_picture(shape, size, white_columns):
    """Why `fit_on_white` is not `keras.layers.Resizing`."""
    black = np.zeros((*shape, 3), np.uint8)
    ours = fit_on_white(tf.constant(black), size).numpy().astype(int)
    keras_s = keras_resizing(black, size)
    columns = tuple((each == 255).all((0, 2)).sum() for each in (ours, keras_s))
    assert columns == white_columns
    assert set(np.unique(ours)) == {0, 255}
    assert np.abs(ours - keras_s).max() > 80


def test_keras_rescales_alike_but_for_the_last_bit():
    """Why `scale` is not `keras.layers.Rescaling`."""
    every = np.arange(256, dtype=np.uint8)
    ours, keras_s = scale(every).numpy(), np.asarray(keras.layers.Rescaling(1 / 127.5, -1)(every))
    np.testing.assert_allclose(ours, keras_s, atol=2e-7)
    assert (ours != keras_s).any()
