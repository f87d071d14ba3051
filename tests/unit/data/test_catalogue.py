import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data import catalogue_builder as builder
from keras_fashion.data import prepare
from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.picture_store import DecodedPictures, PictureTable
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError


def png(color):
    data = io.BytesIO()
    Image.new("RGB", (3, 3), color).save(data, "PNG")
    return data.getvalue()


def test_load_gives_what_was_written(tmp_path):
    # Neither items, categories nor users come in sorted order.
    items = [("0300", "Shoes"), ("0020", "Bags"), ("1", "Shoes"), ("0100", "Coats")]
    pairs = [("zoe", "1"), ("007", "0100"), ("ann", "0300"), ("zoe", "0300"), ("7", "0020")]
    listed = pd.DataFrame(items, columns=["item", "category"])
    listed["picture"] = [png((number, 0, 0)) for number in range(4)]
    bought = pd.DataFrame([*pairs, ("ann", "0999")], columns=["user", "item"])
    prepare(InMemory(listed, bought), tmp_path / "shop")

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
    assert [catalogue.picture_files[i] for i in range(4)] == [png((i, 0, 0)) for i in range(4)]
    assert catalogue.skipped == {"interaction on unknown item": 1}
    assert "4 items in 3 categories, 4 users, 5 interactions" in catalogue.summary()
    assert "1 x interaction on unknown item" in catalogue.summary()


def test_attributes_are_coded_by_item(tmp_path):
    columns = {"item": ["3", "1", "2"], "category": "Tops", "picture": png((0, 0, 0))}
    columns |= {"size": ["S", "", "L"], "color": ["red", "red", "blue"]}
    prepare(InMemory(pd.DataFrame(columns)), tmp_path / "shop")
    catalogue = Catalogue.load(tmp_path / "shop")
    assert list(catalogue.attributes) == ["size", "color"]
    size, color = catalogue.attributes.values()
    assert (size.values.tolist(), size.codes.tolist()) == (["", "L", "S"], [2, 0, 1])
    assert (color.values.tolist(), color.codes.tolist()) == (["blue", "red"], [1, 1, 0])
    assert size.codes.dtype == np.int32
    assert "1 categories with 2 attribute(s)" in catalogue.summary()


def test_items_where_columns_have_values(tmp_path):
    columns = {"item": ["3", "1", "2"], "category": ["Tops", "Bags", "Tops"]}
    columns |= {"picture": png((0, 0, 0)), "size": ["S", "", "L"], "color": ["red", "red", "blue"]}
    prepare(InMemory(pd.DataFrame(columns)), tmp_path / "shop")
    catalogue = Catalogue.load(tmp_path / "shop")
    for conditions, expected in (
        ([], [True, True, True]),
        ([("color", "red")], [True, True, False]),
        ([("color", "red"), ("category", "Tops")], [True, False, False]),
        ([("size", "L"), ("color", "red"), ("size", "")], [False, True, False]),
        ([("color", "blue"), ("category", "Bags")], [False, False, False]),
    ):
        assert catalogue.items_where(conditions).tolist() == expected
    with pytest.raises(InputError, match="no column 'hue'.*color"):
        catalogue.items_where([("hue", "red")])
    with pytest.raises(InputError, match="no color 'blau'.*blue"):
        catalogue.items_where([("color", "blau")])


@pytest.mark.parametrize("other", [1, 3, None])
def test_a_catalogue_of_another_format_is_to_be_prepared_again(copy, other):
    facts = json.loads((copy / "catalogue.json").read_text())
    (copy / "catalogue.json").write_text(json.dumps(facts | {"format": other}))
    with pytest.raises(InputError, match="format 2.*prepare it again"):
        Catalogue.load(copy)


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


