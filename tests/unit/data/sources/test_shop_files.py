import gzip
import io
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.shop.picture_readers import FolderReader
from keras_fashion.data.sources.shop.shop_files import ShopFiles
from keras_fashion.errors import InputError

ITEMS = "item,category\n0108,Shoes\n0205,Bags\n0301,Shoes\n"
LOG = "user,item,time\n007,0108,2020-01-01\nann,0205,2020-01-02\nann,0301,2020-01-03\n"


def picture(seed, kind="JPEG"):
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


FILES = {
    "0301.png": picture(3, "PNG"),
    "deep/er/0108.JPG": picture(1),
    "deep/0205.jpeg": picture(2),
    "README.txt": b"not a picture",
}


def write_folder(path, files):
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)


def write_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


@pytest.fixture
def shop(tmp_path):
    """A shop's files, any of which can be replaced, and what `prepare` makes of them."""
    return Shop(tmp_path)


class Shop:
    def __init__(self, folder):
        self.out = folder / "out" / "shop"
        self.out.parent.mkdir(parents=True)
        self.folder = folder
        self.log = self.write("interactions.csv", LOG)
        self.items = self.write("items.csv", ITEMS)
        self.images = folder / "images"
        write_folder(self.images, FILES)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def prepare(self, **options):
        how = {name: options.pop(name) for name in ("name", "on_bad") if name in options}
        return prepare(ShopFiles(self.log, self.items, self.images, **options), self.out, **how)

    def refused(self, match, **options):
        with pytest.raises(InputError, match=match) as caught:
            self.prepare(**options)
        assert not list(self.out.parent.iterdir())
        return str(caught.value)

    def catalogued(self):
        """Rows of item, category, attributes and picture."""
        catalogue = Catalogue.load(self.out)
        columns = [catalogue.item_ids, [catalogue.categories[c] for c in catalogue.item_categories]]
        for attribute in catalogue.attributes.values():
            columns.append([attribute.values[code] for code in attribute.codes])
        columns.append([catalogue.picture_files[item] for item in range(len(columns[0]))])
        return [list(row) for row in zip(*columns, strict=True)]

    def bought(self):
        """Rows of user, item and time."""
        table = pq.read_table(self.out / "interactions.parquet")
        return [list(row.values()) for row in table.to_pylist()]

    def skipped(self):
        return pd.read_csv(
            self.out / "skipped.csv", dtype=str, keep_default_na=False
        ).values.tolist()


def test_files_become_a_catalogue_in_the_order_of_the_items(shop):
    summary = shop.prepare()
    assert summary["name"] == "shop"
    assert (summary["users"], summary["items"], summary["interactions"]) == (2, 3, 3)
    assert summary["skipped"] == {}
    assert shop.catalogued() == [
        ["0108", "Shoes", picture(1)],
        ["0205", "Bags", picture(2)],
        ["0301", "Shoes", picture(3, "PNG")],
    ]
    assert shop.bought() == [
        ["007", "0108", "2020-01-01"],
        ["ann", "0205", "2020-01-02"],
        ["ann", "0301", "2020-01-03"],
    ]


def test_folder_tar_and_zip_give_the_same_catalogue(shop):
    expected = shop.prepare()["fingerprint"]
    backwards = dict(reversed(FILES.items()))
    write_tar(shop.folder / "plain.tar", backwards)
    write_zip(shop.folder / "pictures.zip", backwards)
    for kind in ("gz", "bz2", "xz"):
        write_tar(shop.folder / f"pictures.tar.{kind}", backwards, f"w:{kind}")
    for name in ("plain.tar", "pictures.zip", *(f"pictures.tar.{k}" for k in ("gz", "bz2", "xz"))):
        shop.images = shop.folder / name
        shop.out = shop.folder / "out" / name
        assert shop.prepare()["fingerprint"] == expected
    assert len(list((shop.folder / "out").iterdir())) == 6
    assert not [path for path in shop.out.rglob("*") if path.suffix in (".jpg", ".png", ".tar")]


def test_columns_are_given_and_text_stays_text(shop):
    shop.items = shop.write(
        "items.csv",
        '\ufeffarticle_id,note,group\r\n0108,"two\r\nlines, and a comma",NA\r\n0205,x,1.0\r\n',
    )
    shop.log = shop.write(
        "interactions.csv",
        'price,t_dat,customer_id,article_id\n\n1.5,2020,nan,0108\n2,,"1e3, ""q""",0205\n',
    )
    summary = shop.prepare(
        user_column="customer_id",
        item_column="article_id",
        time_column="t_dat",
        category_column="group",
        name="Laden",
    )
    assert summary["name"] == "Laden"
    assert summary["categories"] == ["1.0", "NA"]
    assert shop.bought() == [
        ["nan", "0108", "2020"],
        ['1e3, "q"', "0205", ""],
    ]


