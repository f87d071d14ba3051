"""`recommend --where`, on the tiny shop with two attributes."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from keras_fashion.app.run import Run

CATEGORIES = ["Bags", "Shoes", "Tops"]
COLORS, SIZES = ["red", "dark=blue", ""], ["S", "L"]


@pytest.fixture(scope="module")
def trained(shop, prepare_arguments, succeed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("where")
    items = pd.read_csv(shop / "items.csv", dtype=str)
    items["color"] = [COLORS[number // 3 % 3] for number in range(len(items))]
    items["size"] = [SIZES[number % 2] for number in range(len(items))]
    items.to_csv(folder / "items.csv", index=False)
    arguments = [
        folder / "items.csv" if argument == shop / "items.csv" else argument
        for argument in prepare_arguments
    ]
    columns = ("--attribute-column", "color", "--attribute-column", "size")
    succeed(*arguments, *columns, "--out", folder / "catalogue")
    succeed("train", "poprank", folder / "catalogue", "--out", folder / "run")
    return folder / "run"


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (("--where", "size=S"), lambda category, color, size: size == "S"),
        (("--where", "color=dark=blue"), lambda category, color, size: color == "dark=blue"),
        (("--where", "color="), lambda category, color, size: color == ""),
        (
            ("--where", "color=red", "--where", "size=L", "--where", "color=dark=blue"),
            lambda category, color, size: color in ("red", "dark=blue") and size == "L",
        ),
        (
            ("--where", "size=S", "--category", "Shoes", "--where", "category=Tops"),
            lambda category, color, size: size == "S" and category in ("Shoes", "Tops"),
        ),
    ],
)
def test_and_across_columns_or_within(trained, succeed, options, kept):
    printed = json.loads(
        succeed("recommend", trained, "--user", "0003", "-k", 99, *options, "--json")
    )
    catalogue = Run(trained).catalogue
    columns = [catalogue.attributes[name] for name in ("color", "size")]
    bought = catalogue.items_of(catalogue.user_index("0003"))
    expected = {
        str(item_id)
        for item, item_id in enumerate(catalogue.item_ids)
        if item not in bought
        and kept(
            catalogue.categories[catalogue.item_categories[item]],
            *(column.values[column.codes[item]] for column in columns),
        )
    }
    assert expected
    assert {row["item"] for row in printed["items"]} == expected


def test_they_have_all_that_is_asked_for(trained, succeed, tmp_path):
    catalogue = Run(trained).catalogue
    # The first user and combination of which nothing is left: a combination has one or two items.
    user, conditions = next(
        (user, conditions)
        for user in range(8)
        for conditions in product(
            *(
                [(name, value) for value in values]
                for name, values in (
                    ("category", CATEGORIES),
                    ("color", COLORS),
                    ("size", SIZES),
                )
            )
        )
        if set(np.flatnonzero(catalogue.items_where(conditions))) <= set(catalogue.items_of(user))
    )
    where = [each for name, value in conditions for each in ("--where", f"{name}={value}")]
    sheet = tmp_path / "sheet.png"
    arguments = ("recommend", trained, "--user", catalogue.user_ids[user], *where)
    assert succeed(*arguments, "--sheet", sheet) == ""
    assert sheet.is_file()
    assert json.loads(succeed(*arguments, "--json"))["items"] == []


@pytest.mark.parametrize(
    ("where", "code", "message"),
    [
        ("colr=red", 1, "no column 'colr' among the catalogue's 3; known ones are, for example, c"),
        ("color=rod", 1, "no color 'rod'"),
        ("category=Shoe", 1, "no category 'Shoe'"),
        ("red", 2, "'red' is not of the form COLUMN=VALUE"),
    ],
)
def test_mistakes(trained, call, where, code, message):
    result = call("recommend", trained, "--user", "0003", "--where", where)
    assert result.exit_code == code
    assert message in result.stderr and "Traceback" not in result.output
    assert result.stdout == ""
    if code == 1:
        near = {"colr=red": "color", "color=rod": "red", "category=Shoe": "Shoes"}[where]
        assert near in result.stderr
