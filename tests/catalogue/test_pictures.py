import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.catalogue.pictures import decode_picture, picture_table, scale, unscale


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


def test_scale_takes_the_range_of_a_pixel_to_minus_one_to_one():
    np.testing.assert_allclose(scale(np.array([0, 51, 127.5, 255])), [-1, -0.6, 0, 1], atol=1e-6)
    assert scale(np.zeros(1, np.uint8)).dtype == tf.float32


def test_unscale_is_the_inverse_and_clips():
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(unscale(scale(every)), every)
    np.testing.assert_array_equal(unscale(np.array([-1.5, 1.5])), [0, 255])
    assert unscale(np.zeros(1)).dtype == tf.uint8


def items_file(folder, pictures):
    pq.write_table(pa.table({"picture": pictures}), folder / "items.parquet")
    return pq.ParquetFile(folder / "items.parquet")


def test_table_is_each_picture_decoded_and_stays_on_disk(tmp_path):
    rng = np.random.default_rng(1)
    data = [encode(rng.integers(0, 256, (9, 6, 3), np.uint8)) for _ in range(300)]
    table = picture_table(items_file(tmp_path, data), (8, 10), tmp_path)
    assert isinstance(table, np.memmap)
    assert table.shape == (300, 8, 10, 3)
    assert table.dtype == np.uint8
    assert not table.flags.writeable
    for index in (0, 1, 255, 256, 299):
        np.testing.assert_array_equal(table[index], decode_picture(data[index], (8, 10)))


def test_table_is_made_once_a_size(tmp_path):
    items = items_file(tmp_path, [encode(noise(8, 8))])
    picture_table(items, (8, 8), tmp_path)
    made = (tmp_path / "pictures_8x8.npy").stat().st_mtime_ns
    picture_table(items, (8, 8), tmp_path)
    assert (tmp_path / "pictures_8x8.npy").stat().st_mtime_ns == made
    assert picture_table(items, (4, 6), tmp_path).shape == (1, 4, 6, 3)


def test_a_failure_leaves_no_table(tmp_path):
    items = items_file(tmp_path, [encode(noise(8, 8)), b"no picture"])
    with pytest.raises(tf.errors.InvalidArgumentError):
        picture_table(items, (8, 8), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["items.parquet"]
