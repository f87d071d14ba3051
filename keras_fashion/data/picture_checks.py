"""A picture as a source delivers it, made into one that every decoder reads."""

import io
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # no EPS: Pillow would run Ghostscript
LARGE = 2**24
"""Pixels; with transparency such a picture takes 270 MB on its way, so they go one at a time."""
_LARGE = threading.Lock()
PNG_END = b"IEND\xaeB`\x82"  # TensorFlow refuses a PNG without it, Pillow does not


class UnusablePicture(Exception):
    """A picture that cannot be in a catalogue; the message is the reason for leaving it out."""


def usable_picture(read: Callable[[Any], bytes], reference: Any) -> bytes:
    """Reads a picture and makes it an 8-bit RGB or gray JPEG or PNG.

    JPEG and PNG pictures of 8 bits a channel in RGB or gray are kept byte for byte. Any other
    format or mode becomes an RGB PNG: transparency flattened on white, EXIF rotation applied.

    Args:
        read: A source's `read_picture`.
        reference: What it takes.

    Raises:
        UnusablePicture: If the picture cannot be read, does not decode, or has more pixels than
            Pillow takes for honest (`Image.MAX_IMAGE_PIXELS`).
    """
    try:
        data = read(reference)
    except (OSError, ValueError) as error:
        raise UnusablePicture("picture cannot be read") from error
    try:
        return _as_jpeg_or_png(data)
    except Exception as error:  # a broken file makes Pillow's parsers raise nearly anything
        raise UnusablePicture("picture cannot be decoded") from error


def _as_jpeg_or_png(data: bytes) -> bytes:
    checked = Image.open(io.BytesIO(data), formats=FORMATS)
    if checked.width * checked.height > Image.MAX_IMAGE_PIXELS:
        raise ValueError("too many pixels")  # of which Pillow itself only warns
    with _LARGE if checked.width * checked.height > LARGE else nullcontext():
        return _converted(data, checked)


def _converted(data: bytes, checked: Image.Image) -> bytes:
    # Only verify() checks the checksums of a PNG, which TensorFlow's decoder insists on.
    checked.verify()
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    image.load()
    if image.format == "PNG":  # of 8 bits (Pillow shows 16-bit RGB as plain RGB), with its end
        keepable = data[24] == 8 and data.endswith(PNG_END)
    else:
        keepable = image.format == "JPEG"
    if (
        keepable
        and image.mode in ("RGB", "L")
        and not image.has_transparency_data
        and image.getexif().get(ExifTags.Base.Orientation) not in range(2, 9)
    ):
        return data
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16-bit gray: Pillow clips instead of scaling
        upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
    if upright.has_transparency_data:
        picture = upright.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        upright = Image.alpha_composite(white, picture)
    encoded = io.BytesIO()
    upright.convert("RGB").save(encoded, "PNG")
    return encoded.getvalue()
