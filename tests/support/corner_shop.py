"""A shop with pictures in every form that they come in."""

import io

import numpy as np
import pandas as pd
from PIL import Image

from keras_fashion.data.sources.in_memory import InMemory


class Shop(InMemory):
    name = "corner_shop"
    description = "What the shop at the corner sells."
    homepage = "https://example.org/shop"
    citation = "@misc{shop, title={Corner shop}}"
    license = "CC0"


def encoded(pixels, kind):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return file.getvalue()


def corner_shop():
    """Five items in every form that pictures come in, one of them without a picture, and times."""
    rng = np.random.default_rng(0)
    pixels = [rng.integers(0, 256, (11, 7, 3), np.uint8) for _ in range(4)]
    pictures = [
        encoded(pixels[0], "PNG"),
        encoded(pixels[1][..., 0], "PNG"),
        encoded(pixels[2], "JPEG"),
        encoded(pixels[3], "WEBP"),
        None,
    ]
    items = pd.DataFrame(
        {
            "item": ["0108", "été", "c", "d", "bare"],
            "category": ["Schuhe", "Hemden", "Schuhe", "日本", "Hemden"],
            "picture": pictures,
            "color": ["red", "", "blue", "red", "red"],
        }
    )
    interactions = pd.DataFrame(
        {
            "user": ["007", "ann", "ann", "ann", "bob"],
            "item": ["c", "0108", "été", "nothing", "bare"],
            "time": ["2025-01-02", "", "1735689600", "", ""],
        }
    )
    return Shop(items, interactions)
