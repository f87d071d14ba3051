import csv
import gzip
import json
import pickle
import random

import pandas as pd
import pytest
from click.testing import CliRunner
from picture_server import JPEG, PICTURES, PictureServer

from keras_fashion.app.cli.main import main
from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.amazon.reviews import AmazonReviews
from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher
from keras_fashion.errors import InputError

DEPARTMENT = "Clothing, Shoes & Jewelry"
WOMEN = [DEPARTMENT, "Women", "Clothing", "Dresses", "Casual"]
MEN = [DEPARTMENT, "Men", "Shoes", "Boots"]
BAGS = [DEPARTMENT, "Women", "Bags"]


class Edition:
    """Writes reviews and items as one edition does."""

    def __init__(self, year, folder):
        self.year, self.folder = year, folder
        suffix = "" if year == 2018 else ".gz"
        self.reviews = folder / f"reviews.json{suffix}"
        self.metadata = folder / f"meta.json{suffix}"
        self.pictures = folder / "pictures"

    def review(self, user, item, time=1355443200):
        if self.year == 2023:
            return {"rating": 1.0, "asin": "X", "parent_asin": item, "user_id": user,
                    "timestamp": time * 1000 + 7}  # fmt: skip
        own = {"helpful": [0, 1]} if self.year == 2014 else {"verified": False}
        return {"reviewerID": user, "asin": item, "overall": 1.0, "unixReviewTime": time, **own}

    def item(self, item, path, address):
        if self.year == 2014:
            return {"asin": item, "title": "it's", "imUrl": address, "categories": [path]}
        if self.year == 2018:
            return {"category": path, "asin": item, "imageURLHighRes": [address], "rank": None}
        images = [{"large": address, "variant": "MAIN"}]
        return {"main_category": "", "images": images, "parent_asin": item, "categories": path}

    def write(self, reviews, items):
        """Each review and item is a tuple for the methods above, or a line."""
        lines = [self._line(self.review, each, json.dumps) for each in reviews]
        self._write(self.reviews, lines)
        notation = repr if self.year == 2014 else json.dumps
        self._write(self.metadata, [self._line(self.item, each, notation) for each in items])
        return self

    def _line(self, make, each, notation):
        return each if isinstance(each, str) else notation(make(*each))

    def _write(self, path, lines):
        data = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)

    def put(self, *items):
        """Pictures that are there already."""
        self.pictures.mkdir(exist_ok=True)
        for item in items:
            (self.pictures / f"{item}.jpg").write_bytes(JPEG)

    def source(self, **options):
        return AmazonReviews(self.reviews, self.metadata, self.pictures, **options)


@pytest.fixture(params=[2014, 2018, 2023])
def edition(request, tmp_path):
    return Edition(request.param, tmp_path)


@pytest.fixture
def one_edition(tmp_path):
    return Edition(2018, tmp_path)


@pytest.fixture
def shop():
    with PictureServer() as shop:
        yield shop


def refuse(*record):
    raise AssertionError(record)


def read(source, tmp_path, skip=refuse):
    items = source.items(skip, tmp_path)
    return items, source.interactions()


def test_items_and_interactions(edition, tmp_path, capsys):
    reviews = [("U1", "B2"), ("U2", "B1", 0), ("U1", "B1", 86399), ("U1", "B9"), ("U3", "B3", -1)]
    items = [("B0", MEN, ""), ("B1", WOMEN, "http://v/1"), ("B2", MEN, ""), ("B3", BAGS, "")]
    source = edition.write(reviews, items).source()
    edition.put("B1", "B2", "B3")
    items, interactions = read(source, tmp_path)
    assert list(zip(items["item"], items["category"], strict=True)) == [
        ("B1", "Women / Clothing / Dresses"),
        ("B2", "Men / Shoes / Boots"),
        ("B3", "Women / Bags"),
    ]
    assert interactions.to_numpy().tolist() == [
        ["U1", "B2", "2012-12-14"],
        ["U2", "B1", "1970-01-01"],
        ["U1", "B1", "1970-01-01"],
        ["U3", "B3", ""],  # before 1970: not known
    ]
    assert source.item_place(items.index[0]) == f"{edition.metadata.name} line 2"
    assert source.interaction_place(interactions.index[-1]) == f"{edition.reviews.name} line 5"
    read_picture = pickle.loads(pickle.dumps(source.read_picture))
    assert read_picture(items["picture"].iloc[0]) == JPEG
    assert f"Amazon Reviews {edition.year}: 5 reviews of 4 items" in capsys.readouterr().err


