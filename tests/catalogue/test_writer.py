import hashlib
import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_fashion.catalogue import writer as writer_module
from keras_fashion.catalogue.writer import CatalogueWriter
from keras_fashion.errors import InputError

PIXELS = np.random.default_rng(7).integers(0, 256, (6, 4, 3), dtype=np.uint8)


def encode(pixels=PIXELS, kind="PNG", mode=None, **options):
    picture = Image.fromarray(pixels)
    data = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(data, kind, **options)
    return data.getvalue()


def png_by_hand(header_fields, rows):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *header_fields))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def stored_pictures(path):
    return pq.read_table(path / "items.parquet")["picture"].to_pylist()


def store(path, data):
    """The one picture as it stands in a catalogue: its bytes, and its pixels."""
    with CatalogueWriter(path, "one", on_bad="refuse") as writer:
        assert writer.add_item("1", "Shoes", data, "here")
    (stored,) = stored_pictures(path)
    return stored, Image.open(io.BytesIO(stored))


def feedback(*pairs):
    return pd.DataFrame(pairs, columns=["user", "item"], dtype="str")


def test_what_is_written_is_what_was_given(tmp_path):
    with CatalogueWriter(tmp_path / "shop", "My shop") as writer:
        assert writer.add_item("0108", "Shoes", encode(), "a")
        assert writer.add_item("108", "Bags", encode(255 - PIXELS), "b")
        writer.add_interactions(
            pd.DataFrame({"user": ["007", "7"], "item": ["0108", "0108"], "time": ["2020", ""]})
        )
        writer.add_interactions(feedback(("7", "108")))
        (writer.folder / "truth.txt").write_text("extra")
        summary = writer.close()

    folder = tmp_path / "shop"
    assert json.loads((folder / "catalogue.json").read_text()) == summary
    assert summary.pop("fingerprint")
    assert summary == {
        "format": 1,
        "name": "My shop",
        "users": 2,
        "items": 2,
        "interactions": 3,
        "categories": ["Bags", "Shoes"],
        "attributes": [],
        "skipped": {},
    }
    assert pq.read_table(folder / "items.parquet").to_pylist() == [
        {"item": "0108", "category": "Shoes", "picture": encode()},
        {"item": "108", "category": "Bags", "picture": encode(255 - PIXELS)},
    ]
    assert pq.read_table(folder / "interactions.parquet").to_pylist() == [
        {"user": "007", "item": "0108", "time": "2020"},
        {"user": "7", "item": "0108", "time": None},
        {"user": "7", "item": "108", "time": None},
    ]
    assert (folder / "truth.txt").read_text() == "extra"
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_every_reason_is_counted_and_listed(tmp_path):
    with CatalogueWriter(tmp_path / "shop", "shop") as writer:
        assert not writer.add_item("1", "Shoes", b"", "row 2")
        assert writer.add_item("1", "Shoes", encode(), "row 3")
        assert not writer.add_item("1", "Shoes", encode(), "row 4")
        assert not writer.add_item(" ", "Shoes", encode(), "row 5")
        assert not writer.add_item("2", "", encode(), "row 6")
        writer.skip("item without a picture", "row 7", "3, with a comma")
        rows = feedback(("ann", "1"), ("ann", "1"), ("", "1"), ("bob", " "), ("bob", "2"))
        writer.add_interactions(rows.assign(where=[f"log {n}" for n in range(5)]))
        writer.add_interactions(feedback(("ann", "1")))
        summary = writer.close()
    assert summary["skipped"] == {
        "picture cannot be decoded": 1,
        "duplicate item": 1,
        "empty id": 3,
        "item without a category": 1,
        "item without a picture": 1,
        "duplicate interaction": 2,
        "interaction on unknown item": 1,
    }
    listed = pd.read_csv(tmp_path / "shop" / "skipped.csv", dtype=str, keep_default_na=False)
    assert listed.values.tolist() == [
        ["picture cannot be decoded", "row 2", "1"],
        ["duplicate item", "row 4", "1"],
        ["empty id", "row 5", " "],
        ["item without a category", "row 6", "2"],
        ["item without a picture", "row 7", "3, with a comma"],
        ["duplicate interaction", "log 1", "ann, 1"],
        ["empty id", "log 2", ", 1"],
        ["empty id", "log 3", "bob,  "],
        ["interaction on unknown item", "log 4", "bob, 2"],
        ["duplicate interaction", "interaction 6", "ann, 1"],
    ]


