"""The index against a reader of TFRecord files that is written from the format's definition."""

import hashlib
import io
import struct

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.data import catalogue_builder as builder
from keras_fashion.data import prepare
from keras_fashion.data.indexed_records import IndexedRecordsWriter, read_index
from keras_fashion.data.sources.in_memory import InMemory


def records(data):
    """(start, record) of each: a length of 8 bytes, its checksum of 4, the record, another of 4."""
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        yield at + 12, data[at + 12 : at + 12 + length]
        at += 12 + length + 4
    assert at == len(data)


def example(**texts):
    def feature(value):
        values = value if isinstance(value, list) else [value]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    features = {name.replace("__", "/"): feature(value) for name, value in texts.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def item(number, picture, **attributes):
    texts = {"item": f"0{number}".encode(), "category": "Hüte".encode(), "pictures": [picture]}
    texts |= {f"attributes__{name}": value for name, value in attributes.items()}
    return example(**texts, user=b"", time=b"")


PICTURES = [np.random.default_rng(n).bytes(size) for n, size in enumerate((1, 700, 20_000, 3))]


@pytest.fixture(params=["local", "ram"])
def shard(request, tmp_path):
    if request.param == "ram":
        return f"ram://{tmp_path.name}/shop-items.tfrecord-00000-of-00001"
    return str(tmp_path / "shop-items.tfrecord-00000-of-00001")


def test_pictures_are_where_the_index_says(shard):
    written = [item(n, picture, size=b"XL") for n, picture in enumerate(PICTURES)]
    keys = [3, 4, 7, 1_000_000]
    IndexedRecordsWriter("tfrecord").write(shard, zip(keys, written, strict=True))
    with tf.io.gfile.GFile(shard, "rb") as file:
        data = file.read()
    assert [record for _, record in records(data)] == written
    index = read_index(shard)
    assert index["row"].tolist() == keys
    for (start, record), offset, length, picture in zip(
        records(data), index["offset"], index["length"], PICTURES, strict=True
    ):
        assert start < offset < offset + length <= start + len(record)
        assert data[offset : offset + length] == picture
    assert (index["row"].dtype, index["offset"].dtype) == (np.int64, np.int64)
    assert (index["length"].dtype, index["digest"].dtype) == (np.int32, np.uint8)


def test_tensorflow_reads_the_records_and_their_checksums(shard):
    written = [item(n, picture) for n, picture in enumerate(PICTURES)]
    IndexedRecordsWriter("tfrecord").write(shard, enumerate(written))
    assert list(tf.data.TFRecordDataset(shard).as_numpy_iterator()) == written


def test_digests_are_of_the_texts_and_the_picture(shard):
    given = item(1, b"picture", size=b"XL", color=b"")
    IndexedRecordsWriter("tfrecord").write(shard, [(0, given)])
    text = b""
    for value in (b"01", "Hüte".encode(), b"picture", b"", b"XL"):
        text += struct.pack("<Q", len(value)) + value
    (found,) = read_index(shard)["digest"]
    assert found.tobytes() == hashlib.sha256(text).digest()


def test_records_without_pictures_have_no_index(shard):
    bought = example(item=b"01", category=b"", pictures=[], user=b"ann", time=b"")
    IndexedRecordsWriter("tfrecord").write(shard, [(0, bought), (1, bought)])
    assert not tf.io.gfile.exists(f"{shard}.index.npz")
    index = read_index(shard)
    assert {name: len(array) for name, array in index.items()} == dict.fromkeys(
        ("row", "offset", "length", "digest"), 0
    )
    assert index["digest"].shape == (0, 32)


def test_in_a_prepared_catalogue_every_picture_is_where_the_table_says(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "ITEMS_PER_SHARD", 4)
    rng = np.random.default_rng(0)
    pictures = []
    for number in range(10):
        data = io.BytesIO()
        pixels = rng.integers(0, 256, (5 + number, 4, 3), np.uint8)
        Image.fromarray(pixels).save(data, ("PNG", "JPEG")[number % 2])
        pictures.append(data.getvalue())
    # An id and an attribute are in the record too, the latter long.
    ids = [f"{number:03}" for number in range(10)]
    items = {"item": ids, "category": "Tops", "picture": pictures, "text": "x" * 200}
    prepare(InMemory(pd.DataFrame(items)), tmp_path / "shop")
    shards = [path.read_bytes() for path in sorted((tmp_path / "shop").glob("*-items.tfrecord-*"))]
    table = pd.read_parquet(tmp_path / "shop" / "items.parquet")
    assert table["shard"].tolist() == [0] * 4 + [1] * 4 + [2] * 2
    places = [place for shard in shards for place in records(shard)]
    for row, picture, (start, record) in zip(table.itertuples(), pictures, places, strict=True):
        assert start < row.offset < row.offset + row.length <= start + len(record)
        assert shards[row.shard][row.offset : row.offset + row.length] == picture
        assert row.item.encode() in record
