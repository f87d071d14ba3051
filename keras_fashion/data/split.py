"""Training, validation and test interactions, and what a training draws from them.

`leave_one_out` makes a `Split` as the DVBPR paper does, `read_split` reads one from a file, and
`Histories` draws a user's other training items.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.errors import InputError

PARTS = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}
"""Names of the parts in a file, and what they are called here."""


class NegativeCandidates(NamedTuple):
    """From which items the negatives of the training interactions are drawn.

    Attributes:
        items: (J,) int32, items, among them some of the users', which are drawn again.
        counts: (n,) int32, for each training interaction how many of the first of these may be
            candidates.
        days: (n,) int32, for each training interaction the day on or after which the last day of a
            candidate must be.
        last_days: (I,) int32, last day on which each item is sold.

    Example:
        >>> days = np.zeros(1, np.int32)
        >>> NegativeCandidates(np.arange(3), np.array([3]), days, np.zeros(3, np.int32)).items
        array([0, 1, 2])
    """

    items: np.ndarray
    counts: np.ndarray
    days: np.ndarray
    last_days: np.ndarray


@dataclass(frozen=True)
class Split:
    """The interactions of a catalogue in three disjoint parts, as dense (user, item) pairs.

    Attributes:
        num_users: U, number of users of the catalogue.
        num_items: I, number of items of the catalogue, all of which can be negatives.
        train: Training interactions, (n, 2) int32.
        validation: Validation interactions, (m, 2) int32, at most one row for each user.
        test: Test interactions, (m, 2) int32, at most one row for each user.

    Example:
        >>> train = np.array([[0, 1], [0, 2], [1, 0]], np.int32)
        >>> held_out = np.array([[0, 3], [1, 1]], np.int32)
        >>> split = Split(2, 4, train, validation=held_out, test=held_out[::-1])
        >>> split.training_counts.tolist(), split.items_of(0).tolist()
        ([1, 1, 1, 0], [1, 2])
        >>> print(split.summary())
        split: 2 users, 3 training, 2 validation and 2 test interactions
    """

    num_users: int
    num_items: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def training_counts(self) -> np.ndarray:
        """Number of training interactions of each item, (I,) int64."""
        return np.bincount(self.train[:, 1], minlength=self.num_items)

    def steps(self, batch_size: int) -> int:
        """Returns the number of steps in an epoch, in which the last batch may be incomplete.

        Args:
            batch_size: Number of interactions in a batch.
        """
        return -(-len(self.train) // batch_size)

    def items_of(self, user: int) -> np.ndarray:
        """Returns the dense indices of a user's training items.

        Args:
            user: Dense index of the user.
        """
        return self.train[self.train[:, 0] == user, 1]

    def excluded(self, part: str, rows: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Returns which items are no candidates when held-out interactions are ranked.

        They are the other items that the user has in any part.

        Args:
            part: "validation" or "test".
            rows: Interactions of the part, by default all.

        Returns:
            Rows, in order and counted from the first of `rows`, and items, (n,) int each.
        """
        held_out: np.ndarray = getattr(self, part)[rows]
        users, items = self._known
        first = np.searchsorted(users, held_out[:, 0])
        lengths = np.searchsorted(users, held_out[:, 0], side="right") - first
        row, place = expand_ranges(first, lengths)
        known = items[place]
        other = known != held_out[row, 1]
        return row[other], known[other]

    def with_test_rows(self, rows: np.ndarray) -> Self:
        """Returns the split with some of its test interactions only.

        Args:
            rows: (m,) int, rows of `test`.
        """
        return replace(self, test=self.test[rows])

    def negatives(self) -> NegativeCandidates:
        """Returns from which items the negatives of the training interactions are drawn.

        Raises:
            InputError: If a user has every item in training, which leaves no negative.
        """
        if np.bincount(self.train[:, 0]).max() >= self.num_items:
            raise InputError("the split has a user with every item in training: leave some out.")
        return NegativeCandidates(
            np.arange(self.num_items, dtype=np.int32),
            np.full(len(self.train), self.num_items, np.int32),
            np.zeros(len(self.train), np.int32),
            np.zeros(self.num_items, np.int32),
        )

    def histories(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns from which interactions the history of each training interaction is drawn.

        Args:
            size: H, maximum number of items in a history.

        Returns:
            Training interactions by user, (n,) int, and for each training interaction the place of
            the first one of its history among these and how many there are, (n,) int32 each. The
            interaction itself may be among them.
        """
        users = self.train[:, 0]
        counts = np.bincount(users, minlength=self.num_users).astype(np.int32)
        starts = (np.cumsum(counts) - counts).astype(np.int32)
        return np.argsort(users, kind="stable"), starts[users], counts[users]

    def days_of(self, part: str) -> np.ndarray:
        """Returns on which days interactions happened; 0 for all, since a `Split` has no times.

        Args:
            part: "train", "validation" or "test".

        Returns:
            (m,) int32.
        """
        return np.zeros(len(getattr(self, part)), np.int32)

    @cached_property
    def _known(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct (user, item) pairs of all parts, sorted, as users and items."""
        parts = np.concatenate([self.train, self.validation, self.test]).astype(np.int64)
        return np.divmod(np.unique(parts[:, 0] * self.num_items + parts[:, 1]), self.num_items)

    def summary(self) -> str:
        """Returns the numbers of users and interactions as one line of text."""
        users = len(np.unique(self.train[:, 0]))
        return (
            f"split: {users:,} users, {len(self.train):,} training, {len(self.validation):,} "
            f"validation and {len(self.test):,} test interactions"
        )


def expand_ranges(first: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns all places of ranges, one range after the other.

    Args:
        first: (m,) int, first place of each range.
        lengths: (m,) int, number of its places.

    Returns:
        Number of the range and place, (n,) int each.

    Example:
        >>> [each.tolist() for each in expand_ranges(np.array([7, 2]), np.array([2, 3]))]
        [[0, 0, 1, 1, 1], [7, 8, 2, 3, 4]]
    """
    row = np.repeat(np.arange(len(first)), lengths)
    return row, np.arange(len(row)) + np.repeat(first - np.cumsum(lengths) + lengths, lengths)


def leave_one_out(catalogue: Catalogue, seed: int, minimum_items: int = 5) -> Split:
    """Holds out one interaction of each user for validation and one for test.

    This is the protocol of DVBPR (Kang et al., ICDM 2017, section V-A). As there, users with fewer
    than `minimum_items` distinct items are in none of the parts, so that every user in the test
    part is in the training part too.

    Args:
        catalogue: The prepared catalogue.
        seed: Integer that decides which interactions are held out.
        minimum_items: Minimum number of distinct items of a user; at least 3.

    Returns:
        The split.

    Raises:
        InputError: If the catalogue has no users, or none with enough items.

    Example:
        >>> from types import SimpleNamespace
        >>> pairs = np.array([[0, 0], [0, 2], [0, 3], [1, 1]], np.int32)
        >>> catalogue = SimpleNamespace(
        ...     name="shop", user_ids=["ann", "bob"], item_ids=list("abcd"), interactions=pairs
        ... )
        >>> split = leave_one_out(catalogue, seed=0, minimum_items=3)
        >>> len(split.train), len(split.validation), len(split.test)
        (1, 1, 1)
    """
    if not len(catalogue.user_ids):
        raise InputError(
            f"catalogue {catalogue.name} has items but no users, so that a recommender cannot be "
            "trained on it; a `ConditionalGAN` can."
        )
    counts = np.bincount(catalogue.interactions[:, 0], minlength=1)
    starts = np.cumsum(counts) - counts
    enough = counts >= minimum_items
    if not enough.any():
        raise InputError(
            f"no user of catalogue {catalogue.name} has {minimum_items} distinct items; "
            "a recommender cannot be trained and tested on it."
        )
    rng = np.random.default_rng(seed)
    starts, counts = starts[enough], counts[enough]
    shuffled = np.empty(counts.sum(), np.int64)
    firsts = np.cumsum(counts) - counts
    for first, start, count in zip(firsts, starts, counts, strict=True):
        shuffled[first : first + count] = start + rng.permutation(count)
    trained_on = np.ones(len(shuffled), bool)
    trained_on[firsts] = trained_on[firsts + 1] = False
    return Split(
        num_users=len(catalogue.user_ids),
        num_items=len(catalogue.item_ids),
        train=catalogue.interactions[shuffled[trained_on]],
        validation=catalogue.interactions[shuffled[firsts]],
        test=catalogue.interactions[shuffled[firsts + 1]],
    )


def read_split(path: str | Path, catalogue: Catalogue) -> Split:
    r"""Reads a split from a CSV file, for comparison with published results.

    Args:
        path: A file with a header and three columns in this order, under any names: user id, item
            id and part. A part is train, valid (or validation) or test.
        catalogue: The catalogue that has the users and items of the file.

    Returns:
        The split.

    Raises:
        InputError: If the file cannot be read; and, with the line, if an id is unknown, a part has
            another name, a pair occurs twice, or a user has two validation rows, two test rows or
            no training row.

    Example:
        >>> import tempfile
        >>> from types import SimpleNamespace
        >>> path = Path(tempfile.mkdtemp()) / "split.csv"
        >>> _ = path.write_text("user,item,part\nann,0108,train\nann,0207,test\n")
        >>> catalogue = SimpleNamespace(user_ids=["ann"], item_ids=["0108", "0207"])
        >>> split = read_split(path, catalogue)
        >>> split.train.tolist(), split.test.tolist()
        ([[0, 0]], [[0, 1]])
    """
    path = Path(path)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path} cannot be read as a split: {error}") from error
    if frame.shape[1] != 3:
        raise InputError(
            f"{path} has the columns {', '.join(frame.columns)}; a split has three: "
            "user, item, part."
        )
    if frame.empty:
        raise InputError(f"{path} has no rows below its header.")
    frame.columns = ["user", "item", "part"]

    def refuse(bad: np.ndarray | pd.Series, what: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            values = ", ".join(frame.iloc[row])
            # Line 1 of the file is the header, and lines are counted from 1.
            raise InputError(f"{path}, line {row + 2} ({values}): {what}.")

    users = pd.Index(catalogue.user_ids).get_indexer(frame["user"])
    items = pd.Index(catalogue.item_ids).get_indexer(frame["item"])
    part = frame["part"].map(PARTS)
    held_out = part.isin(["validation", "test"])
    refuse(users < 0, "the catalogue has no such user")
    refuse(items < 0, "the catalogue has no such item")
    refuse(part.isna(), "a part is train, valid or test")
    refuse(frame.duplicated(["user", "item"]), "this user and item occur twice")
    refuse(
        held_out & frame.assign(part=part).duplicated(["user", "part"]),
        "this user has two rows of this part; evaluation takes one",
    )
    refuse(~frame["user"].isin(frame["user"][part == "train"]), "this user has no training row")

    pairs = np.stack([users, items], axis=1).astype(np.int32)
    return Split(
        num_users=len(catalogue.user_ids),
        num_items=len(catalogue.item_ids),
        train=pairs[part == "train"],
        validation=pairs[part == "validation"],
        test=pairs[part == "test"],
    )


class Histories:
    """The other training items of each user, of which `draw` returns some (`Split.histories`).

    Args:
        split: Split with the training interactions.
        size: H, maximum number of items to draw for a user.

    Example:
        >>> train = np.array([[0, 1], [0, 2], [1, 0]], np.int32)
        >>> held_out = np.empty((0, 2), np.int32)
        >>> histories = Histories(Split(2, 4, train, held_out, held_out), size=3)
        >>> items, ages = histories.draw(row=tf.constant([0, 2]), start=tf.constant([0, 0]))
        >>> items.numpy().tolist()
        [[-1, 2, -1], [-1, -1, -1]]
    """

    def __init__(self, split: Split, size: int) -> None:
        order, starts, counts = split.histories(size)
        self.starts, self.counts = tf.constant(starts), tf.constant(counts)
        self.own, self.days = tf.constant(split.train[:, 1]), tf.constant(split.days_of("train"))
        self.items, self.item_days = tf.gather(self.own, order), tf.gather(self.days, order)
        self.size = size

    def draw(self, row: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws training items of the users of training interactions.

        All items of a user who has at most H are drawn. Of a user with more, H items that are
        adjacent in the order of the split are drawn.

        Args:
            row: (B,) int32, training interactions, whose own items are left out.
            start: (B,) int32, nonnegative random numbers that decide where in the order of a user's
                items the H items begin.

        Returns:
            The items, (B, H) int32, with -1 where there is none, and how many days before the
            interaction they were bought, (B, H) int32; 0 in a split without times.
        """
        count = tf.gather(self.counts, row)[:, None]
        place = tf.range(self.size)[None]
        period = tf.maximum(count, 1)
        at = (start[:, None] % period + place) % period
        first = tf.gather(self.starts, row)[:, None]
        # A history without items may begin behind the last one.
        places = tf.minimum(first + at, tf.size(self.items) - 1)
        items = tf.gather(self.items, places)
        own = tf.gather(self.own, row)[:, None]
        items = tf.where((place < count) & (items != own), items, -1)
        return items, tf.gather(self.days, row)[:, None] - tf.gather(self.item_days, places)
