import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data.picture_checks import UnusablePicture, usable_picture

PIXELS = np.random.default_rng(7).integers(0, 256, (6, 4, 3), dtype=np.uint8)
NOISE = np.random.default_rng(8).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def encode(pixels=PIXELS, kind="PNG", mode=None, **options):
    picture = Image.fromarray(pixels)
    data = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(data, kind, **options)
    return data.getvalue()


def png_by_hand(header_fields, rows):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *header_fields))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def store(data):
    """A picture as it would stand in a catalogue: its bytes, and its pixels."""
    stored = usable_picture(lambda reference: reference, data)
    picture = Image.open(io.BytesIO(stored))
    if picture.format == "PNG":  # TensorFlow must see what Pillow sees
        seen = tf.io.decode_image(stored, channels=3, expand_animations=False)
        np.testing.assert_array_equal(seen, picture.convert("RGB"))
    return stored, picture


@pytest.mark.parametrize("data", [encode(kind="JPEG"), encode(kind="JPEG", mode="L"), encode()])
def test_ordinary_pictures_are_kept_byte_for_byte(data):
    assert store(data)[0] == data


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_formats_become_png_with_the_same_pixels(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    _, picture = store(encode(kind=kind, **options))
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    if kind != "GIF":  # whose palette is not exact
        np.testing.assert_array_equal(picture, PIXELS)


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.fromarray(np.full((4, 4, 3), level, np.uint8)) for level in (0, 255)]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(store(data.getvalue())[1], np.zeros((4, 4, 3)))


def test_transparency_is_flattened_on_white():
    half = np.full((2, 2, 4), (100, 0, 200, 128), np.uint8)
    _, picture = store(encode(half))
    expected = np.array([100, 0, 200]) * 128 / 255 + 255 * 127 / 255
    assert picture.mode == "RGB"
    np.testing.assert_allclose(np.asarray(picture)[0, 0], expected, atol=1)

    color = tuple(PIXELS[0, 0].tolist())  # a color declared transparent, in a PNG of mode RGB
    _, picture = store(encode(transparency=color))
    expected = PIXELS.copy()
    expected[0, 0] = 255
    np.testing.assert_array_equal(picture, expected)

    palette = encode(np.full((2, 2, 3), 9, np.uint8), mode="P", transparency=0)
    _, picture = store(palette)
    np.testing.assert_array_equal(picture, np.full((2, 2, 3), 255))


def test_cmyk_jpeg_becomes_rgb():
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    _, picture = store(encode(flat, "JPEG", mode="CMYK", quality=100))
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    np.testing.assert_allclose(picture, flat, atol=4)


def test_sixteen_bits_are_scaled_to_eight():
    gray = np.array([[0, 128, 255 * 257, 257 * 100]], np.uint16)
    _, picture = store(encode(gray))
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture)[0, :, 0], [0, 0, 255, 100])

    rows = [(row.astype(">u2") * 257).tobytes() for row in PIXELS]
    stored, picture = store(png_by_hand((4, 6, 16, 2, 0, 0, 0), rows))
    assert stored[24] == 8  # bit depth, in the header of the PNG
    np.testing.assert_array_equal(picture, PIXELS)


@pytest.mark.parametrize("missing", range(1, 5))  # more, and Pillow refuses it too
def test_a_png_without_its_end_is_completed(missing):
    stored, picture = store(encode()[:-missing])
    assert stored.endswith(encode()[-12:])
    np.testing.assert_array_equal(picture, PIXELS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    # Where the first row and the first column of the stored picture belong (EXIF 2.3, 4.6.4 A).
    upright = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(kind="JPEG", exif=exif.tobytes(), quality=95)
    stored, picture = store(data)
    decoded = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(picture, upright[orientation](decoded))
    assert (stored == data) == (orientation == 1)


def broken_checksum():
    data = bytearray(encode())
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    data[start + 4 + length] ^= 255
    return bytes(data)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="zero bytes"),
        pytest.param(b"<html>404 Not Found</html>", id="text"),
        pytest.param(encode(NOISE, "JPEG")[:-500], id="truncated JPEG"),
        pytest.param(encode(NOISE)[:-500], id="truncated PNG"),
        pytest.param(encode(NOISE, "WEBP")[:-500], id="truncated WebP"),
        pytest.param(encode(kind="JPEG")[:20], id="header only"),
        pytest.param(broken_checksum(), id="PNG with a wrong checksum"),
        pytest.param(encode(kind="EPS"), id="EPS, which would start Ghostscript"),
        pytest.param(encode(kind="TIFF"), id="a format that is not for the web"),
        pytest.param(png_by_hand((10**5, 10**5, 8, 2, 0, 0, 0), []), id="decompression bomb"),
        pytest.param(png_by_hand((10**4, 10**4, 8, 2, 0, 0, 0), []), id="smaller bomb"),
    ],
)
def test_broken_pictures_are_unusable(data):
    with pytest.raises(UnusablePicture, match="^picture cannot be decoded$"):
        store(data)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_with_too_many_pixels_is_unusable(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", PIXELS[..., 0].size - 1)  # only a warning
    with pytest.raises(UnusablePicture, match="cannot be decoded"):
        store(encode())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", PIXELS[..., 0].size)
    assert store(encode())[0] == encode()


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError, ValueError])
def test_a_picture_that_is_not_there_cannot_be_read(error):
    def read(reference):
        raise error(reference)

    with pytest.raises(UnusablePicture, match="^picture cannot be read$") as told:
        usable_picture(read, "0108.jpg")
    assert told.value.__cause__.args == ("0108.jpg",)


def test_a_fault_of_the_source_is_not_taken_for_a_bad_picture():
    with pytest.raises(ZeroDivisionError):
        usable_picture(lambda reference: 1 / reference, 0)


def test_without_a_limit_of_pixels_every_size_is_usable(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert store(encode())[0] == encode()
