"""A prepared catalogue, opened by TFDS in a process that does not know this package."""

import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.catalogue import prepare
from keras_fashion.datasets.in_memory import InMemory

OPENER = """
import pickle
import sys

sys.modules["keras_fashion"] = None  # whoever imports it gets an ImportError
import tensorflow_datasets as tfds

builder = tfds.builder_from_directory(sys.argv[1])
info = builder.info
opened = {
    "documentation": [info.description, info.homepage, info.citation],
    "licence": info.redistribution_info.license,
    "name": info.full_name,
    "splits": {name: split.num_examples for name, split in info.splits.items()},
    "features": sorted(info.features),
    "examples": {
        split: list(tfds.as_numpy(builder.as_dataset(split))) for split in info.splits
    },
    "encoded": [
        list(example["pictures"])
        for example in tfds.as_numpy(
            builder.as_dataset("items", decoders={"pictures": tfds.decode.SkipDecoding()})
        )
    ],
}
with open(sys.argv[2], "wb") as file:
    pickle.dump(opened, file)
"""


class Shop(InMemory):
    name = "corner_shop"
    description = "What the shop at the corner sells."
    homepage = "https://example.org/shop"
    citation = "@misc{shop, title={Corner shop}}"
    licence = "CC0"


def encoded(pixels, kind):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return file.getvalue()


@pytest.fixture(scope="module")
def source():
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
            "colour": ["red", "", "blue", "red", "red"],
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


@pytest.fixture(scope="module")
def opened(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened")
    prepare(source, folder / "shop")
    command = [sys.executable, "-c", OPENER, folder / "shop", folder / "opened.pickle"]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return pickle.loads((folder / "opened.pickle").read_bytes())


def test_both_splits_have_what_can_be_used(opened):
    assert opened["splits"] == {"items": 4, "interactions": 3}
    assert {name: len(rows) for name, rows in opened["examples"].items()} == opened["splits"]
    assert opened["features"] == ["attributes", "category", "item", "pictures", "time", "user"]


def test_items_are_those_of_the_source_in_its_order(opened, source):
    rows = opened["examples"]["items"]
    expected = source.items(None, None).iloc[:4]
    assert [row["item"].decode() for row in rows] == [*expected["item"]]
    assert [row["category"].decode() for row in rows] == [*expected["category"]]
    assert [row["attributes"]["colour"].decode() for row in rows] == [*expected["colour"]]
    assert {(row["user"], row["time"]) for row in rows} == {(b"", b"")}


def test_pictures_have_the_pixels_that_pillow_sees(opened, source):
    delivered = source.items(None, None)["picture"][:4]
    for row, picture in zip(opened["examples"]["items"], delivered, strict=True):
        image = Image.open(io.BytesIO(picture))
        (pixels,) = row["pictures"]
        # Of JPEG, TensorFlow and Pillow choose different inverse cosine transforms.
        tolerance = 3 if image.format == "JPEG" else 0
        np.testing.assert_allclose(
            pixels.astype(int), np.asarray(image.convert("RGB")), atol=tolerance
        )


def test_jpeg_and_png_are_the_delivered_bytes(opened, source):
    delivered = source.items(None, None)["picture"][:3]
    assert opened["encoded"][:3] == [[picture] for picture in delivered]


def test_interactions_are_those_on_usable_items(opened):
    rows = opened["examples"]["interactions"]
    found = [tuple(row[name].decode() for name in ("user", "item", "time")) for row in rows]
    assert sorted(found) == [
        ("007", "c", "2025-01-02"),
        ("ann", "0108", ""),
        ("ann", "été", "1735689600"),
    ]
    for row in rows:
        assert row["pictures"].shape[0] == 0
        assert row["category"] == row["attributes"]["colour"] == b""


def test_documentation_is_that_of_the_source(opened):
    assert opened["documentation"] == [Shop.description, Shop.homepage, Shop.citation]
    assert opened["licence"] == Shop.licence
    assert opened["name"].startswith("corner_shop/")