def test_attribute_columns_are_kept(shop):
    shop.items = shop.write(
        "items.csv",
        "size,item,color,category\n042,0108,red,Shoes\n,0205,NA,Bags\n7,0301,red,Shoes\n",
    )
    summary = shop.prepare(attribute_columns=["color", "size", "color"])
    assert summary["attributes"] == ["color", "size"]
    rows = [[row[0], *row[2:-1]] for row in shop.catalogued()]
    assert rows == [["0108", "red", "042"], ["0205", "NA", ""], ["0301", "red", "7"]]


def test_line_breaks_in_fields_are_read_beyond_the_readers_first_block(shop):
    note = '"' + "a line\n" * 500 + '"'
    rows = [f"user {n},0108,{note}\n" for n in range(1000)]
    shop.log = shop.write("interactions.csv", "user,item,note\n" + "".join(rows))
    assert shop.prepare()["interactions"] == 1000


def test_time_is_optional(shop):
    shop.log = shop.write("interactions.csv", "user,item\nann,0108\n")
    shop.prepare()
    assert shop.bought() == [["ann", "0108", ""]]


def test_every_reason_is_counted_and_listed(shop):
    shop.items = shop.write("items.csv", ITEMS + "0108,Bags\n,Bags\n0402,\n0500,Hats\n0600,Hats\n")
    shop.log = shop.write("interactions.csv", LOG + "ann,0205,2021\n,0205,\nbob,0600,\nbob,9,\n")
    write_folder(
        shop.images,
        {
            "a/0205.png": picture(9),
            "0402.jpg": picture(4),
            "0600.jpg": b"an error page",
            "0700.jpg": picture(7),
        },
    )
    summary = shop.prepare()
    assert shop.skipped() == [
        ["picture of an unknown item", "0700.jpg", "0700"],
        ["several pictures of one item", "deep/0205.jpeg", "0205"],
        ["duplicate item", "items.csv row 5", "0108"],
        ["empty id", "items.csv row 6", ""],
        ["item without a category", "items.csv row 7", "0402"],
        ["item without a picture", "items.csv row 8", "0500"],
        ["picture cannot be decoded", "items.csv row 9", "0600"],
        ["duplicate interaction", "interactions.csv row 5", "ann, 0205"],
        ["empty id", "interactions.csv row 6", ", 0205"],
        ["interaction on unknown item", "interactions.csv row 7", "bob, 0600"],
        ["interaction on unknown item", "interactions.csv row 8", "bob, 9"],
    ]
    assert summary["skipped"]["interaction on unknown item"] == 2
    assert (summary["items"], summary["interactions"]) == (3, 3)
    assert shop.catalogued()[1] == ["0205", "Bags", picture(9)]  # a/ before deep/


def test_refusing_names_the_row_and_ignores_what_is_harmless(shop):
    write_folder(shop.images, {"0700.jpg": picture(7)})
    shop.log = shop.write("interactions.csv", LOG + "ann,0205,2021\n")
    assert sum(shop.prepare(on_bad="refuse")["skipped"].values()) == 2

    shop.out = shop.folder / "second" / "shop"
    shop.out.parent.mkdir()
    shop.items = shop.write("items.csv", ITEMS + "0500,Hats\n")
    shop.refused(r"items.csv row 5: item without a picture \('0500'\)", on_bad="refuse")
    shop.items = shop.write("items.csv", ITEMS)
    shop.log = shop.write("interactions.csv", LOG + "bob,9,\n")
    shop.refused(r"interactions.csv row 5: interaction on unknown item", on_bad="refuse")


def test_a_missing_column_is_named_with_the_argument_and_a_guess(shop):
    text = shop.refused("`user_column`", user_column="customer_id")
    assert "interactions.csv has no column 'customer_id'" in text
    assert "user, item, time" in text
    text = shop.refused("`category_column`", category_column="categories")
    assert "items.csv has no column 'categories'" in text
    assert "did you mean 'category'?" in text
    shop.refused("`time_column`", time_column="t_dat")
    shop.refused("cannot be called 'category'", attribute_columns=["category"])
    text = shop.refused("`attribute_columns`", attribute_columns=["color"])
    assert "items.csv has no column 'color'" in text and "item, category" in text
    shop.refused("items.csv has no column 'id'.*`item_column`", item_column="id")
    shop.items = shop.write("items.csv", "item,category,item\n1,2,3\n")
    shop.refused("several columns 'item'")


@pytest.mark.parametrize("file", ["log", "items"])
@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        ("user,item,category\n1,2,3\n\n1,é,3\n".encode("latin-1"), "line 4, byte 3 of the line"),
        ("usér,item,category\n".encode("latin-1"), "line 1, byte 3 of the line"),
        ("user,item,category\n1,2,3\n".encode("utf-16"), "is text in UTF-16.*UTF-8"),
        ("user,item,category\n1,2,3\n".encode("utf-16-le"), "is text in UTF-16.*UTF-8"),
        (b"PK\x03\x04 and so on", "Excel workbook"),
        (gzip.compress(b"user,item,category\n1,2,3\n" * 99, mtime=0)[:-20], "end-of-stream"),
        (b"user,item,category\n1,2,3\n1,2\n", "Row #3: Expected 3 columns, got 2"),
        (b"user,item,category\n1,2,3\n1,2,3,4\n", "Row #3: Expected 3 columns, got 4"),
        (b'user,item,category\n1,2,3\n1,"2,3\n', "Row #3"),
        (b"user|item|category\n1|2|3\n", r"its columns are user\|item\|category"),
        (b'user,item,category\n1,"2\n' + b"x" * 2**25, "double quote is probably not closed"),
    ],
)
def test_unreadable_csv_files_are_refused(shop, file, content, match):
    setattr(shop, file, shop.write("broken.csv", content))
    assert "broken.csv" in shop.refused(match)


