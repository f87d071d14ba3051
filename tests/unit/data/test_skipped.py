import csv
import io

import pytest

from keras_fashion.data.usable_rows import Skipped
from keras_fashion.errors import InputError


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
    with pytest.raises(InputError, match=r"row 3: duplicate item \('1'\).*--on-bad skip"):
        skip("duplicate item", "row 3", "1")
    assert not skip.counts
    assert file.getvalue() == "reason,where,value\n"


@pytest.mark.parametrize("harmless", ["duplicate interaction", "picture of an unknown item"])
def test_what_is_normal_in_good_data_is_never_refused(harmless):
    skip = Skipped("refuse")
    skip(harmless, "row 3", "ann, 1")
    assert skip.counts == {harmless: 1}
