import io
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keras_fashion.catalogue.catalogue import Catalogue
from keras_fashion.catalogue.writer import CatalogueWriter
from keras_fashion.errors import InputError


def png(colour):
    data = io.BytesIO()
    Image.new("RGB", (3, 3), colour).save(data, "PNG")
    return data.getvalue()


def test_load_gives_what_was_written(tmp_path):
    # Neither items, categories nor users come in sorted order.
    items = [("0300", "Shoes"), ("0020", "Bags"), ("1", "Shoes"), ("0100", "Coats")]
    pairs = [("zoe", "1"), ("007", "0100"), ("ann", "0300"), ("zoe", "0300"), ("7", "0020")]
    with CatalogueWriter(tmp_path / "shop", "shop") as writer:
        for number, (item, category) in enumerate(items):
            writer.add_item(item, category, png((number, 0, 0)), item)
        writer.add_interactions(pd.DataFrame(pairs, columns=["user", "item"]))
        writer.add_interactions(pd.DataFrame({"user": ["ann"], "item": ["0999"]}))

    catalogue = Catalogue.load(tmp_path / "shop")

    assert catalogue.item_ids.tolist() == ["0300", "0020", "1", "0100"]
    assert catalogue.categories == ["Bags", "Coats", "Shoes"]
    assert catalogue.item_categories.tolist() == [2, 0, 2, 1]
    assert catalogue.user_ids.tolist() == ["007", "7", "ann", "zoe"]
    # 007 0100, 7 0020, ann 0300, zoe 0300 and 1.
    assert catalogue.interactions.tolist() == [[0, 3], [1, 1], [2, 0], [3, 0], [3, 2]]
    assert catalogue.interactions.dtype == np.int32
    assert catalogue.items_of(3).tolist() == [0, 2]
    assert catalogue.items_of(0).tolist() == [3]
    assert [catalogue.picture_bytes(i) for i in range(4)] == [png((i, 0, 0)) for i in range(4)]
    assert catalogue.skipped == {"interaction on unknown item": 1}
    assert "4 items in 3 categories, 4 users, 5 interactions" in catalogue.summary()
    assert "1 x interaction on unknown item" in catalogue.summary()


def test_attributes_are_coded_by_item(tmp_path):
    with CatalogueWriter(tmp_path / "shop", "shop", attributes=["size", "colour"]) as writer:
        for item, size, colour in [("3", "S", "red"), ("1", "", "red"), ("2", "L", "blue")]:
            writer.add_item(item, "Tops", png((0, 0, 0)), item, [size, colour])
    catalogue = Catalogue.load(tmp_path / "shop")
    assert list(catalogue.attributes) == ["size", "colour"]
    size, colour = catalogue.attributes.values()
    assert (size.values.tolist(), size.codes.tolist()) == (["", "L", "S"], [2, 0, 1])
    assert (colour.values.tolist(), colour.codes.tolist()) == (["blue", "red"], [1, 1, 0])
    assert size.codes.dtype == np.int32
    assert "1 categories with 2 attribute(s)" in catalogue.summary()


def test_a_catalogue_from_before_attributes_loads(copy, tiny_catalogue):
    facts = json.loads((copy / "catalogue.json").read_text())
    assert facts.pop("attributes") == []
    (copy / "catalogue.json").write_text(json.dumps(facts))
    old = Catalogue.load(copy)
    assert old.attributes == {} and old.fingerprint == tiny_catalogue.fingerprint
    assert "attribute" not in old.summary()


def test_ids_and_dense_indices_are_inverse(tiny_catalogue):
    for index, item in enumerate(tiny_catalogue.item_ids):
        assert tiny_catalogue.item_index(str(item)) == index
    for index, user in enumerate(tiny_catalogue.user_ids):
        assert tiny_catalogue.user_index(str(user)) == index
    assert [tiny_catalogue.category_index(name) for name in ("Bags", "Shoes", "Tops")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("look_up", "near", "not_near"),
    [
        (lambda c: c.item_index("00101"), "0101", "Bags"),
        (lambda c: c.user_index("usr3"), "user3", "0101"),
        (lambda c: c.category_index("Shoe"), "Shoes", "user1"),
        (lambda c: c.category_index("Shoe"), "'Shoe'", "Tops"),
        (lambda c: c.category_index("xxxxxxxx"), "Bags, Shoes, Tops", "user1"),
    ],
)
def test_an_unknown_id_is_refused_with_near_ones(tiny_catalogue, look_up, near, not_near):
    with pytest.raises(InputError) as refusal:
        look_up(tiny_catalogue)
    assert near in str(refusal.value)
    assert not_near not in str(refusal.value)


def test_pictures_across_row_groups(tmp_path):
    colours = [(number % 256, number // 256, 7) for number in range(600)]
    with CatalogueWriter(tmp_path / "big", "big") as writer:
        for number, colour in enumerate(colours):
            writer.add_item(f"{number:03}", "Tops", png(colour), "")
    catalogue = Catalogue.load(tmp_path / "big")
    assert pq.ParquetFile(tmp_path / "big" / "items.parquet").metadata.num_row_groups > 2
    for index in (0, 255, 256, 257, 511, 512, 599):
        assert catalogue.picture_bytes(index) == png(colours[index])
    pictures = catalogue.pictures((3, 3))
    np.testing.assert_array_equal(pictures[:, 1, 1], colours)
    np.testing.assert_array_equal(catalogue.pictures_of([599, 3], (3, 3)), pictures[[599, 3]])
    assert catalogue.pictures_of([], (3, 3)).shape == (0, 3, 3, 3)


@pytest.fixture
def copy(tiny_catalogue, tmp_path):
    return shutil.copytree(tiny_catalogue.path, tmp_path / "copy")


def test_a_folder_that_is_no_catalogue_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=r"not a prepared catalogue.*prepare"):
            Catalogue.load(path)


@pytest.mark.parametrize("name", ["items.parquet", "interactions.parquet", "catalogue.json"])
def test_a_damaged_file_is_refused(copy, name):
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        Catalogue.load(copy)


@pytest.mark.parametrize("name", ["items.parquet", "interactions.parquet"])
def test_a_missing_file_is_refused(copy, name):
    (copy / name).unlink()
    with pytest.raises(InputError, match="damaged"):
        Catalogue.load(copy)


@pytest.mark.parametrize("content", [{}, [], {"name": "x", "fingerprint": "0", "skipped": {}}])
def test_a_catalogue_json_of_something_else_is_refused(copy, content):
    (copy / "catalogue.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"damaged|not a prepared catalogue"):
        Catalogue.load(copy)
