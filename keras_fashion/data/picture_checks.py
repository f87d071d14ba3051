"""Checks the pictures of a source and converts them to formats that every decoder reads."""

import io
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that are accepted. EPS is not among them, because Pillow runs Ghostscript for it."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
"""Suffixes of the files that are taken for pictures."""

LARGE = 2**24
"""Number of pixels above which pictures are converted one at a time: one such picture with
transparency takes 270 MB."""

PNG_END = b"IEND\xaeB`\x82"
"""The last bytes of a PNG, without which TensorFlow rejects it and Pillow does not."""

_LARGE_LOCK = threading.Lock()


class UnusablePicture(Exception):
    """Raised for a picture that cannot be in a catalogue; the message is the reason."""


def usable_picture(read: Callable[[Any], bytes], reference: Any) -> bytes:
    r"""Reads a picture and returns it as an 8-bit JPEG or PNG in RGB or grayscale.

    JPEG and PNG pictures with 8 bits a channel in RGB or grayscale are returned byte for byte. Any
    other format or mode is converted to an RGB PNG: transparency is composed over white, an EXIF
    rotation is applied, 16-bit values are scaled to 8 bits, and of an animation the first frame is
    taken.

    Args:
        read: Function that reads a picture, see `Source.read_picture`.
        reference: Argument of `read`.

    Returns:
        The content of a JPEG or PNG file.

    Raises:
        UnusablePicture: If the picture cannot be read, cannot be decoded, or has more pixels than
            `PIL.Image.MAX_IMAGE_PIXELS`, above which Pillow suspects an attack.

    Example:
        >>> bmp = io.BytesIO()
        >>> Image.new("RGB", (2, 2), "red").save(bmp, "BMP")
        >>> usable_picture(bytes, bmp.getvalue())[:4]
        b'\x89PNG'
        >>> usable_picture(bytes, b"not a picture")
        Traceback (most recent call last):
        ...
        keras_fashion.data.picture_checks.UnusablePicture: picture cannot be decoded
    """
    try:
        data = read(reference)
    except (OSError, ValueError) as error:
        raise UnusablePicture("picture cannot be read") from error
    try:
        return _as_jpeg_or_png(data)
    except Exception as error:  # Pillow's parsers raise nearly any exception for a broken file.
        raise UnusablePicture("picture cannot be decoded") from error


def _as_jpeg_or_png(data: bytes) -> bytes:
    header = Image.open(io.BytesIO(data), formats=FORMATS)
    pixels = header.width * header.height
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and pixels > limit:
        raise ValueError("too many pixels")  # Pillow itself only warns up to twice as many.
    with _LARGE_LOCK if pixels > LARGE else nullcontext():
        # Only verify() checks the checksums of a PNG, which TensorFlow's decoder insists on.
        header.verify()
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        image.load()
        return data if _is_plain(image, data) else _as_rgb_png(image)


def _is_plain(image: Image.Image, data: bytes) -> bool:
    """Returns whether every decoder reads these bytes as the same upright 8-bit picture."""
    if image.format == "PNG":
        # Pillow shows 16-bit RGB as plain RGB, so the bit depth is read from the header.
        decodable = data[24] == 8 and data.endswith(PNG_END)
    else:
        decodable = image.format == "JPEG"
    return (
        decodable
        and image.mode in ("RGB", "L")
        and not image.has_transparency_data
        and image.getexif().get(ExifTags.Base.Orientation) not in range(2, 9)
    )


def _as_rgb_png(image: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16-bit grayscale, which Pillow clips instead of scaling.
        upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
    if upright.has_transparency_data:
        picture = upright.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        upright = Image.alpha_composite(white, picture)
    encoded = io.BytesIO()
    upright.convert("RGB").save(encoded, "PNG")
    return encoded.getvalue()