def test_refusing_names_the_first_offender_but_accepts_repeated_purchases(tmp_path):
    def refused(say, act):
        with (
            pytest.raises(InputError, match=say),
            CatalogueWriter(tmp_path / "shop", "shop", on_bad="refuse") as writer,
        ):
            writer.add_item("1", "Shoes", encode(), "row 2")
            act(writer)
        assert not list(tmp_path.iterdir())

    refused("row 3: duplicate item .'1'", lambda w: w.add_item("1", "Bags", encode(), "row 3"))
    refused("row 3: picture cannot be dec", lambda w: w.add_item("2", "Bags", b"GIF89a", "row 3"))
    refused("row 3: item without", lambda w: w.skip("item without a picture", "row 3", "5"))
    rows = feedback(("ann", "1"), ("ann", "1"), ("bob", "8"), ("bob", "9"))
    refused("interaction 3: interaction on unknown", lambda w: w.add_interactions(rows))

    with CatalogueWriter(tmp_path / "shop", "shop", on_bad="refuse") as writer:
        writer.add_item("1", "Shoes", encode(), "row 2")
        writer.add_interactions(rows[:2])
        assert writer.close()["skipped"] == {"duplicate interaction": 1}


@pytest.mark.parametrize("data", [encode(kind="JPEG"), encode(kind="JPEG", mode="L"), encode()])
def test_ordinary_pictures_are_kept_byte_for_byte(tmp_path, data):
    assert store(tmp_path / "shop", data)[0] == data


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_formats_become_png_with_the_same_pixels(tmp_path, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    _, picture = store(tmp_path / "shop", encode(kind=kind, **options))
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    if kind != "GIF":  # whose palette is not exact
        np.testing.assert_array_equal(picture, PIXELS)


def test_transparency_is_flattened_on_white(tmp_path):
    half = np.full((2, 2, 4), (100, 0, 200, 128), np.uint8)
    _, picture = store(tmp_path / "rgba", encode(half))
    expected = np.array([100, 0, 200]) * 128 / 255 + 255 * 127 / 255
    assert picture.mode == "RGB"
    np.testing.assert_allclose(np.asarray(picture)[0, 0], expected, atol=1)

    colour = tuple(PIXELS[0, 0].tolist())  # a colour declared transparent, in a PNG of mode RGB
    _, picture = store(tmp_path / "key", encode(transparency=colour))
    expected = PIXELS.copy()
    expected[0, 0] = 255
    np.testing.assert_array_equal(picture, expected)

    palette = encode(np.full((2, 2, 3), 9, np.uint8), mode="P", transparency=0)
    _, picture = store(tmp_path / "palette", palette)
    np.testing.assert_array_equal(picture, np.full((2, 2, 3), 255))


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    _, picture = store(tmp_path / "shop", encode(flat, "JPEG", mode="CMYK", quality=100))
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    np.testing.assert_allclose(picture, flat, atol=4)


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    grey = np.array([[0, 128, 255 * 257, 257 * 100]], np.uint16)
    _, picture = store(tmp_path / "grey", encode(grey))
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture)[0, :, 0], [0, 0, 255, 100])

    rows = [(row.astype(">u2") * 257).tobytes() for row in PIXELS]
    stored, picture = store(tmp_path / "rgb", png_by_hand((4, 6, 16, 2, 0, 0, 0), rows))
    assert stored[24] == 8  # bit depth, in the header of the PNG
    np.testing.assert_array_equal(picture, PIXELS)


def test_a_png_without_its_end_is_completed(tmp_path):
    for missing in range(1, 5):  # more, and Pillow refuses it too
        stored, picture = store(tmp_path / str(missing), encode()[:-missing])
        assert stored.endswith(encode()[-12:])
        np.testing.assert_array_equal(picture, PIXELS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    # Where the first row and the first column of the stored picture belong (EXIF 2.3, 4.6.4 A).
    upright = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(kind="JPEG", exif=exif.tobytes(), quality=95)
    stored, picture = store(tmp_path / "shop", data)
    decoded = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(picture, upright[orientation](decoded))
    assert (stored == data) == (orientation == 1)


def broken_checksum():
    data = bytearray(encode())
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    data[start + 4 + length] ^= 255
    return bytes(data)


NOISE = np.random.default_rng(8).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="zero bytes"),
        pytest.param(b"<html>404 Not Found</html>", id="text"),
        pytest.param(encode(NOISE, "JPEG")[:-500], id="truncated JPEG"),
        pytest.param(encode(NOISE)[:-500], id="truncated PNG"),
        pytest.param(encode(NOISE, "WEBP")[:-500], id="truncated WebP"),
        pytest.param(encode(kind="JPEG")[:20], id="header only"),
        pytest.param(broken_checksum(), id="PNG with a wrong checksum"),
        pytest.param(encode(kind="EPS"), id="EPS, which would start Ghostscript"),
        pytest.param(encode(kind="TIFF"), id="a format that is not for the web"),
        pytest.param(png_by_hand((10**5, 10**5, 8, 2, 0, 0, 0), []), id="decompression bomb"),
        pytest.param(png_by_hand((10**4, 10**4, 8, 2, 0, 0, 0), []), id="smaller bomb"),
    ],
)
def test_broken_pictures_are_left_out(tmp_path, data):
    with CatalogueWriter(tmp_path / "shop", "shop") as writer:
        assert not writer.add_item("1", "Shoes", data, "row 2")
        writer.add_item("2", "Shoes", encode(), "row 3")
        assert writer.close()["skipped"] == {"picture cannot be decoded": 1}