def test_missing_files_are_refused(shop):
    nowhere = shop.folder / "nowhere"
    for attribute in ("log", "items", "images"):
        kept = getattr(shop, attribute)
        setattr(shop, attribute, nowhere)
        assert str(nowhere) in shop.refused("No such file|does not exist")
        setattr(shop, attribute, kept)
    shop.log = shop.folder
    shop.refused("Is a directory")


def test_unusable_picture_archives_are_refused(shop):
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    noise = io.BytesIO()
    Image.fromarray(pixels).save(noise, "PNG")
    files = {f"{n}.png": noise.getvalue() for n in range(3)}
    write_tar(shop.folder / "full.tar", files)
    write_zip(shop.folder / "full.zip", files)
    tar = (shop.folder / "full.tar").read_bytes()
    cut = {
        "cut.tar": tar[: len(tar) // 2],
        "cut.tar.gz": gzip.compress(tar)[: len(tar) // 2],
        "cut.zip": (shop.folder / "full.zip").read_bytes()[:-500],
        "text.tar": b"no archive at all",
        "empty.tar": b"",
    }
    for name, data in cut.items():
        shop.images = shop.write(name, data)
        assert name in shop.refused("cannot be read as a folder, a tar or a zip")

    shop.images = shop.folder / "none"
    write_folder(shop.images, {"README.txt": b""})
    shop.refused("holds no picture")


def test_ids_that_lost_their_zeros_are_explained(shop):
    shop.items = shop.write("items.csv", "item,category\n108,Shoes\n205,Bags\n")
    text = shop.refused("no picture is named after an item")
    assert "'0301.png'" in text
    assert "'108'" in text


def test_a_damaged_member_costs_only_its_item(shop):
    write_zip(shop.folder / "damaged.zip", FILES)
    data = bytearray((shop.folder / "damaged.zip").read_bytes())
    data[data.index(FILES["deep/0205.jpeg"]) + 20] ^= 255  # its CRC no longer fits
    shop.images = shop.write("damaged.zip", bytes(data))
    assert shop.prepare()["items"] == 2
    assert ["picture cannot be read", "items.csv row 3", "0205"] in shop.skipped()


def test_ctrl_c_half_way_leaves_nothing(shop, monkeypatch):
    read = FolderReader.__call__
    seen = []

    def interrupted(reader, path):
        seen.append(path)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return read(reader, path)

    monkeypatch.setattr(FolderReader, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shop.prepare()
    assert len(seen) == 3
    assert not list(shop.out.parent.iterdir())


def test_a_taken_place_is_refused_before_the_work(shop, monkeypatch):
    shop.prepare()
    before = (shop.out / "catalogue.json").read_bytes()
    monkeypatch.setattr(FolderReader, "__call__", lambda *_: pytest.fail("read a picture"))
    with pytest.raises(InputError, match="not an empty folder"):
        shop.prepare()
    monkeypatch.undo()
    assert (shop.out / "catalogue.json").read_bytes() == before


def test_progress_goes_to_stderr(shop, capsys):
    shop.prepare()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "items: 100%" in shown.err


IDS = st.sampled_from(["", "0", "00", "1", "a b", "é", 'q"', "x,y"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    items=st.lists(st.tuples(IDS, st.sampled_from(["", "Shoes"])), max_size=8),
    log=st.lists(st.tuples(IDS, IDS), max_size=12),
    pictured=st.sets(st.sampled_from(["0", "1", "a b", "é", "x,y", "stranger"])),
)
def test_every_row_is_kept_or_listed(tmp_path_factory, items, log, pictured):
    shop = Shop(tmp_path_factory.mktemp("property"))
    files = {f"{item}.jpg": picture(5) for item in pictured | {"sure"}}
    shop.images = shop.folder / "some"
    write_folder(shop.images, files)
    items = [("sure", "Bags"), *items]
    pd.DataFrame(items, columns=["item", "category"]).to_csv(shop.items, index=False)
    pd.DataFrame(log, columns=["user", "item"]).to_csv(shop.log, index=False)
    summary = shop.prepare()
    strangers = len(pictured - {item for item, _ in items})
    kept = summary["items"] + summary["interactions"]
    assert kept + len(shop.skipped()) == len(items) + len(log) + strangers
    assert summary["skipped"].get("picture of an unknown item", 0) == strangers
    good = [item for item, category in items if category and item in pictured | {"sure"}]
    assert [row[0] for row in shop.catalogued()] == list(dict.fromkeys(good))