def test_lines_that_are_no_records_are_left_out(edition, tmp_path):
    edition.write(
        [("U1", "B1"), "{broken", ("", "B1"), (7, "B1"), "", '{"other": 1}', ("U2", "B1")],
        [("B1", MEN, ""), "{'asin': 'B1", '{"no": "id"}'],
    )
    edition.put("B1")
    skipped = []
    _, interactions = read(edition.source(), tmp_path, lambda *record: skipped.append(record[:2]))
    assert list(interactions["user"]) == ["U1", "U2"]
    reviews, metadata = edition.reviews.name, edition.metadata.name
    assert skipped == [
        ("line is not JSON", f"{reviews} line 2"),
        ("review without a user or an item", f"{reviews} line 3"),
        ("review without a user or an item", f"{reviews} line 4"),
        ("review without a user or an item", f"{reviews} line 6"),
        ("line is not JSON", f"{metadata} line 2"),
        ("item without an id", f"{metadata} line 3"),
    ]


def test_categories_are_chosen_at_any_level(edition, tmp_path):
    reviews = [("U1", item) for item in ("B1", "B2", "B3")]
    edition.write(reviews, [("B1", WOMEN, ""), ("B2", MEN, ""), ("B3", BAGS, "")])
    edition.put("B1", "B2", "B3")

    def chosen(*categories, **options):
        items, interactions = read(edition.source(categories=categories, **options), tmp_path)
        assert set(items["item"]) == set(interactions["item"])
        return dict(zip(items["item"], items["category"], strict=True))

    assert set(chosen("Women")) == {"B1", "B3"}
    assert set(chosen(" boots ", "CASUAL")) == {"B1", "B2"}
    assert set(chosen(DEPARTMENT)) == {"B1", "B2", "B3"}
    assert chosen(category_level=2) == {"B1": "Women", "B2": "Men", "B3": "Women"}
    assert chosen("Casual", category_level=9) == {"B1": "Women / Clothing / Dresses / Casual"}
    assert set(chosen(category_level=1).values()) == {DEPARTMENT}
    with pytest.raises(InputError, match=r"`categories` Womenn; there is 'Women'"):
        chosen("Womenn")
    with pytest.raises(InputError, match="`categories` Toys; there are .*'Women'"):
        chosen("Toys")


def test_of_several_paths_the_first_that_is_deep_enough(tmp_path):
    edition = Edition(2014, tmp_path)
    paths = [[DEPARTMENT, "Girls"], MEN, WOMEN]
    item = repr({"asin": "B1", "imUrl": "", "categories": paths})
    edition.write([("U1", "B1")], [item])
    edition.put("B1")

    def category(**options):
        return read(edition.source(**options), tmp_path)[0]["category"].item()

    assert category() == "Men / Shoes / Boots"
    assert category(category_level=5) == "Women / Clothing / Dresses / Casual"
    assert category(category_level=2) == "Girls"
    assert category(categories=["women"]) == "Women / Clothing / Dresses"


def test_the_core_counts_only_items_that_have_a_picture(one_edition, tmp_path):
    """B1 to B3 would be a core with B4, whose picture is missing, and are none without it."""
    square = [(user, item) for user in ("U1", "U2") for item in ("B1", "B2", "B5", "B6")]
    reviews = [("U3", "B4"), ("U4", "B4"), ("U3", "B3"), ("U4", "B3"), *square, ("U1", "B3")]
    items = [(f"B{number}", MEN, "") for number in range(1, 7)]
    one_edition.write(reviews, items)
    one_edition.put("B1", "B2", "B3", "B5", "B6", "B4")
    every_item, _ = read(one_edition.source(core=2), tmp_path)
    assert set(every_item["item"]) == {"B1", "B2", "B3", "B4", "B5", "B6"}
    (one_edition.pictures / "B4.jpg").unlink()
    items, interactions = read(one_edition.source(core=2), tmp_path)
    counts = interactions.drop_duplicates()
    assert counts["user"].value_counts().min() >= 2 and counts["item"].value_counts().min() >= 2
    assert set(interactions["user"]) == {"U1", "U2"}
    # The one without a picture is listed, so that it is told.
    assert dict(zip(items["item"], items["picture"].isna(), strict=True)) == {
        "B1": False, "B2": False, "B4": True, "B5": False, "B6": False
    }  # fmt: skip
    with pytest.raises(InputError, match="`core` 9 leaves nothing of the .* reviews"):
        read(one_edition.source(core=9), tmp_path)