def test_a_bomb_of_honest_pixels_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", PIXELS[..., 0].size - 1)  # only a warning
    with CatalogueWriter(tmp_path / "shop", "shop") as writer:
        assert not writer.add_item("1", "Shoes", encode(), "row 2")
        monkeypatch.undo()
        assert writer.add_item("1", "Shoes", encode(), "row 2")


def write_shop(path, pictures, pairs, name="shop"):
    with CatalogueWriter(path, name) as writer:
        for item, picture in pictures.items():
            writer.add_item(item, "Shoes", picture, item)
        for pair in pairs:
            writer.add_interactions(feedback(pair))
        return writer.close()["fingerprint"]


def test_fingerprint_is_of_the_content_only(tmp_path, monkeypatch):
    pictures = {str(n): encode(PIXELS + np.uint8(n)) for n in range(7)}
    pairs = [("ann", "1"), ("bob", "2")]
    first = write_shop(tmp_path / "a", pictures, pairs)

    monkeypatch.setattr(writer_module, "ROW_GROUP_ITEMS", 3)
    assert write_shop(tmp_path / "b", pictures, pairs, name="other") == first
    assert pq.ParquetFile(tmp_path / "b" / "items.parquet").num_row_groups == 3
    assert stored_pictures(tmp_path / "b") == list(pictures.values())
    assert write_shop(tmp_path / "c", pictures, [*pairs, ("ann", "1")]) == first

    others = {
        "picture": (pictures | {"1": encode(255 - PIXELS)}, pairs),
        "item": ({k + "0": v for k, v in pictures.items()}, [("ann", "10"), ("bob", "20")]),
        "user": (pictures, [("ann", "1"), ("bo", "2")]),
        "order": (pictures, pairs[::-1]),
        "border": (pictures, [("ann1", "1"), ("ob", "2")]),
        "fewer": (pictures, pairs[:1]),
    }
    seen = {first} | {write_shop(tmp_path / k, *content) for k, content in others.items()}
    assert len(seen) == 1 + len(others)


@pytest.mark.parametrize("attributes", [{}, {"colour": "réd", "size": " "}])
def test_fingerprint_follows_its_definition(tmp_path, attributes):
    picture = encode()
    with CatalogueWriter(tmp_path / "shop", "shop", attributes=list(attributes)) as writer:
        writer.add_item("é1", "Shoes", picture, "row 2", list(attributes.values()))
        rows = {"user": ["ann", "bob"], "item": ["é1", "é1"], "time": ["", "2020"]}
        writer.add_interactions(pd.DataFrame(rows))
        found = writer.close()["fingerprint"]

    def number(value):
        return struct.pack("<q", value)

    names = number(6) + b"colour" + number(4) + b"size"
    text = names if attributes else b""
    text += number(3) + "é1".encode() + number(5) + b"Shoes" + number(len(picture)) + picture
    text += number(4) + "réd".encode() + number(0) if attributes else b""
    text += number(3) + number(3) + b"annbob"
    text += number(2) + number(2) + "é1é1".encode()
    text += number(0) + number(4) + b"2020"
    assert found == hashlib.sha256(text).hexdigest()


def test_attributes_stand_beside_the_category(tmp_path):
    with CatalogueWriter(tmp_path / "shop", "shop", attributes=["size", "colour"]) as writer:
        writer.add_item("1", "Shoes", encode(), "row 2", ["XL", " "])
        with pytest.raises(ValueError, match="2 attributes"):
            writer.add_item("2", "Shoes", encode(), "row 3", ["XL"])
    assert pq.read_table(tmp_path / "shop" / "items.parquet").to_pylist() == [
        {"item": "1", "category": "Shoes", "picture": encode(), "size": "XL", "colour": ""}
    ]


