"""Successive windows, against the calendar of the standard library."""

import calendar
from datetime import date, timedelta

import pytest

from keras_fashion import InputError
from keras_fashion.data import TimeCut, rolling_cuts


def windows(*arguments, **length):
    cuts = rolling_cuts(*arguments, **length)
    assert all(cut.validation_from is None for cut in cuts)
    return [(date.fromisoformat(c.test_from), date.fromisoformat(c.test_until)) for c in cuts]


@pytest.mark.parametrize("day", [1, 15, 31])
def test_months_follow_each_other_without_a_gap(day):
    found = windows(f"2019-10-{day:02}", "2020-10-31", months=1)
    for number, (begin, _) in enumerate(found):
        year, month = 2019 + (9 + number) // 12, (9 + number) % 12 + 1
        assert begin == date(year, month, min(day, calendar.monthrange(year, month)[1]))
    assert [begin for begin, _ in found[1:]] == [end + timedelta(1) for _, end in found[:-1]]
    assert len(found) == (13 if day == 1 else 12)  # October 2020 is whole from its first day only.


def test_a_quarter_has_three_months():
    assert windows("2020-01-01", "2020-08-31", months=3) == [
        (date(2020, 1, 1), date(2020, 3, 31)),
        (date(2020, 4, 1), date(2020, 6, 30)),
    ]


def test_days_are_counted_and_the_last_window_is_whole():
    start = date(2020, 2, 20)
    found = windows("2020-02-20", "2020-03-18", days=14)
    assert found == [(start + timedelta(n), start + timedelta(n + 13)) for n in (0, 14)]
    assert len(windows("2020-02-20", "2020-03-17", days=14)) == 1


def test_a_window_of_one_day_is_a_cut():
    assert rolling_cuts("2020-02-29", "2020-02-29", days=1) == [
        TimeCut("2020-02-29", test_until="2020-02-29")
    ]


@pytest.mark.parametrize(
    ("arguments", "length", "message"),
    [
        (("2020-02-30", "2020-06-01"), {"months": 1}, "'2020-02-30' is no date"),
        (("2020-02-01", "June"), {"months": 1}, "'June' is no date"),
        (("2020-02-01", "2020-06-01"), {}, "give either `months` or `days`"),
        (("2020-02-01", "2020-06-01"), {"months": 1, "days": 7}, "give either `months` or `days`"),
        (("2020-02-01", "2020-06-01"), {"days": 0}, "1 or more"),
        (("2020-02-01", "2020-02-28"), {"months": 1}, "no window .* 2020-02-01 and 2020-02-28"),
    ],
)
def test_what_makes_no_window_is_refused(arguments, length, message):
    with pytest.raises(InputError, match=message):
        rolling_cuts(*arguments, **length)
