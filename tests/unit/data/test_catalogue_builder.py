"""A prepared catalogue, opened by TFDS."""

import io

import numpy as np
import pytest
from corner_shop import Shop, corner_shop
from opened_by_tfds import opened_by_tfds
from PIL import Image

from keras_fashion.data import prepare


@pytest.fixture(scope="module")
def source():
    return corner_shop()


@pytest.fixture(scope="module")
def opened(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened")
    prepare(source, folder / "shop")
    return opened_by_tfds(folder / "shop")


def test_both_splits_have_what_can_be_used(opened):
    assert opened["splits"] == {"items": 4, "interactions": 3}
    assert {name: len(rows) for name, rows in opened["examples"].items()} == opened["splits"]
    assert opened["features"] == ["attributes", "category", "item", "pictures", "time", "user"]


def test_items_are_those_of_the_source_in_its_order(opened, source):
    rows = opened["examples"]["items"]
    expected = source.items(None, None).iloc[:4]
    assert [row["item"].decode() for row in rows] == [*expected["item"]]
    assert [row["category"].decode() for row in rows] == [*expected["category"]]
    assert [row["attributes"]["color"].decode() for row in rows] == [*expected["color"]]
    assert {(row["user"], row["time"]) for row in rows} == {(b"", b"")}


def test_pictures_have_the_pixels_that_pillow_sees(opened, source):
    delivered = source.items(None, None)["picture"][:4]
    for row, picture in zip(opened["examples"]["items"], delivered, strict=True):
        image = Image.open(io.BytesIO(picture))
        (pixels,) = row["pictures"]
        # TensorFlow and Pillow decode JPEG by different inverse cosine transforms.
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
        assert row["category"] == row["attributes"]["color"] == b""


def test_documentation_is_that_of_the_source(opened):
    assert opened["documentation"] == [Shop.description, Shop.homepage, Shop.citation]
    assert opened["license"] == Shop.license
    assert opened["name"].startswith("corner_shop/")
