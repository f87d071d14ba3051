"""Splits at a point in time, as a shop meets it: learn from the past, recommend in the future."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.columns import ON_SALE_FROM, ON_SALE_UNTIL
from keras_fashion.data.purchase_times import UNKNOWN_DAY, format_day, parse_day, parse_days
from keras_fashion.data.split import NegativeCandidates, Split, expand_ranges
from keras_fashion.data.time_cuts import TimeCut
from keras_fashion.errors import InputError

VALIDATION_SHARE = 0.1
"""Share of the interactions before the test part that validation gets unless its day is given."""


@dataclass(frozen=True)
class TemporalSplit(Split):
    """The interactions of a catalogue in three parts that follow each other in time.

    They do so for all users at once (`temporal_split`) or for each one (`last_out`). A user may
    have several rows in each part. An interaction is ranked among the items that are on sale on its
    day, without those that its user bought on that day or before.

    Attributes:
        train_days: (n,) int32, days of the training interactions (`parse_days`).
        validation_days: (m,) int32, the same of validation.
        test_days: (m,) int32, the same of the test part.
        on_sale_from: (I,) int32, first day on which each item is sold.
        on_sale_until: (I,) int32, last day on which each item is sold.

    Example:
        >>> def pairs(*rows):
        ...     return np.array(rows, np.int32).reshape(-1, 2)
        >>> split = TemporalSplit(
        ...     num_users=1, num_items=4,
        ...     train=pairs((0, 1)), validation=pairs(), test=pairs((0, 2)),
        ...     train_days=np.array([5]), validation_days=np.array([]), test_days=np.array([8]),
        ...     on_sale_from=np.array([1, 5, 8, 9]), on_sale_until=np.array([9, 9, 9, 9]),
        ... )
        >>> rows, items = split.excluded("test")
        >>> items.tolist()  # bought before, and not yet on sale
        [1, 3]
    """

    train_days: np.ndarray
    validation_days: np.ndarray
    test_days: np.ndarray
    on_sale_from: np.ndarray
    on_sale_until: np.ndarray

    def excluded(self, part: str, rows: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Returns which items are no candidates of held-out interactions, see `Split.excluded`."""
        held_out, days = getattr(self, part)[rows], getattr(self, f"{part}_days")[rows]
        owners, items, bought = self._purchases
        excluded_rows, excluded_items = [], []
        for row, ((user, own), day) in enumerate(zip(held_out, days, strict=True)):
            off_sale = ~self.on_sale(day)
            first, last = np.searchsorted(owners, [user, user + 1])
            off_sale[items[first:last][bought[first:last] <= day]] = True
            off_sale[own] = False
            which = np.flatnonzero(off_sale)
            excluded_rows.append(np.full(len(which), row))
            excluded_items.append(which)
        if not excluded_rows:
            return np.empty(0, int), np.empty(0, int)
        return np.concatenate(excluded_rows), np.concatenate(excluded_items)

    @cached_property
    def _purchases(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Users, items and days of the interactions of all parts, by user."""
        pairs = np.concatenate([self.train, self.validation, self.test])
        days = np.concatenate([self.train_days, self.validation_days, self.test_days])
        order = np.argsort(pairs[:, 0], kind="stable")
        return pairs[order, 0], pairs[order, 1], days[order]

    def with_test_rows(self, rows: np.ndarray) -> Self:
        """Returns the split with some of its test interactions only, see `Split`."""
        return replace(self, test=self.test[rows], test_days=self.test_days[rows])

    def negatives(self) -> NegativeCandidates:
        """Returns the items in the order in which they come on sale, see `Split.negatives`.

        The candidates of an interaction are the items that are on sale on its day. Where the user
        has all of them, they are the items that come on sale before the end of training.

        Raises:
            InputError: If a user has all of these, too.
        """
        order = np.argsort(self.on_sale_from, kind="stable").astype(np.int32)
        begins = self.on_sale_from[order]
        counts = np.searchsorted(begins, self.train_days, side="right")
        last = int(np.searchsorted(begins, self.train_days.max(), side="right"))
        if np.bincount(self.train[:, 0]).max() >= last:
            raise InputError(
                f"the split has a user with all {last} items that are on sale until "
                f"{format_day(self.train_days.max())} in training: leave some out."
            )
        # Number of candidates that the user does not have: those that have come less those that
        # have gone.
        ends = np.sort(self.on_sale_until)
        left = counts - np.searchsorted(ends, self.train_days)
        left -= self._own_days_before(self.on_sale_from, side="right")
        left += self._own_days_before(self.on_sale_until, side="left")
        exhausted = left <= 0
        return NegativeCandidates(
            order[:last],
            np.where(exhausted, last, counts).astype(np.int32),
            np.where(exhausted, UNKNOWN_DAY, self.train_days).astype(np.int32),
            self.on_sale_until,
        )

    def _own_days_before(
        self, day_of_item: np.ndarray, side: Literal["left", "right"]
    ) -> np.ndarray:
        """Counts the items in the user's training part whose day is before an interaction's.

        Args:
            day_of_item: (I,) int32.
            side: "left" to count days before, "right" to count the same day, too.

        Returns:
            (n,) int64, for each training interaction.
        """
        days = np.concatenate([day_of_item[self.train[:, 1]], self.train_days]).astype(np.int64)
        days -= days.min()
        users = self.train[:, 0].astype(np.int64) * (days.max() + 1)
        own, at = np.split(days, 2)
        keys = np.sort(users + own)
        before: np.ndarray = np.searchsorted(keys, users + at, side) - np.searchsorted(keys, users)
        return before

    def histories(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns what was last bought before each training interaction, see `Split.histories`."""
        order = np.lexsort((self.train_days, self.train[:, 0]))
        span = int(self.train_days.max() - self.train_days.min()) + 2
        users = self.train[:, 0].astype(np.int64) * span
        days = self.train_days - self.train_days.min()
        keys = np.sort(users + days)
        starts, ends = np.searchsorted(keys, users), np.searchsorted(keys, users + days)
        starts = np.maximum(starts, ends - size)
        return order, starts.astype(np.int32), (ends - starts).astype(np.int32)

    def days_of(self, part: str) -> np.ndarray:
        """Returns on which days interactions happened, see `Split.days_of`."""
        days: np.ndarray = getattr(self, f"{part}_days")
        return days

    def on_sale(self, day: int) -> np.ndarray:
        """Returns which items are sold on a day.

        Args:
            day: Number of the day (`parse_day`).

        Returns:
            (I,) bool.
        """
        on_sale: np.ndarray = (self.on_sale_from <= day) & (self.on_sale_until >= day)
        return on_sale

    def before(self, day: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns what was bought before a day, in any part.

        Args:
            day: Number of the day (`parse_day`).

        Returns:
            Pairs of user and item, (n, 2) int32, and their days, (n,) int32.
        """
        users, items, days = self._purchases
        earlier = days < day
        return np.stack([users, items], axis=1)[earlier], days[earlier]

    def bought_before(self, part: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns what the users of the interactions of a part had bought before, day by day.

        Args:
            part: "train", "validation" or "test".

        Returns:
            Rows of the part in order, items, and how many days earlier these were bought, (n,) int
            each.
        """
        owners, items, bought = self._purchases
        first = np.searchsorted(owners, getattr(self, part)[:, 0])
        lengths = np.searchsorted(owners, getattr(self, part)[:, 0], side="right") - first
        row, place = expand_ranges(first, lengths)
        age = self.days_of(part)[row] - bought[place]
        before = age > 0
        return row[before], items[place][before], age[before]

    def summary(self) -> str:
        """Returns the numbers of users and interactions, and the days of the parts, as text."""
        spans = [
            f"{len(days):,} {name} ({format_day(days.min())} to {format_day(days.max())})"
            for name, days in (
                ("training", self.train_days),
                ("validation", self.validation_days),
                ("test", self.test_days),
            )
            if len(days)
        ]
        unseen = np.mean(self.training_counts[self.test[:, 1]] == 0) if len(self.test) else 0.0
        return (
            f"split: {len(np.unique(self.train[:, 0])):,} users; {', '.join(spans)}; "
            f"{len(np.unique(self.test[:, 0])):,} test users, {unseen:.0%} of whose test items "
            "nobody bought in training"
        )


def temporal_split(catalogue: Catalogue, cut: TimeCut) -> TemporalSplit:
    """Divides the interactions of a catalogue at days.

    An item is on sale from the day in its attribute "on_sale_from" to that in "on_sale_until";
    without these attributes, from its first purchase on. Held-out interactions of users without a
    training interaction are left out, and so are interactions without a time.

    Args:
        catalogue: The prepared catalogue.
        cut: When the parts begin and end.

    Raises:
        InputError: If the times are not known or cannot be read, or if a part is empty.

    Example:
        >>> from types import SimpleNamespace
        >>> catalogue = SimpleNamespace(
        ...     name="shop", user_ids=["ann"], item_ids=["a", "b", "c", "d"], attributes={},
        ...     interactions=np.array([[0, 0], [0, 1], [0, 2], [0, 3]], np.int32),
        ...     interaction_days=np.array([5, 6, 7, 8], np.int32),
        ... )
        >>> cut = TimeCut("1970-01-09", validation_from="1970-01-08")
        >>> split = temporal_split(catalogue, cut)
        >>> split.train[:, 1].tolist(), split.validation[:, 1].tolist(), split.test[:, 1].tolist()
        ([0, 1], [2], [3])
    """
    pairs, days = dated_interactions(catalogue)
    test_from = parse_day(cut.test_from)
    before = days[days < test_from]
    if cut.validation_from is not None:
        validation_from = parse_day(cut.validation_from)
    elif len(before):
        validation_from = int(before[int((1 - VALIDATION_SHARE) * len(before))])
    else:
        validation_from = test_from
    end = days[-1] if cut.test_until is None else parse_day(cut.test_until)

    trained = np.isin(pairs[:, 0], pairs[days < validation_from, 0])
    parts = {
        "training": days < validation_from,
        "validation": (days >= validation_from) & (days < test_from) & trained,
        "test": (days >= test_from) & (days <= end) & trained,
    }
    for name, rows in parts.items():
        if not rows.any():
            raise InputError(
                f"the {name} part is empty: catalogue {catalogue.name} has purchases from "
                f"{format_day(days[0])} to {format_day(days[-1])}, validation begins on "
                f"{format_day(validation_from)} and the test part on {cut.test_from}"
                + (
                    ", and it has no purchase there of a user with an earlier one."
                    if name != "training"
                    else "."
                )
            )
    return split_in_parts(catalogue, pairs, days, *parts.values())


def dated_interactions(catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """Returns the interactions with a time and their days, in the order of the days.

    Args:
        catalogue: The prepared catalogue.

    Returns:
        (n, 2) int32 and (n,) int32.

    Raises:
        InputError: If there are none, or if some are in the future.
    """
    pairs, days = catalogue.interactions, catalogue.interaction_days
    known = days != UNKNOWN_DAY
    if not known.any():
        raise InputError(
            f"catalogue {catalogue.name} has no times of purchases, so that it cannot be split at "
            "one; prepare it again with a column of times."
        )
    pairs, days = pairs[known], days[known]
    order = np.argsort(days, kind="stable")
    pairs, days = pairs[order], days[order]
    # A zone may be a day ahead of UTC.
    if days[-1] > int(np.datetime64("now", "D").astype(int)) + 1:
        raise InputError(
            f"catalogue {catalogue.name} has purchases in the future, the last one on "
            f"{format_day(days[-1])}; correct the times and prepare it again."
        )
    return pairs, days


def split_in_parts(
    catalogue: Catalogue,
    pairs: np.ndarray,
    days: np.ndarray,
    train: np.ndarray,
    validation: np.ndarray,
    test: np.ndarray,
) -> TemporalSplit:
    """Returns the split whose parts are the given rows of interactions.

    Args:
        catalogue: The prepared catalogue.
        pairs: (n, 2) int32, interactions.
        days: (n,) int32, their days.
        train: (n,) bool, those of the training part.
        validation: (n,) bool, the same of validation.
        test: (n,) bool, the same of the test part.

    Raises:
        InputError: If the times at which items are on sale cannot be read.
    """
    on_sale_from, on_sale_until = _days_on_sale(catalogue, pairs, days)
    return TemporalSplit(
        num_users=len(catalogue.user_ids),
        num_items=len(catalogue.item_ids),
        train=pairs[train],
        validation=pairs[validation],
        test=pairs[test],
        train_days=days[train],
        validation_days=days[validation],
        test_days=days[test],
        on_sale_from=on_sale_from,
        on_sale_until=on_sale_until,
    )


def _days_on_sale(
    catalogue: Catalogue, pairs: np.ndarray, days: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the first and the last day on which each item is sold, (I,) int32 each."""
    latest = np.iinfo(np.int32).max
    first_sale = np.full(len(catalogue.item_ids), latest, np.int32)
    np.minimum.at(first_sale, pairs[:, 1], days)
    begin, end = (_days_of_attribute(catalogue, name) for name in (ON_SALE_FROM, ON_SALE_UNTIL))
    # A purchase proves that the item was on sale, whatever the attribute says.
    last_sale = np.full(len(catalogue.item_ids), UNKNOWN_DAY, np.int32)
    np.maximum.at(last_sale, pairs[:, 1], days)
    on_sale_from = np.where(begin == UNKNOWN_DAY, first_sale, np.minimum(begin, first_sale))
    on_sale_until = np.where(end == UNKNOWN_DAY, latest, np.maximum(end, last_sale))
    return on_sale_from.astype(np.int32), on_sale_until.astype(np.int32)


def _days_of_attribute(catalogue: Catalogue, name: str) -> np.ndarray:
    if name not in catalogue.attributes:
        return np.full(len(catalogue.item_ids), UNKNOWN_DAY, np.int32)
    attribute = catalogue.attributes[name]
    days = parse_days(attribute.values, f"attribute {name} of catalogue {catalogue.name}")
    return days[attribute.codes]