def test_pictures_across_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "ITEMS_PER_SHARD", 64)
    colors = [(number % 64, number // 64, 7) for number in range(150)]
    ids = [f"{number:03}" for number in range(150)]
    pictures = [png(color) for color in colors]
    items = pd.DataFrame({"item": ids, "category": "Tops", "picture": pictures})
    prepare(InMemory(items), tmp_path / "big")
    catalogue = Catalogue.load(tmp_path / "big")
    assert len(catalogue.picture_files.shards) == 3
    for index in (0, 63, 64, 65, 127, 128, 149):
        assert catalogue.picture_files[index] == pictures[index]
    table = catalogue.pictures((3, 3))
    np.testing.assert_array_equal(table[np.arange(150)][:, 1, 1], colors)
    np.testing.assert_array_equal(catalogue.pictures_of([149, 3], (3, 3)), table[[149, 3]])
    assert catalogue.pictures_of([], (3, 3)).shape == (0, 3, 3, 3)


def test_a_table_of_pictures_is_made_once_a_size(copy):
    pictures = Catalogue.load(copy).pictures((8, 6))
    assert isinstance(pictures, PictureTable)
    made = (copy / "pictures_8x6_2.npy").stat()
    again = Catalogue.load(copy).pictures((8, 6))
    assert (copy / "pictures_8x6_2.npy").stat() == made
    np.testing.assert_array_equal(again[np.arange(24)], pictures[np.arange(24)])
    assert Catalogue.load(copy).pictures((4, 4)).shape == (24, 4, 4, 3)


def test_where_a_table_would_fill_the_disk_pictures_are_decoded_at_each_use(copy, monkeypatch):
    table = 24 * 8 * 6 * 3
    catalogue = Catalogue.load(copy)
    for free, kind in ((2 * table - 2, DecodedPictures), (2 * table, PictureTable)):
        usage = shutil.disk_usage(copy)._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path, usage=usage: usage)
        pictures = catalogue.pictures((8, 6))
        assert isinstance(pictures, kind)
        assert (copy / "pictures_8x6_2.npy").exists() == (kind is PictureTable)
        np.testing.assert_array_equal(
            pictures[np.arange(24)], catalogue.pictures_of(range(24), (8, 6))
        )


def test_what_is_derived_of_a_folder_that_is_not_ours_goes_to_the_cache(
    copy, tmp_path, monkeypatch
):
    # (To root, who may run this, every folder is writable.)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = sorted(copy.iterdir())
    catalogue = Catalogue.load(copy)
    assert isinstance(catalogue.pictures((8, 6)), PictureTable)
    assert sorted(copy.iterdir()) == before
    (table,) = (tmp_path / "cache").rglob("*.npy")
    assert table.parent.name == catalogue.fingerprint  # so that catalogues do not meet there
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = Catalogue.load(copy).derived
    assert folder == tmp_path / "home" / ".cache" / "keras-fashion" / catalogue.fingerprint


def test_a_catalogue_is_read_through_any_file_system_of_tensorflow(
    tiny_catalogue, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    address = f"ram://{tmp_path.name}/shop"
    tf.io.gfile.makedirs(address)
    for path in tiny_catalogue.path.iterdir():
        if path.is_file():
            with tf.io.gfile.GFile(f"{address}/{path.name}", "wb") as file:
                file.write(path.read_bytes())
    remote = Catalogue.load(address)
    assert remote.address == address
    assert remote.fingerprint == tiny_catalogue.fingerprint
    assert [*remote.picture_files] == [*tiny_catalogue.picture_files]
    np.testing.assert_array_equal(remote.interactions, tiny_catalogue.interactions)
    every = np.arange(24)
    pictures = remote.pictures((8, 6))[every]
    np.testing.assert_array_equal(pictures, tiny_catalogue.pictures_of(every, (8, 6)))
    assert [path.name for path in (tmp_path / "cache").rglob("*.npy")] == ["pictures_8x6_2.npy"]


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


def test_a_missing_shard_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "ITEMS_PER_SHARD", 2)
    pictures = [png((number, 0, 0)) for number in range(5)]
    items = pd.DataFrame({"item": [*"abcde"], "category": "Tops", "picture": pictures})
    prepare(InMemory(items), tmp_path / "shop")
    for shard in sorted((tmp_path / "shop").glob("*-items.tfrecord-*")):
        data = shard.read_bytes()
        shard.unlink()
        with pytest.raises(InputError, match="damaged.*shards of items"):
            Catalogue.load(tmp_path / "shop")
        shard.write_bytes(data)
    assert Catalogue.load(tmp_path / "shop").picture_files[4] == pictures[4]


@pytest.mark.parametrize("content", [{}, [], {"name": "x", "fingerprint": "0", "skipped": {}}])
def test_a_catalogue_json_of_something_else_is_refused(copy, content):
    (copy / "catalogue.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"damaged|not a prepared catalogue"):
        Catalogue.load(copy)
