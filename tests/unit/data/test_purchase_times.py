"""Times of purchases as texts, against Python's own calendar."""

from datetime import date

import numpy as np
import pytest

from keras_fashion import InputError
from keras_fashion.data import format_day, parse_day, parse_days
from keras_fashion.data.purchase_times import UNKNOWN_DAY


def day(*ymd):
    return (date(*ymd) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-06-22", day(2020, 6, 22)),
        (" 2020-06-22 ", day(2020, 6, 22)),
        ("2020-02-29", day(2020, 2, 29)),
        ("2020-06-22T23:59:59", day(2020, 6, 22)),
        ("2020-06-22 00:00", day(2020, 6, 22)),
        ("2020-06-22T23:30:00Z", day(2020, 6, 22)),
        ("2020-06-22T23:30:00-02:00", day(2020, 6, 23)),
        ("2020-06-22T00:30:00+0200", day(2020, 6, 21)),
        ("2020-06-22T10:00:00.123", day(2020, 6, 22)),
        ("1592784000", day(2020, 6, 22)),
        ("1592870399999", day(2020, 6, 22)),
        ("", UNKNOWN_DAY),
    ],
)
def test_every_form_of_a_time(text, expected):
    found = parse_days([text], "shop")
    assert found.tolist() == [expected] and found.dtype == np.int32


def test_times_keep_their_order_and_repeat():
    texts = ["2020-06-22", "", "2019-01-01", "2020-06-22"]
    expected = [day(2020, 6, 22), UNKNOWN_DAY, day(2019, 1, 1), day(2020, 6, 22)]
    assert parse_days(texts, "shop").tolist() == expected
    assert parse_days([], "shop").tolist() == []


@pytest.mark.parametrize(
    "text", ["22.06.2020", "2020-13-01", "2020-02-30", "yesterday", "20200622"]
)
def test_what_is_no_time_is_named(text):
    with pytest.raises(InputError, match=f"^interactions of shop: '{text}' is no time; "):
        parse_days(["2020-06-22", text], "interactions of shop")


def test_times_with_and_without_a_zone_are_not_mixed():
    with_zone, without = "2020-06-22T10:00:00Z", "2020-06-22T10:00:00"
    with pytest.raises(InputError, match=f"have a zone \\({with_zone}\\) .* none \\({without}\\)"):
        parse_days([without, with_zone], "shop")
    # A date has no time of day, whose zone could be unknown.
    assert len(parse_days(["2020-06-22", with_zone], "shop")) == 2


@pytest.mark.parametrize("text", ["1969-12-31", "1970-01-01", "2020-02-29", "2100-12-31"])
def test_a_day_is_written_as_it_was_read(text):
    assert format_day(parse_day(text)) == text


@pytest.mark.parametrize("text", ["2020-6-22", "2020-02-30", "22 June", "", "2020-06-22T10:00:00"])
def test_a_day_is_a_date(text):
    with pytest.raises(InputError, match="write it as YYYY-MM-DD"):
        parse_day(text)
