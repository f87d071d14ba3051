import pytest

from keras_fashion.data.sources.shop.csv_table import CsvTable
from keras_fashion.data.sources.shop.guess_columns import guess_columns
from keras_fashion.errors import InputError


@pytest.fixture
def guess(tmp_path):
    """Guesses the columns of interactions and items, each a dict of column and values."""

    def guess(interactions, items, pictures=(), **named):
        tables = []
        for name, columns in (("interactions", interactions), ("items", items)):
            path = tmp_path / f"{name}.csv"
            rows = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
            path.write_text("\n".join(rows))
            tables.append(CsvTable(path))
        images = tmp_path / "images"
        images.mkdir(exist_ok=True)
        for picture in pictures:
            (images / picture).touch()
        roles = dict.fromkeys(("user", "item", "time", "category")) | named
        return tuple(guess_columns(*tables, images, roles))

    return guess


IDS = [f"{n:04}" for n in range(40)]
LOG = {"customer_id": ["ann", "bob"], "article_id": ["0003", "0007"], "t_dat": ["x", "y"]}
ITEMS = {"article_id": IDS, "product_group_name": ["Shoes", "Bags"] * 20}


def test_known_names(guess):
    expected = ("customer_id", "article_id", "t_dat", "article_id", "product_group_name")
    assert guess(LOG, ITEMS) == expected
    shouted = {name.upper().replace("_", " "): values for name, values in LOG.items()}
    assert guess(shouted, ITEMS)[:3] == ("CUSTOMER ID", "ARTICLE ID", "T DAT")


def test_the_packages_own_names_go_before_others(guess):
    log = {**LOG, "user": ["u", "v"], "item": ["0001", "0002"], "time": ["1", "2"]}
    items = {**ITEMS, "item": IDS, "category": ["a", "b"] * 20}
    assert guess(log, items) == ("user", "item", "time", "item", "category")


def test_names_may_differ_between_the_files(guess):
    log = {"user_id": ["ann"], "product": ["0003"]}
    items = {"id": IDS, "category": ["a", "b"] * 20}
    assert guess(log, items) == ("user_id", "product", None, "id", "category")
    assert guess(log, items, item="id") == ("user_id", "product", None, "id", "category")
    assert guess(log, items, item="product")[1] == "product"


def test_what_is_named_is_taken(guess):
    log = {**LOG, "household": ["h", "h"], "shipped": ["1", "2"]}
    items = {**ITEMS, "color": ["red"] * 40}
    named = {"user": "household", "time": "shipped", "category": "color"}
    expected = ("household", "article_id", "shipped", "article_id", "color")
    assert guess(log, items, **named) == expected
    with pytest.raises(InputError, match="no column 'home'.*`user_column`"):
        guess(log, items, user="home")
    with pytest.raises(InputError, match="items.csv has no column 'ean'.*`item_column`"):
        guess(log, items, item="ean")


def test_purchases_tell_which_of_several_columns_holds_the_items(guess):
    log = {**LOG, "product_code": ["3", "7"]}
    assert guess(log, ITEMS)[1] == "article_id"
    log = {"customer_id": ["ann"], "item": ["line 1"], "bought": ["0003"]}
    # A name alone does not make up for ids that do not occur, unless no other column's do.
    assert guess(log, ITEMS)[1] == "item"


def test_content_alone(guess):
    log = {"wer": ["ann", "bob"], "was": ["0003", "0007"], "wann": ["2020-01-31", "2020-02-01"]}
    items = {"nummer": IDS, "name": [f"thing {n}" for n in range(40)], "art": ["Hut", "Rock"] * 20}
    expected = ("wer", "was", "wann", "nummer", "art")
    assert guess(log, items, pictures=["0003.jpg", "0009.png"]) == expected


def test_pictures_tell_which_of_several_columns_holds_the_items(guess):
    items = {"product_id": [f"p{n}" for n in range(40)], "sku": IDS, "category": ["a", "b"] * 20}
    log = {"user": ["ann"], "sku": ["0003"]}
    with pytest.raises(InputError, match="may be the item: product_id, sku.*`item_column`"):
        guess(log, items)
    assert guess(log, items, pictures=["0003.jpg"])[3] == "sku"


@pytest.mark.parametrize(
    ("log", "items", "match"),
    [
        (
            {"user_id": ["a", "b"]},
            {},
            "interactions.csv .*the user: customer_id, user_id.*`user_column`",
        ),
        ({"date": ["1", "2"]}, {}, "the time: t_dat, date. .*`time_column`"),
        ({}, {"product_group": ["a"] * 40}, "items.csv .* the category: .*`category_column`"),
    ],
)
def test_what_is_ambiguous_is_refused_with_the_candidates(guess, log, items, match):
    with pytest.raises(InputError, match=match):
        guess(LOG | log, ITEMS | items)


def test_what_nothing_looks_like_is_refused(guess):
    items = {"article_id": IDS, "name": [f"thing {n}" for n in range(40)]}
    with pytest.raises(InputError, match="no column that looks like the category.*article_id, n"):
        guess(LOG, items)
    with pytest.raises(InputError, match="no column that looks like the user"):
        guess({"article_id": ["0003"], "t_dat": ["x"]}, ITEMS)
    with pytest.raises(InputError, match="several columns that may be the user: price, who"):
        guess({"article_id": ["0003"], "price": ["1"], "who": ["ann"]}, ITEMS)


def test_empty_tables(guess):
    log = {name: [] for name in LOG}
    items = {name: [] for name in ITEMS}
    assert guess(log, items)[0] == "customer_id"
    with pytest.raises(InputError):
        guess({"a": [], "b": []}, {"c": [], "d": []})