@pytest.mark.parametrize("core", [None, 2, 3])
def test_against_a_join_in_pandas(edition, tmp_path, core):
    rng = pd.Series(range(400)).sample(frac=1, random_state=edition.year).to_numpy()
    reviews = [(f"U{n % 23}", f"B{n * n % 41}") for n in rng]
    items = [(f"B{n}", (WOMEN, MEN, [])[n % 3], f"http://v/{n}") for n in range(60)]
    edition.write(reviews, items)
    edition.put(*(f"B{n}" for n in range(0, 60, 2)))
    items, interactions = read(edition.source(core=core, categories=["women", "men"]), tmp_path)
    left = pd.DataFrame(reviews, columns=["user", "item"])
    number = left["item"].str[1:].astype(int)
    left = left[(number % 3 != 2) & (number % 2 == 0)]
    while core:
        pairs = left.drop_duplicates()
        kept = left[
            (pairs.groupby("user")["item"].nunique().reindex(left["user"]) >= core).to_numpy()
            & (pairs.groupby("item")["user"].nunique().reindex(left["item"]) >= core).to_numpy()
        ]
        if len(kept) == len(left):
            break
        left = kept
    assert interactions[["user", "item"]].to_numpy().tolist() == left.to_numpy().tolist()
    assert set(items["item"][items["picture"].notna()]) == set(left["item"])


@pytest.mark.parametrize(
    ("reviews", "metadata", "message"),
    [
        ('{"a": 1}', None, "holds no reviews of Amazon Reviews 2014, 2018 or 2023.*records of a"),
        ("nonsense", None, "has no line of JSON"),
        ("", None, "has no line of JSON"),
        (None, '{"a": 1}', "holds no metadata"),
        (None, '{"parent_asin": "B1"}', "of Amazon Reviews 2018 and .* of 2023: take both"),
        ('{"asin": "B1", "imageURL": []}', None, "given as `metadata`"),
        (None, '{"asin": "B1", "reviewerID": "U1"}', "given as `reviews`"),
        (None, '{"asin": "B7", "rank": 1}', "has none of the items in"),
        ('{"reviewerID": "", "asin": "B1"}', None, "has none of the items in"),
    ],
)
def test_files_that_cannot_be_used(one_edition, tmp_path, reviews, metadata, message):
    one_edition.write([("U1", "B1") if reviews is None else reviews], [metadata or ("B1", MEN, "")])
    one_edition.put("B1")
    with pytest.raises(InputError, match=message):
        read(one_edition.source(), tmp_path, lambda *_: None)


def test_no_picture_at_all(one_edition, tmp_path):
    one_edition.write([("U1", "B1")], [("B1", MEN, "http://v/1")])
    with pytest.raises(InputError, match="has none of the 1 pictures yet, and fetching is off"):
        read(one_edition.source(), tmp_path)


def test_prepared_with_pictures_that_are_fetched(edition, tmp_path, shop):
    """All the way to a catalogue: dead links, pages for pictures, a second run without network."""
    paths = {"B1": "good/1", "B2": "kind/PNG", "B3": "status/404", "B4": "html/4", "B5": ""}
    reviews = [(f"U{n}", item) for n in range(3) for item in ("B5", "B4", "B3", "B2", "B1")]
    reviews += [("U0", "B1"), ("U9", "B8"), "broken"]
    items = [(item, WOMEN, path and f"{shop.url}/{path}") for item, path in paths.items()]
    items += [("B1", MEN, f"{shop.url}/good/again"), ("B7", MEN, f"{shop.url}/good/nobody")]
    items += [("B8", [], f"{shop.url}/good/no-category")]
    edition.write(reviews, items)
    fetcher = PictureFetcher(edition.pictures, allow_private=True)
    facts = prepare(edition.source(fetcher=fetcher), tmp_path / "catalogue")
    assert shop.asked == {"/good/1": 1, "/kind/PNG": 1, "/status/404": 1, "/html/4": 1}
    assert (facts["items"], facts["users"], facts["interactions"]) == (2, 3, 6)
    assert facts["skipped"] == {
        "line is not JSON": 1,
        "item without a category": 1,
        "item without a picture": 3,
        "duplicate item": 1,
        "duplicate interaction": 1,
    }
    catalogue = Catalogue.load(tmp_path / "catalogue")
    assert list(catalogue.item_ids) == ["B1", "B2"]
    with open(edition.pictures / "manifest.csv", newline="") as file:
        outcomes = {row["item"]: row["outcome"] for row in csv.DictReader(file)}
    assert outcomes == {"B1": "ok", "B2": "ok", "B3": "failed", "B4": "failed"}
    again = prepare(edition.source(), tmp_path / "again")
    assert again["fingerprint"] == facts["fingerprint"]
    assert shop.asked.total() == 4


