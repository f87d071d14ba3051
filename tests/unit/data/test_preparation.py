import hashlib
import io
import json
import re
import struct

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import tensorflow_datasets as tfds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_fashion.data import Catalogue, check, prepare
from keras_fashion.data import catalogue_builder as builder
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError

PIXELS = np.random.default_rng(7).integers(0, 256, (6, 4, 3), dtype=np.uint8)


def encode(pixels=PIXELS):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def items(*rows, columns=("item", "category", "picture")):
    return pd.DataFrame(rows, columns=list(columns)).astype({"item": "str", "category": "str"})


def feedback(*pairs):
    return pd.DataFrame(pairs, columns=["user", "item"], dtype="str")


def listed(folder):
    table = pd.read_csv(folder / "skipped.csv", dtype=str, keep_default_na=False)
    return table.values.tolist()


SHOP = InMemory(
    items(("0108", "Shoes", encode()), ("108", "Bags", encode(255 - PIXELS))),
    pd.DataFrame(
        {"user": ["007", "7", "7"], "item": ["0108", "0108", "108"], "time": ["2020", "", ""]}
    ),
)


def test_what_is_written_is_what_was_given(tmp_path, capsys):
    folder = tmp_path / "new" / "shop"
    facts = prepare(SHOP, folder, name="My shop")
    assert json.loads((folder / "catalogue.json").read_text()) == facts
    assert len(facts.pop("fingerprint")) == 64
    assert facts == {
        "format": 2,
        "name": "My shop",
        "source": "in_memory",
        "users": 2,
        "items": 2,
        "interactions": 3,
        "categories": ["Bags", "Shoes"],
        "attributes": [],
        "skipped": {},
    }
    rows = pq.read_table(folder / "items.parquet").to_pylist()
    shard = (folder / "in_memory-items.tfrecord-00000-of-00001").read_bytes()
    pictures = [shard[row.pop("offset") :][: row.pop("length")] for row in rows]
    assert pictures == [encode(), encode(255 - PIXELS)]
    assert rows == [
        {"item": "0108", "category": "Shoes", "shard": 0},
        {"item": "108", "category": "Bags", "shard": 0},
    ]
    assert pq.read_table(folder / "interactions.parquet").to_pylist() == [
        {"user": "007", "item": "0108", "time": "2020"},
        {"user": "7", "item": "0108", "time": ""},
        {"user": "7", "item": "108", "time": ""},
    ]
    assert listed(folder) == []
    assert sorted(path.name for path in folder.iterdir()) == [
        "catalogue.json",
        "dataset_info.json",
        "features.json",
        "in_memory-interactions.tfrecord-00000-of-00001",
        "in_memory-items.tfrecord-00000-of-00001",
        "interactions.parquet",
        "items.parquet",
        "skipped.csv",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]
    assert capsys.readouterr().out == ""  # which belongs to commands that print JSON


def test_a_catalogue_is_called_after_its_folder(tmp_path, monkeypatch):
    (tmp_path / "corner").mkdir()
    monkeypatch.chdir(tmp_path / "corner")
    assert prepare(SHOP, "")["name"] == "corner"


class Careful(InMemory):
    """Leaves something out by itself, and knows its rows by their lines."""

    def items(self, skip, scratch):
        (scratch / "temporary").write_text("")
        skip("item without a picture", "line 1", "3, with a comma")
        return super().items(skip, scratch)

    def item_place(self, index):
        return f"line {index + 2}"

    def interaction_place(self, index):
        return f"log {index}"


BAD = Careful(
    items(
        ("1", "Shoes", b""),
        ("2", "Shoes", encode()),
        ("2", "Shoes", encode()),
        (" ", "Shoes", encode()),
        ("3", "", encode()),
        ("4", "Bags", None),
    ),
    feedback(
        ("ann", "2"), ("ann", "2"), ("", "2"), ("bob", " "), ("bob", "3"), ("bob", "1"), ("", "1")
    ),
)


