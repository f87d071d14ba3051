"""Times of purchases: read from text, and counted in days."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_fashion.errors import InputError

UNKNOWN_DAY = np.iinfo(np.int32).min
"""Day of a purchase without a time."""

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
"""Names of the months, that of month m at m modulo 12 (`months_of_days`)."""

_SECONDS = re.compile(r"\d{9,10}")
_MILLISECONDS = re.compile(r"\d{12,13}")
_ISO_8601 = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?P<zone>\s*(?:Z|[+-]\d\d:?\d\d))?)?"
)


def parse_day(text: str) -> int:
    """Returns the day of a date such as "2020-06-22", as `parse_days` counts it.

    Args:
        text: Date as YYYY-MM-DD.

    Raises:
        InputError: If it is no such date.

    Example:
        >>> parse_day("1970-01-03")
        2
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return int(np.datetime64(text, "D").astype(int))
    except ValueError:
        pass
    raise InputError(f"{text!r} is no date; write it as YYYY-MM-DD, such as 2020-06-22.")


def format_day(day: int) -> str:
    """Returns a day as YYYY-MM-DD.

    Args:
        day: Number of the day, as `parse_days` counts it.

    Example:
        >>> format_day(2)
        '1970-01-03'
    """
    return str(np.datetime64(int(day), "D"))


def months_of_days(days: np.ndarray) -> np.ndarray:
    """Returns the calendar months of days.

    Args:
        days: Numbers of days, as `parse_days` counts them, int, of any shape.

    Returns:
        Numbers of months since January 1970, int32, of the same shape. The remainder by 12 is 0 for
        January, and a third of it, rounded down, is the number of the quarter.

    Example:
        >>> months_of_days(np.array([parse_day("1970-01-31"), parse_day("1971-02-01")])).tolist()
        [0, 13]
    """
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)


def format_quarter(quarter: int) -> str:
    """Returns a quarter of the calendar as its year and its number.

    Args:
        quarter: Number of the quarter, counted from that of January 1970: a third of the number of
            a month (`months_of_days`), rounded down.

    Example:
        >>> format_quarter(198)
        '2019 Q3'
    """
    return f"{1970 + quarter // 4} Q{quarter % 4 + 1}"


def format_month(month: int) -> str:
    """Returns a month as its name and its year.

    Args:
        month: Number of the month, as `months_of_days` counts it.

    Example:
        >>> format_month(606)
        'July 2020'
    """
    return f"{MONTH_NAMES[month % 12]} {1970 + month // 12}"


def parse_days(texts: Sequence[str] | np.ndarray, place: str) -> np.ndarray:
    """Reads times and returns their days, counted from 1970-01-01.

    A time is a date (2020-06-22), a date with a time of day in ISO 8601, or a number of seconds or
    milliseconds since 1970. Times with a zone are converted to UTC. Dates without a time of day are
    taken as they are.

    Args:
        texts: n times; "" stands for "not known".
        place: Where they come from, for messages.

    Returns:
        (n,) int32; `UNKNOWN_DAY` for a time that is not known.

    Raises:
        InputError: If a text is no time, or if some times of day have a zone and others have none.

    Example:
        >>> parse_days(["1970-01-02", "1970-01-02T23:30:00-02:00"], "shop").tolist()
        [1, 2]
    """
    distinct, positions = np.unique(np.asarray(texts, str), return_inverse=True)
    days = np.full(len(distinct), UNKNOWN_DAY, np.int64)
    zoned: dict[bool, str] = {}
    for number, text in enumerate(distinct):
        text = text.strip()
        if not text:
            continue
        if match := _ISO_8601.fullmatch(text):
            if len(text) > 10:
                zoned.setdefault(match["zone"] is not None, text)
            moment = _moment(text)
        elif _SECONDS.fullmatch(text):
            moment = pd.Timestamp(int(text), unit="s")
        elif _MILLISECONDS.fullmatch(text):
            moment = pd.Timestamp(int(text), unit="ms")
        else:
            moment = None
        if moment is None:
            raise InputError(
                f"{place}: {text!r} is no time; a time is YYYY-MM-DD, with or without a time of "
                "day as in 2020-06-22T14:30:00Z, or the seconds since 1970."
            )
        days[number] = moment.to_numpy().astype("datetime64[D]").astype(np.int64)
    if len(zoned) == 2:
        raise InputError(
            f"{place}: some times have a zone ({zoned[True]}) and others have none "
            f"({zoned[False]}), so that their order is not known; write all with a zone, or none."
        )
    return days[positions].astype(np.int32)


def _moment(text: str) -> pd.Timestamp | None:
    """Returns a time in ISO 8601 without its zone, in UTC if it has one; None if it is no time."""
    try:
        moment = pd.Timestamp(text.replace(",", "."))
    except ValueError:
        return None
    return moment if moment.tz is None else moment.tz_convert(None)
