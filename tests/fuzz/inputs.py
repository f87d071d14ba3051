"""Inputs of `prepare`, each with something wrong: a function a kind.

Each takes a generator and an empty folder to write to, and returns a function that makes the
source, which may refuse already there.
"""

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from damaged_archives import ARCHIVE_DAMAGES, tar_bytes, zip_bytes
from damaged_bytes import DAMAGES
from damaged_tables import CELLS, TABLE_DAMAGES, csv_bytes, parquet_bytes
from odd_pictures import ODD_PICTURES, encoded, plain

from keras_fashion.data.sources.amazon.reviews import AmazonReviews
from keras_fashion.data.sources.dvbpr.npy import DVBPRNpy
from keras_fashion.data.sources.shop.shop_files import ShopFiles
from keras_fashion.data.sources.source import Source

DVBPR = Path(__file__).parents[1] / "unit" / "data" / "sources" / "dvbpr"
ITEMS = 12
MakeSource = Callable[[], Source]
Kind = Callable[[np.random.Generator, Path], MakeSource]


class Shop:
    """A good export, written as CSV or Parquet and folder, tar or zip, as the generator says."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        ids = [f"{number:04d}" for number in range(1, ITEMS + 1)]
        groups = ["Shoes", "Bags", "Tops"]
        self.items = [["article_id", "color", "category"]]
        self.items += [[item, "red", groups[at % 3]] for at, item in enumerate(ids)]
        self.log = [["customer_id", "article_id", "t_dat"]]
        bought = rng.integers(0, (5, ITEMS), (30, 2))
        self.log += [[f"c{user}", ids[item], "2020-01-31"] for user, item in bought]
        self.pictures = {f"{item}.jpg": encoded(plain(rng)) for item in ids}

    def write(self, folder: Path, **replaced: bytes) -> MakeSource:
        """Writes it, but for the files (log, items, images) whose bytes are given."""
        rng = self.rng
        write = (csv_bytes, csv_bytes, parquet_bytes)[rng.integers(3)]
        for name, rows in (("log", self.log), ("items", self.items)):
            if name not in replaced:
                replaced[name] = write(rows)
        if "images" not in replaced and not (folder / "images").exists():
            if rng.random() < 0.4:
                self.write_folder(folder / "images")
            else:
                replaced["images"] = self.packed()
        for name, data in replaced.items():
            (folder / name).write_bytes(data)
        options = {}
        if rng.random() < 0.3:
            options = {"user_column": "customer_id", "category_column": "category"}
        if rng.random() < 0.3:
            options["attribute_columns"] = ["color"]
        paths = [folder / name for name in ("log", "items", "images")]
        return lambda: ShopFiles(*paths, **options)

    def packed(self) -> bytes:
        packs = (bytes, bytes, gzip.compress, bz2.compress, lzma.compress, None)
        pack = packs[self.rng.integers(len(packs))]
        return zip_bytes(self.pictures) if pack is None else pack(tar_bytes(self.pictures))

    def write_folder(self, folder: Path) -> None:
        folder.mkdir()
        for name, data in self.pictures.items():
            (folder / name).write_bytes(data)


def shop_table(damage: Callable) -> Kind:
    def kind(rng: np.random.Generator, folder: Path) -> MakeSource:
        shop = Shop(rng)
        table = str(rng.choice(["log", "items"]))
        data = damage(rng, getattr(shop, table))
        return shop.write(folder, **{table: gzip.compress(data) if rng.random() < 0.1 else data})

    return kind


def shop_file(damage: Callable) -> Kind:
    def kind(rng: np.random.Generator, folder: Path) -> MakeSource:
        shop = Shop(rng)
        name = str(rng.choice(["log", "items", "images"]))
        if name == "images":
            data = shop.packed()
        else:
            pack = (csv_bytes, parquet_bytes, lambda rows: gzip.compress(csv_bytes(rows)))
            data = pack[rng.integers(3)](getattr(shop, name))
        return shop.write(folder, **{name: damage(rng, data)})

    return kind


def shop_pictures(odd: Callable) -> Kind:
    def kind(rng: np.random.Generator, folder: Path) -> MakeSource:
        shop = Shop(rng)
        count = 1 if odd.__name__ == "unpacks_to_many_pixels" else 4
        for name in rng.choice(list(shop.pictures), count, replace=False):
            shop.pictures[str(name)] = odd(rng)
        return shop.write(folder)

    return kind


def shop_archive(damage: Callable) -> Kind:
    def kind(rng: np.random.Generator, folder: Path) -> MakeSource:
        shop = Shop(rng)
        return shop.write(folder, images=damage(rng, shop.pictures))

    return kind


def strange_folder(rng: np.random.Generator, folder: Path) -> MakeSource:
    """Links, pipes, folders that are called like pictures, names that are no text."""
    shop = Shop(rng)
    images = folder / "images"
    shop.write_folder(images)
    for name in rng.choice(list(shop.pictures), 5, replace=False).tolist():
        path = images / name
        path.unlink()
        stranger = (
            lambda path=path: path.symlink_to("/etc/hostname"),
            lambda path=path: path.symlink_to(path),
            lambda path=path: path.symlink_to(images),
            lambda path=path: os.mkfifo(path),
            lambda path=path: path.mkdir(),
            lambda path=path: path.with_name(os.fsdecode(b"\xe9.jpg")).write_bytes(b"x"),
            lambda path=path: path.with_name("a\nb\x1b.jpg").write_bytes(b"x"),
            lambda path=path: (path.with_suffix("") / "a" / "b").mkdir(parents=True),
        )
        stranger[rng.integers(len(stranger))]()
    return shop.write(folder)


def amazon_records(rng: np.random.Generator) -> tuple[list[dict], list[dict], dict[str, bytes]]:
    """Reviews, items and pictures of one of the three editions."""
    year = int(rng.choice([2014, 2018, 2023]))
    ids = [f"B{number:03d}" for number in range(ITEMS)]
    path = ["Clothing, Shoes & Jewelry", "Women", "Clothing", "Dresses"]
    pairs = [(f"A{user}", ids[item]) for user, item in rng.integers(0, (5, ITEMS), (30, 2))]
    address = "http://127.0.0.1:9/1.jpg"
    if year == 2023:
        reviews = [
            {"rating": 5.0, "asin": f"{item}X", "parent_asin": item, "user_id": user}
            | {"timestamp": 1355443200123, "verified_purchase": True, "images": []}
            for user, item in pairs
        ]
        items = [
            {"main_category": "X", "parent_asin": item, "categories": path, "title": "x"}
            | {"images": [{"thumb": "t", "large": address, "variant": "MAIN", "hi_res": None}]}
            for item in ids
        ]
    else:
        reviews = [
            {"reviewerID": user, "asin": item, "overall": 5.0, "unixReviewTime": 1355443200}
            | ({"helpful": [0, 0]} if year == 2014 else {"verified": True, "style": {}})
            for user, item in pairs
        ]
        items = [
            {"asin": item, "title": "x"}
            | (
                {"imUrl": address, "categories": [path]}
                if year == 2014
                else {"category": path, "imageURLHighRes": [address], "main_cat": "x"}
            )
            for item in ids
        ]
    return reviews, items, {f"{item}.jpg": encoded(plain(rng)) for item in ids}


def json_lines(records: list) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def write_amazon(
    rng: np.random.Generator, folder: Path, reviews: bytes, items: bytes, pictures: dict
) -> MakeSource:
    (folder / "reviews").write_bytes(reviews)
    (folder / "items").write_bytes(items)
    (folder / "pictures").mkdir()
    for name, data in pictures.items():
        (folder / "pictures" / name).write_bytes(data)
    core = 2 if rng.random() < 0.2 else None
    paths = [folder / name for name in ("reviews", "items", "pictures")]
    return lambda: AmazonReviews(*paths, core=core)


def amazon_file(damage: Callable) -> Kind:
    def kind(rng: np.random.Generator, folder: Path) -> MakeSource:
        reviews, items, pictures = amazon_records(rng)
        files = [json_lines(reviews), json_lines(items)]
        at = rng.integers(2)
        if rng.random() < 0.4:
            files[at] = damage(rng, gzip.compress(files[at]))
        else:
            files[at] = damage(rng, files[at])
            files = [gzip.compress(each) if rng.random() < 0.2 else each for each in files]
        return write_amazon(rng, folder, *files, pictures)

    return kind


def strange_json(rng: np.random.Generator, folder: Path) -> MakeSource:
    """Records are JSON, but their values are not what they should be."""
    reviews, items, pictures = amazon_records(rng)
    strange = [
        None,
        True,
        -1,
        1e308,
        float("nan"),
        2**70,
        "",
        [],
        {},
        [[]],
        [None],
        [{}],
        {"a": []},
    ]
    for records in (reviews, items):
        for _ in range(rng.integers(0, 8)):
            at = rng.integers(len(records))
            value = strange[rng.integers(len(strange))]
            if rng.random() < 0.3:
                value = CELLS[rng.integers(len(CELLS))]
            if not isinstance(records[at], dict) or rng.random() < 0.1:
                records[at] = value
            else:
                keys = list(records[at])
                records[at] = records[at] | {keys[rng.integers(len(keys))]: value}
    return write_amazon(rng, folder, json_lines(reviews), json_lines(items), pictures)


def amazon_pictures(rng: np.random.Generator, folder: Path) -> MakeSource:
    reviews, items, pictures = amazon_records(rng)
    for name in rng.choice(list(pictures), 4, replace=False):
        odd = ODD_PICTURES[rng.integers(len(ODD_PICTURES))]
        pictures[str(name)] = odd(rng)
    return write_amazon(rng, folder, json_lines(reviews), json_lines(items), pictures)


def dvbpr_file(damage: Callable) -> Kind:
    def kind(rng: np.random.Generator, folder: Path) -> MakeSource:
        whole = (DVBPR / f"{rng.choice(['fashion', 'men', 'tradesy'])}.npy").read_bytes()
        path = folder / "data.npy"
        path.write_bytes(damage(rng, whole))
        return lambda: DVBPRNpy(path)

    return kind


def dvbpr_opcodes(rng: np.random.Generator, folder: Path) -> MakeSource:
    """Bytes of the pickle become other opcodes."""
    whole = bytearray((DVBPR / f"{rng.choice(['fashion', 'men', 'tradesy'])}.npy").read_bytes())
    opcodes = b"(.012FIJKLMNPQRSTUVX]abcdeghijlopqrstu}" + bytes(range(0x80, 0x99))
    for _ in range(rng.integers(1, 6)):
        whole[rng.integers(128, len(whole))] = opcodes[rng.integers(len(opcodes))]
    path = folder / "data.npy"
    path.write_bytes(whole)
    return lambda: DVBPRNpy(path)


def _kinds() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for word, make, damages in (
        ("shop: table", shop_table, TABLE_DAMAGES),
        ("shop: file", shop_file, DAMAGES),
        ("shop: pictures", shop_pictures, ODD_PICTURES),
        ("shop: archive", shop_archive, ARCHIVE_DAMAGES),
        ("amazon: file", amazon_file, DAMAGES),
        ("dvbpr: file", dvbpr_file, DAMAGES),
    ):
        for damage in damages:
            kinds[f"{word}, {damage.__name__.replace('_', ' ')}"] = make(damage)
    kinds["shop: strange folder"] = strange_folder
    kinds["amazon: strange json"] = strange_json
    kinds["amazon: pictures"] = amazon_pictures
    kinds["dvbpr: opcodes"] = dvbpr_opcodes
    return kinds


KINDS = _kinds()