def test_every_reason_is_counted_and_listed(tmp_path):
    facts = prepare(BAD, tmp_path / "shop")
    assert facts["skipped"] == {
        "item without a picture": 2,
        "duplicate item": 1,
        "empty id": 4,
        "item without a category": 1,
        "picture cannot be decoded": 1,
        "duplicate interaction": 1,
        "interaction on unknown item": 2,
    }
    assert listed(tmp_path / "shop") == [
        ["item without a picture", "line 1", "3, with a comma"],
        ["duplicate item", "line 4", "2"],
        ["empty id", "line 5", " "],
        ["item without a category", "line 6", "3"],
        ["item without a picture", "line 7", "4"],
        ["picture cannot be decoded", "line 2", "1"],
        ["duplicate interaction", "log 1", "ann, 2"],
        ["empty id", "log 2", ", 2"],
        ["empty id", "log 3", "bob,  "],
        ["interaction on unknown item", "log 4", "bob, 3"],
        ["interaction on unknown item", "log 5", "bob, 1"],
        ["empty id", "log 6", ", 1"],
    ]


@pytest.mark.parametrize("source", [SHOP, BAD], ids=["good", "bad"])
def test_checking_counts_the_same_and_writes_nothing(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    facts = check(source, "shop")
    assert not list(tmp_path.iterdir())
    prepared = prepare(source, tmp_path / "prepared", name="shop")
    del prepared["fingerprint"]
    assert facts == prepared


@pytest.mark.parametrize(
    "rows, pairs, say",
    [
        ([("1", "Bags", encode())], [], r"item 2: duplicate item \('1'\)"),
        ([("2", "Bags", b"GIF89a"), ("3", "B", b"")], [], r"item 2: picture cannot be dec.*'2'"),
        ([("2", "Bags", None)], [], "item 2: item without a picture"),
        ([], [("a", "1"), ("a", "1"), ("b", "8"), ("b", "9")], "interaction 3: interaction on unk"),
    ],
    ids=["duplicate", "picture", "none", "interaction"],
)
def test_refusing_names_the_first_offender(tmp_path, rows, pairs, say):
    source = InMemory(items(("1", "Shoes", encode()), *rows), feedback(*pairs))
    for act in (
        lambda: prepare(source, tmp_path / "shop", on_bad="refuse"),
        lambda: check(source, "shop", on_bad="refuse"),
    ):
        with pytest.raises(InputError, match=say):
            act()
    assert not list(tmp_path.iterdir())


def test_repeated_purchases_are_not_refused(tmp_path):
    source = InMemory(items(("1", "Shoes", encode())), feedback(("ann", "1"), ("ann", "1")))
    facts = prepare(source, tmp_path / "shop", on_bad="refuse")
    assert facts["skipped"] == {"duplicate interaction": 1}


def fingerprint(path, pictures, pairs, **options):
    rows = [(item, "Shoes", picture) for item, picture in pictures.items()]
    return prepare(InMemory(items(*rows), feedback(*pairs)), path, **options)["fingerprint"]


def test_fingerprint_is_of_the_content_only(tmp_path, monkeypatch):
    pictures = {str(n): encode(PIXELS + np.uint8(n)) for n in range(7)}
    pairs = [("ann", "1"), ("bob", "2")]
    first = fingerprint(tmp_path / "a", pictures, pairs)
    with monkeypatch.context() as patch:
        patch.setattr(builder, "ITEMS_PER_SHARD", 3)
        patch.setattr(builder, "INTERACTIONS_PER_SHARD", 1)
        assert fingerprint(tmp_path / "b", pictures, pairs, name="other") == first
    assert len(list((tmp_path / "b").glob("*-items.tfrecord-*-of-00003"))) == 3
    skipped = pictures | {"bad": b""}
    assert fingerprint(tmp_path / "c", skipped, [*pairs, ("ann", "1")]) == first

    others = {
        "picture": (pictures | {"1": encode(255 - PIXELS)}, pairs),
        "item": ({k + "0": v for k, v in pictures.items()}, [("ann", "10"), ("bob", "20")]),
        "user": (pictures, [("ann", "1"), ("bo", "2")]),
        "order": (pictures, pairs[::-1]),
        "item order": (dict(reversed(pictures.items())), pairs),
        "border": (pictures, [("ann1", "1"), ("ob", "2")]),
        "fewer": (pictures, pairs[:1]),
    }
    seen = {first} | {fingerprint(tmp_path / k, *content) for k, content in others.items()}
    assert len(seen) == 1 + len(others)


@pytest.mark.parametrize("attributes", [{}, {"size": "réd", "color": " "}])
def test_fingerprint_follows_its_definition(tmp_path, attributes):
    picture = encode()
    columns = ("item", "category", "picture", *attributes)
    rows = [("é1", "Shoes", picture, *attributes.values())] * 2  # the second is a duplicate
    bought = {"user": ["ann", "bob"], "item": ["é1", "é1"], "time": ["", "2020"]}
    source = InMemory(items(*rows, columns=columns), pd.DataFrame(bought))
    found = prepare(source, tmp_path / "shop")["fingerprint"]

    def number(value):
        return struct.pack("<q", value)

    item = number(3) + "é1".encode() + number(5) + b"Shoes" + number(len(picture)) + picture
    if attributes:  # by name: the color, which is blank and so empty, comes first
        item += number(0) + number(4) + "réd".encode()
    text = b'["size", "color"]' if attributes else b"[]"
    text += hashlib.sha256(item).digest()
    text += number(3) + number(3) + b"annbob"
    text += number(2) + number(2) + "é1é1".encode()
    text += number(0) + number(4) + b"2020"
    assert found == hashlib.sha256(text).hexdigest()


def test_a_records_features_are_in_one_order_whichever_process_wrote_it(tmp_path):
    columns = ("item", "category", "picture", "size", "color")
    rows = [(str(n), "Shoes", encode(), "XL", "red") for n in range(8)]
    prepare(InMemory(items(*rows, columns=columns)), tmp_path / "shop")
    shard = (tmp_path / "shop" / "in_memory-items.tfrecord-00000-of-00001").read_bytes()
    names = ["attributes/color", "attributes/size", "category", "item", "pictures", "time", "user"]
    # In a record, a name stands after its length.
    keys = "|".join(f"{chr(len(name))}{name}" for name in names).encode()
    assert [key[1:].decode() for key in re.findall(keys, shard)] == names * 8


def test_attributes_stand_beside_the_category(tmp_path):
    columns = ("item", "category", "picture", "size", "color")
    source = InMemory(items(("1", "Shoes", encode(), "XL", " "), columns=columns))
    assert prepare(source, tmp_path / "shop")["attributes"] == ["size", "color"]
    (row,) = pq.read_table(tmp_path / "shop" / "items.parquet").to_pylist()
    assert (row["size"], row["color"]) == ("XL", "")


@pytest.mark.parametrize(
    "taken", ["pictures", "user", "time", "shard", "offset", "length", "index", "a/b", "", " "]
)
def test_an_attribute_cannot_take_another_columns_name(tmp_path, taken):
    columns = ("item", "category", "picture", "size", taken)
    source = InMemory(items(("1", "Shoes", encode(), "XL", "red"), columns=columns))
    for act in (lambda: prepare(source, tmp_path / "shop"), lambda: check(source, "shop")):
        with pytest.raises(InputError, match=f"attribute cannot be called '{taken}'"):
            act()
    assert not list(tmp_path.iterdir())


def test_a_shard_without_a_usable_picture_is_empty(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "ITEMS_PER_SHARD", 2)
    good = {n: encode(PIXELS + np.uint8(n)) for n in (0, 1, 4, 5, 6)}
    rows = [(str(n), "Tops", good.get(n, b"")) for n in range(7)]
    facts = prepare(InMemory(items(*rows), feedback(("ann", "6"))), tmp_path / "shop")
    assert (facts["items"], facts["skipped"]) == (5, {"picture cannot be decoded": 2})
    catalogue = Catalogue.load(tmp_path / "shop")
    assert catalogue.item_ids.tolist() == ["0", "1", "4", "5", "6"]
    for index, item in enumerate(catalogue.item_ids.tolist()):
        assert catalogue.picture_files[index] == good[int(item)]
    opened = tfds.builder_from_directory(str(tmp_path / "shop"))
    assert opened.info.splits["items"].shard_lengths == [2, 0, 2, 1]
    rows = tfds.as_numpy(opened.as_dataset("items"))
    assert [row["item"] for row in rows] == [b"0", b"1", b"4", b"5", b"6"]


@pytest.mark.parametrize(
    "rows, reasons",
    [
        ([("1", "Shoes", b"")], "1 x picture cannot be decoded"),
        (
            [("1", "Shoes", None), ("", "Shoes", encode())],
            "1 x item without a picture, 1 x",
        ),
        ([], "none was given"),
    ],
)
def test_no_items_is_refused(tmp_path, rows, reasons):
    source = InMemory(items(*rows), feedback(("ann", "1")))
    for act in (lambda: prepare(source, tmp_path / "shop"), lambda: check(source, "shop")):
        with pytest.raises(InputError, match=rf"no item can be used \({reasons}"):
            act()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pairs", [None, feedback(), feedback(("ann", "unknown"))])
def test_no_interactions_is_not(tmp_path, pairs):
    facts = prepare(InMemory(items(("1", "Shoes", encode())), pairs), tmp_path / "shop")
    assert (facts["users"], facts["interactions"]) == (0, 0)
    table = pq.read_table(tmp_path / "shop" / "interactions.parquet")
    assert table.num_rows == 0
    assert {str(field.type) for field in table.schema} == {"string"}
    assert len(Catalogue.load(tmp_path / "shop").user_ids) == 0


IDS = st.sampled_from(["", " ", "0", "00", "a", "b", "é", "x,y"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    offered=st.lists(st.tuples(IDS, st.sampled_from(["", "Shoes"]), st.booleans()), max_size=8),
    pairs=st.lists(st.tuples(IDS, IDS), max_size=12),
)
def test_everything_given_is_kept_or_skipped(tmp_path_factory, offered, pairs):
    rows = [(item, category, encode() if decodes else b"") for item, category, decodes in offered]
    source = InMemory(items(("b", "Bags", encode()), *rows), feedback(*pairs))
    path = tmp_path_factory.mktemp("property") / "shop"
    facts = prepare(source, path)

    # The first row of an id that has a category stands for it, whether or not its picture is good.
    first = dict(reversed([(i, good) for i, category, good in offered if i.strip() and category]))
    known = {"b"} | {item for item, good in first.items() if good}
    expected = list(dict.fromkeys((u, i) for u, i in pairs if u.strip() and i in known))
    table = pq.read_table(path / "interactions.parquet").to_pandas()
    assert list(zip(table["user"], table["item"], strict=True)) == expected
    assert set(pq.read_table(path / "items.parquet")["item"].to_pylist()) == known
    assert facts["users"] == len({user for user, _ in expected})
    kept = facts["items"] + facts["interactions"]
    assert kept + sum(facts["skipped"].values()) == 1 + len(offered) + len(pairs)
    assert len(listed(path)) == sum(facts["skipped"].values())


def test_a_folder_may_be_called_what_it_likes(tmp_path):
    for name in ("shop [v2]", "shop*", "shop?"):
        prepare(InMemory(items(("1", "Shoes", encode()))), tmp_path / name)
        assert Catalogue.load(tmp_path / name).picture_files[0] == encode()


def test_long_categories_and_attributes_are_left_out(tmp_path):
    rows = items(
        ("1", "Shoes", encode(), "red"),
        ("2", "Shoes" * 60, encode(), "red"),
        ("3", "Shoes", encode(), "r\0d"),
        columns=("item", "category", "picture", "color"),
    )
    assert prepare(InMemory(rows), tmp_path / "shop")["skipped"] == {
        "category or attribute of more than 256 characters": 1,
        "category or attribute with a zero character": 1,
    }
