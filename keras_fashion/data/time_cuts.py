"""The days at which interactions are divided, once or in successive windows."""

from dataclasses import dataclass

import pandas as pd

from keras_fashion.data.purchase_times import format_day, parse_day
from keras_fashion.errors import InputError


@dataclass(frozen=True)
class TimeCut:
    """When the parts of a temporal split begin and end.

    Attributes:
        test_from: First day of the test part, as YYYY-MM-DD.
        validation_from: First day of the validation part; by default that from which on a tenth of
            the interactions before the test part remains.
        test_until: Last day of the test part; by default the last one there is.

    Raises:
        InputError: If a day is no date, or if the days are not in order.

    Example:
        >>> TimeCut("2020-06-22", validation_from="2020-05-01").test_until is None
        True
    """

    test_from: str
    validation_from: str | None = None
    test_until: str | None = None

    def __post_init__(self) -> None:
        test = parse_day(self.test_from)
        if self.validation_from is not None and parse_day(self.validation_from) >= test:
            raise InputError(
                f"validation from {self.validation_from} does not begin before the test part, "
                f"{self.test_from}."
            )
        if self.test_until is not None and parse_day(self.test_until) < test:
            raise InputError(
                f"the test part ends on {self.test_until}, before it begins on {self.test_from}."
            )


def rolling_cuts(
    start: str, end: str, *, months: int | None = None, days: int | None = None
) -> list[TimeCut]:
    """Returns cuts whose test parts are successive windows of one length.

    A model that is trained for each cut, on what came before, and tested within its window is
    evaluated as a shop would use it that trains once a window. One cut shows one season; several
    show how much a result depends on it.

    Args:
        start: First day of the first window, as YYYY-MM-DD.
        end: Last day that a window may have. Days that do not fill a window are left out, so that
            all windows have one length.
        months: Length of a window in months. In a month without the day of `start`, a window
            begins on the month's last day.
        days: Length of a window in days, instead.

    Raises:
        InputError: If a day is no date, if not just one length of 1 or more is given, or if no
            window ends by `end`.

    Example:
        >>> cuts = rolling_cuts("2020-01-15", "2020-03-31", months=1)
        >>> [(cut.test_from, cut.test_until) for cut in cuts]
        [('2020-01-15', '2020-02-14'), ('2020-02-15', '2020-03-14')]
    """
    lengths = [length for length in (months, days) if length is not None]
    if len(lengths) != 1 or lengths[0] < 1:
        raise InputError("give either `months` or `days`, 1 or more, as the length of a window.")
    first, last = (pd.Timestamp(format_day(parse_day(day))) for day in (start, end))
    cuts: list[TimeCut] = []
    while True:
        # From the first day, since a month that is shorter must not shift those after it.
        begin, following = (
            first + pd.DateOffset(months=number * (months or 0), days=number * (days or 0))
            for number in (len(cuts), len(cuts) + 1)
        )
        until = following - pd.Timedelta(days=1)
        if until > last:
            break
        cuts.append(TimeCut(f"{begin:%Y-%m-%d}", test_until=f"{until:%Y-%m-%d}"))
    if not cuts:
        raise InputError(f"no window of this length lies between {start} and {end}.")
    return cuts
