"""Pictures that are not what most are, whole and broken."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from damaged_bytes import DAMAGES
from PIL import Image


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def plain(rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, depth: int, color: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def claims_many_pixels(rng: np.random.Generator) -> bytes:
    """Few bytes, absurd size."""
    side = int(rng.choice([9000, 20_000, 50_000, 65_535, 2**31 - 1]))
    data = encoded(plain(rng))
    at = data.index(b"\xff\xc0")
    jpeg = (
        data[: at + 5] + struct.pack(">HH", min(side, 65_535), min(side, 65_535)) + data[at + 9 :]
    )
    gif = bytearray(encoded(plain(rng), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    bmp = bytearray(encoded(plain(rng), "BMP"))
    bmp[18:26] = struct.pack("<ii", side, int(rng.choice([side, -side, 0, 1])))
    choices = (
        png(side, side, 8, 2, bytes(1000)),
        png(side, 1, 8, 0, bytes(1000)),
        jpeg,
        bytes(gif),
        bytes(bmp),
    )
    return choices[rng.integers(len(choices))]


def unpacks_to_many_pixels(rng: np.random.Generator) -> bytes:
    """All the pixels are there: 120 million of them, in 15 KB."""
    width = 9600
    return png(width, 12_500, 1, 0, bytes((width // 8 + 1) * 12_500))


def thin(rng: np.random.Generator) -> bytes:
    size = ((1, 1), (1, 5000), (5000, 1), (2, 3))[rng.integers(4)]
    return encoded(Image.new("RGB", size, "red"), str(rng.choice(["JPEG", "PNG", "GIF", "BMP"])))


def animated(rng: np.random.Generator) -> bytes:
    frames = [plain(rng) for _ in range(3)]
    kind = str(rng.choice(["GIF", "PNG", "WEBP"]))
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def of_another_mode(rng: np.random.Generator) -> bytes:
    image = plain(rng)
    sixteen = Image.fromarray(rng.integers(0, 65_536, (9, 7), dtype=np.uint16))
    choices = (
        lambda: encoded(image.convert("CMYK")),
        lambda: encoded(image.convert("L")),
        lambda: encoded(image.convert("1"), "PNG"),
        lambda: encoded(image.convert("P"), "PNG", transparency=3),
        lambda: encoded(image.convert("LA"), "PNG"),
        lambda: encoded(image.convert("RGBA"), "WEBP"),
        lambda: encoded(image.convert("P"), "BMP"),
        lambda: encoded(sixteen, "PNG"),
        lambda: png(7, 9, 16, 2, rng.bytes(9 * (7 * 6 + 1)).replace(b"\xff", b"\0")),
        lambda: png(7, 9, 16, 6, bytes(9 * (7 * 8 + 1))),
        lambda: png(7, 9, 16, 4, bytes(9 * (7 * 4 + 1))),
        lambda: png(8, 9, 2, 0, bytes(9 * 3)),
        lambda: png(7, 9, 8, 3, bytes(9 * 8)),  # a palette that is missing
    )
    return choices[rng.integers(len(choices))]()


def of_another_coding(rng: np.random.Generator) -> bytes:
    image = plain(rng)
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(0, 11))  # the orientation, where 1 to 8 mean something
    choices = (
        lambda: encoded(image, progressive=True),
        lambda: encoded(image, exif=exif),
        lambda: encoded(image, "PNG", exif=exif),
        lambda: encoded(image, "WEBP", exif=exif),
        lambda: encoded(image, exif=b"Exif\0\0" + rng.bytes(60)),
        lambda: encoded(image, icc_profile=rng.bytes(300)),
        lambda: encoded(image, "PNG", icc_profile=rng.bytes(300)),
        lambda: encoded(image, "WEBP", lossless=True),
        lambda: encoded(image, subsampling=2, quality=1),
        lambda: encoded(image, "PNG") + rng.bytes(99),
        lambda: encoded(image) + rng.bytes(99),
        lambda: encoded(image, "PNG")[:-12],
        lambda: encoded(image)[:-2],
    )
    return choices[rng.integers(len(choices))]()


def of_no_kind_that_is_taken(rng: np.random.Generator) -> bytes:
    image = plain(rng)
    choices = (
        lambda: encoded(image, "TIFF"),
        lambda: encoded(image, "ICO"),
        lambda: encoded(image, "EPS"),
        lambda: encoded(image, "PPM"),
        lambda: encoded(image, "PDF"),
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        lambda: b"",
        lambda: b"\xff\xd8\xff",
        lambda: b"\x89PNG\r\n\x1a\n",
        lambda: b"GIF89a",
        lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        lambda: b"BM",
    )
    return choices[rng.integers(len(choices))]()


def broken(rng: np.random.Generator) -> bytes:
    kind = str(rng.choice(["JPEG", "PNG", "GIF", "WEBP", "BMP"]))
    return DAMAGES[rng.integers(len(DAMAGES))](rng, encoded(plain(rng), kind))


ODD_PICTURES: tuple[Callable[[np.random.Generator], bytes], ...] = (
    claims_many_pixels,
    unpacks_to_many_pixels,
    thin,
    animated,
    of_another_mode,
    of_another_coding,
    of_no_kind_that_is_taken,
    broken,
)