@pytest.mark.parametrize("taken", ["item", "category", "picture"])
def test_an_attribute_cannot_take_another_columns_name(tmp_path, taken):
    with pytest.raises(InputError, match=taken):
        CatalogueWriter(tmp_path / "shop", "shop", attributes=["size", taken])
    assert not list(tmp_path.iterdir())


def test_large_pictures_close_a_row_group_early(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "ROW_GROUP_BYTES", 2 * len(encode()))
    write_shop(tmp_path / "shop", {str(n): encode() for n in range(5)}, [])
    assert pq.ParquetFile(tmp_path / "shop" / "items.parquet").num_row_groups == 3


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_behind(tmp_path, error):
    with pytest.raises(error), CatalogueWriter(tmp_path / "shop", "shop") as writer:
        writer.add_item("1", "Shoes", encode(), "row 2")
        assert writer.folder.parent == tmp_path
        raise error
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_behind_when_closing_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(pq, "write_table", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError), CatalogueWriter(tmp_path / "shop", "shop") as writer:
        writer.add_item("1", "Shoes", encode(), "row 2")
        writer.close()
    assert not list(tmp_path.iterdir())


def test_taken_places_are_refused_and_untouched(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    for place in ("taken", "taken/mine.txt"):
        with pytest.raises(InputError, match=r"not an empty folder: give another place"):
            CatalogueWriter(tmp_path / place, "shop")
    assert (tmp_path / "taken" / "mine.txt").read_text() == "mine"
    with pytest.raises(InputError, match="cannot be created"):
        CatalogueWriter(tmp_path / "taken" / "mine.txt" / "deeper", "shop")

    (tmp_path / "empty").mkdir()
    write_shop(tmp_path / "empty", {"1": encode()}, [])
    write_shop(tmp_path / "new" / "deep", {"1": encode()}, [])
    assert (tmp_path / "empty" / "catalogue.json").exists()
    assert (tmp_path / "new" / "deep" / "catalogue.json").exists()


def test_no_items_is_refused_and_no_interactions_is_not(tmp_path):
    with (
        pytest.raises(InputError, match=r"no item can be used .1 x picture cannot be decoded"),
        CatalogueWriter(tmp_path / "none", "none") as writer,
    ):
        writer.add_item("1", "Shoes", b"", "row 2")
    assert not list(tmp_path.iterdir())

    write_shop(tmp_path / "shop", {"1": encode()}, [])
    table = pq.read_table(tmp_path / "shop" / "interactions.parquet")
    assert table.num_rows == 0
    assert {str(field.type) for field in table.schema} == {"string"}


IDS = st.sampled_from(["", " ", "0", "00", "a", "b", "é", "x,y"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    items=st.lists(st.tuples(IDS, st.sampled_from(["", "Shoes"]), st.booleans()), max_size=8),
    calls=st.lists(st.lists(st.tuples(IDS, IDS), max_size=8), max_size=3),
)
def test_everything_given_is_kept_or_skipped(tmp_path_factory, items, calls):
    path = tmp_path_factory.mktemp("property") / "shop"
    with CatalogueWriter(path, "shop") as writer:
        writer.add_item("b", "Bags", encode(), "first")
        for item, category, decodes in items:
            writer.add_item(item, category, encode() if decodes else b"", "later")
        for call in calls:
            writer.add_interactions(feedback(*call))
        summary = writer.close()

    known = {"b"} | {i for i, category, decodes in items if i.strip() and category and decodes}
    rows = [pair for call in calls for pair in call]
    expected = list(dict.fromkeys((u, i) for u, i in rows if u.strip() and i in known))
    table = pq.read_table(path / "interactions.parquet").to_pandas()
    assert list(zip(table["user"], table["item"], strict=True)) == expected
    assert set(pq.read_table(path / "items.parquet")["item"].to_pylist()) == known
    assert summary["users"] == len({user for user, _ in expected})
    given_rows = 1 + len(items) + len(rows)
    kept = summary["items"] + summary["interactions"]
    assert kept + sum(summary["skipped"].values()) == given_rows
    assert len(pd.read_csv(path / "skipped.csv")) == sum(summary["skipped"].values())


def test_tensorflow_is_not_imported():
    code = "import sys, keras_fashion.catalogue.writer; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
