import csv
import io

import pandas as pd
import pytest

from keras_fashion.data.usable_rows import Skipped, usable_interactions, usable_items
from keras_fashion.errors import InputError


def place(index):
    return f"row {index + 2}"


def items(*rows, columns=("item", "category", "picture")):
    return pd.DataFrame(rows, columns=list(columns)).astype({"item": "str", "category": "str"})


def interactions(*rows, columns=("user", "item")):
    return pd.DataFrame(rows, columns=list(columns), dtype="str")


class Told(list):
    def __call__(self, *record):
        self.append(record)


def test_each_item_is_kept_or_told_with_the_reason():
    told = Told()
    given = items(
        ("1", "Shoes", "1.jpg"),
        ("1", "Shoes", "other.jpg"),
        (" ", "Shoes", "blank.jpg"),
        ("2", " ", "2.jpg"),
        ("3", "Shoes", None),
        ("0001", "Bags", "0001.jpg"),
        ("x" * 257, "Bags", "long.jpg"),
        ("a\0b", "Bags", "zero.jpg"),
        ("y" * 256, "Bags", "just.jpg"),
    )
    kept = usable_items(given, told, place)
    assert kept["item"].tolist() == ["1", "0001", "y" * 256]
    assert kept["picture"].tolist() == ["1.jpg", "0001.jpg", "just.jpg"]
    assert kept.index.tolist() == [0, 1, 2]
    assert kept["index"].tolist() == [0, 5, 8]
    assert told == [
        ("duplicate item", "row 3", "1"),
        ("empty id", "row 4", " "),
        ("item without a category", "row 5", "2"),
        ("item without a picture", "row 6", "3"),
        ("id of more than 256 characters", "row 8", "x" * 257),
        ("id with a zero character", "row 9", "a\0b"),
    ]


def test_of_several_reasons_one_is_told():
    told = Told()
    assert usable_items(items(("", "", None), ("1", "", None)), told, place).empty
    assert [reason for reason, _, _ in told] == ["empty id", "item without a category"]


def test_an_item_that_cannot_be_used_does_not_hide_its_double():
    told = Told()
    given = items(("1", "", "1.jpg"), ("1", "Shoes", None), ("1", "Shoes", "1.jpg"))
    assert usable_items(given, told, place)["index"].tolist() == [2]
    reasons = [reason for reason, _, _ in told]
    assert reasons == ["item without a category", "item without a picture"]


def test_a_sources_own_index_is_what_places_are_asked_by():
    told = Told()
    given = items(("1", "Shoes", "a"), ("", "Shoes", "b"), ("2", "Shoes", "c"))
    kept = usable_items(given.set_axis([10, 20, 30]), told, place)
    assert told == [("empty id", "row 22", "")]
    assert kept["index"].tolist() == [10, 30]
    assert kept.index.tolist() == [0, 1]


def test_a_blank_attribute_is_not_known():
    columns = ("item", "category", "picture", "size", "color")
    rows = [("1", "Shoes", "a", "XL", " "), ("2", "Shoes", "b", "", "red ")]
    kept = usable_items(items(*rows, columns=columns), Told(), place)
    assert kept["size"].tolist() == ["XL", ""]
    assert kept["color"].tolist() == ["", "red "]


def test_each_interaction_is_kept_or_told_with_the_reason():
    told = Told()
    given = interactions(
        ("ann", "1"),
        ("ann", "1"),
        ("", "1"),
        ("bob", " "),
        ("bob", "2"),
        ("u" * 257, "1"),
        ("a\0b", "1"),
        ("ann", "01"),
        ("bob", "1"),
    )
    kept = usable_interactions(given, pd.Series(["1", "01"]), told, place)
    assert kept.values.tolist() == [["ann", "1", ""], ["ann", "01", ""], ["bob", "1", ""]]
    assert kept.columns.tolist() == ["user", "item", "time"]
    assert kept.index.tolist() == [0, 1, 2]
    assert told == [
        ("duplicate interaction", "row 3", "ann, 1"),
        ("empty id", "row 4", ", 1"),
        ("empty id", "row 5", "bob,  "),
        ("interaction on unknown item", "row 6", "bob, 2"),
        ("id of more than 256 characters", "row 7", "u" * 257 + ", 1"),
        ("id with a zero character", "row 8", "a\0b, 1"),
    ]


def test_of_repeated_purchases_the_earliest_is_kept_with_its_time():
    given = interactions(
        ("ann", "1", ""),
        ("ann", "1", "2021-03-01"),
        ("bob", "1", "2021-01-05"),
        ("ann", "1", "2020-07-09T23:00:00"),
        ("ann", "1", "2020-07-09T01:00:00"),
        ("bob", "1", "2021-01-06"),
        columns=("user", "item", "time"),
    )
    told = Told()
    kept = usable_interactions(given, pd.Series(["1"]), told, place)
    assert kept.values.tolist() == [["bob", "1", "2021-01-05"], ["ann", "1", "2020-07-09T23:00:00"]]
    assert [where for _, where, _ in told] == ["row 2", "row 3", "row 6", "row 7"]


def test_of_repeated_purchases_whose_times_cannot_be_read_the_first_is_kept():
    given = interactions(
        ("ann", "1", "2021"),
        ("ann", "1", "2020"),
        ("bob", "1", None),
        columns=("user", "item", "time"),
    )
    kept = usable_interactions(given, pd.Series(["1"]), Told(), place)
    assert kept.values.tolist() == [["ann", "1", "2021"], ["bob", "1", ""]]


def test_no_interactions_are_a_table_of_three_columns():
    kept = usable_interactions(interactions(), pd.Series(["1"]), Told(), place)
    assert kept.empty
    assert kept.columns.tolist() == ["user", "item", "time"]


def test_records_are_counted_by_reason_and_listed():
    file = io.StringIO()
    skip = Skipped("skip", file)
    rows = [
        ("empty id", "items.csv row 2", ""),
        ("item without a picture", "row 7", "3, with a comma"),
        ("empty id", 'a "quoted" place', "two\nlines"),
    ]
    for row in rows:
        skip(*row)
    assert skip.counts == {"empty id": 2, "item without a picture": 1}
    listed = [tuple(row) for row in csv.reader(io.StringIO(file.getvalue(), newline=""))]
    assert listed == [("reason", "where", "value"), *rows]
    assert "\r" not in file.getvalue()


def test_without_a_file_they_are_only_counted():
    skip = Skipped("skip")
    skip("empty id", "row 2", "")
    assert skip.counts == {"empty id": 1}


def test_refusing_names_the_first_offender():
    file = io.StringIO()
    skip = Skipped("refuse", file)
    with pytest.raises(InputError, match=r"row 3: duplicate item \('1'\).*`on_bad` skip"):
        skip("duplicate item", "row 3", "1")
    assert not skip.counts
    assert file.getvalue() == "reason,where,value\n"


@pytest.mark.parametrize("harmless", ["duplicate interaction", "picture of an unknown item"])
def test_what_is_normal_in_good_data_is_never_refused(harmless):
    skip = Skipped("refuse")
    skip(harmless, "row 3", "ann, 1")
    assert skip.counts == {harmless: 1}