def test_the_command(one_edition, tmp_path, shop):
    reviews = [(f"U{user}", f"B{item}") for user in range(3) for item in range(4)]
    items = [(f"B{item}", (MEN, WOMEN)[item % 2], f"{shop.url}/kind/PNG") for item in range(4)]
    one_edition.write(reviews, items)

    def call(*more):
        arguments = ["prepare", "amazon", "--reviews", one_edition.reviews]
        arguments += ["--metadata", one_edition.metadata, "--pictures", one_edition.pictures]
        return CliRunner().invoke(main, [str(each) for each in (*arguments, *more)])

    out = tmp_path / "catalogue"
    refused = call("--out", out)
    assert refused.exit_code == 1 and not out.exists() and not shop.asked
    check = call("--check", "--allow-private", "--retry-failed")
    assert check.exit_code == 1 and "none of the 4 pictures yet" in check.stderr
    assert not shop.asked
    made = call("--out", out, "--allow-private", "--retry-failed", "--core", 2,
                "--category", "women", "--category-level", 2)  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "2 items in 1 categories, 3 users, 6 interactions" in made.stdout
    assert shop.asked == {"/kind/PNG": 2}
    assert {path.read_bytes() for path in one_edition.pictures.rglob("*.png")} == {PICTURES["PNG"]}
    check = call("--check")
    assert check.exit_code == 0, check.output
    assert "2 of 4 pictures are not in" in check.stderr
    assert "would make 2 items" in check.stdout
    none = call("--no-fetch", "--out", tmp_path / "second", "--allow-private")
    assert none.exit_code == 0, none.output
    assert shop.asked == {"/kind/PNG": 2}


JUNK = [
    b"",
    b"\0",
    b"\xff",
    b"\n",
    b"null",
    b"NaN",
    b"-1e999",
    b"{}",
    b"[]",
    b'"',
    b"'",
    b"\\ud800",
]
JUNK += [b"9" * 400, b"x" * 5000, b"\r\n", b"\xef\xbb\xbf", b"\xc3", b"true", b"[[[[", b"}"]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_damaged_it_ends_in_a_table_or_one_sentence(edition, tmp_path, seed):
    rng = random.Random(seed)
    reviews = [(f"U{n % 4}", f"B{n % 5}", n * 10**7) for n in range(20)]
    edition.write(reviews, [(f"B{n}", (WOMEN, MEN)[n % 2], f"http://v/{n}") for n in range(5)])
    edition.put("B0", "B1", "B2", "B3")
    for path in rng.sample([edition.reviews, edition.metadata], rng.randint(1, 2)):
        packed = path.read_bytes()
        is_gzip = path.suffix == ".gz"
        data = bytearray(gzip.decompress(packed) if is_gzip else packed)
        for _ in range(rng.choice([1, 1, 5, 50])):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.choice([0, 0, 1, 3, 200])] = rng.choice(JUNK)
        packed = gzip.compress(data) if is_gzip else bytes(data)
        if rng.random() < 0.2:
            packed = packed[: rng.randrange(len(packed))]
        path.write_bytes(packed)
    skipped = []
    try:
        source = edition.source(core=rng.choice([None, 2]))
        items, interactions = read(source, tmp_path, lambda *record: skipped.append(record))
    except InputError as error:
        assert "\n" not in str(error)
        return
    for frame in (items[["item", "category"]], interactions):
        assert all(isinstance(value, str) for value in frame.to_numpy().ravel())
        frame.to_json().encode()
    for index in items.index:
        source.item_place(index)
    "".join(map("".join, skipped)).encode()
