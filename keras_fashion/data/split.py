"""Which interactions are for training, for validation and for test."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.errors import InputError

PARTS = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Split:
    """Interactions in three parts, as dense (user, item) pairs.

    Attributes:
        num_users: U, all users of the catalogue.
        num_items: I, all items of the catalogue; each can be a negative.
        train: (n, 2) int32.
        validation: (m, 2) int32, at most one row a user.
        test: (m, 2) int32, at most one row a user.
    """

    num_users: int
    num_items: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def training_counts(self) -> np.ndarray:
        """(I,) int64: how many training interactions each item has."""
        return np.bincount(self.train[:, 1], minlength=self.num_items)

    def steps(self, batch_size: int) -> int:
        """Batches in a pass over the training interactions."""
        return -(-len(self.train) // batch_size)

    def items_of(self, user: int) -> np.ndarray:
        """The training items of one user, dense."""
        return self.train[self.train[:, 0] == user, 1]

    def summary(self) -> str:
        """Counts in one line."""
        users = len(np.unique(self.train[:, 0]))
        return (
            f"split: {users:,} users, {len(self.train):,} training, {len(self.validation):,} "
            f"validation and {len(self.test):,} test interactions"
        )


def leave_one_out(catalogue: Catalogue, seed: int, minimum_items: int = 5) -> Split:
    """Holds out one interaction of each user for validation and one for test (DVBPR, section V-A).

    Users with fewer than `minimum_items` distinct items are in no part, as in the paper, so that
    every user who is tested was also trained on.

    Args:
        catalogue: The prepared catalogue.
        seed: Decides which interactions are held out.
        minimum_items: Distinct items that a user needs; at least 3.

    Raises:
        InputError: If there are no users, or none has enough items.
    """
    if not len(catalogue.user_ids):
        raise InputError(
            f"catalogue {catalogue.name} has items but no users, as nobody bought anything; a "
            "recommender cannot be trained on it, a GAN can (`train gan`)."
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
    """Reads a split from a CSV file, so that others' numbers can be compared.

    Args:
        path: A file with a header and three columns in this order, whatever they are called:
            user id, item id, part. A part is train, valid (or validation) or test.
        catalogue: Whose users and items the file names.

    Raises:
        InputError: With the row, if an id is unknown, a part has another name, a pair occurs
            twice, or a user has two validation or test rows or no training row.
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

    def refuse(bad: pd.Series, what: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            values = ", ".join(frame.iloc[row])
            # Line 1 of the file is the header.
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
    """Training items of each user.

    Args:
        split: Whose training part is drawn from.
        size: H, items to draw at most.
    """

    def __init__(self, split: Split, size: int) -> None:
        order = np.argsort(split.train[:, 0], kind="stable")
        counts = np.bincount(split.train[:, 0], minlength=split.num_users)
        self.items = tf.constant(split.train[order, 1])
        self.counts = tf.constant(counts, tf.int32)
        self.starts = tf.constant(np.cumsum(counts) - counts, tf.int32)
        self.size = size

    def draw(self, user: tf.Tensor, left_out: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """(B,) users and the item to leave out of each, to (B, H) items, -1 for none.

        All items of a user who has at most H; of any other H neighbors in the split's order,
        from a place that `start`, (B,) random numbers, decides.
        """
        count = tf.gather(self.counts, user)[:, None]
        place = tf.range(self.size)[None]
        at = (start[:, None] % count + place) % count
        items = tf.gather(self.items, tf.gather(self.starts, user)[:, None] + at)
        return tf.where((place < count) & (items != left_out[:, None]), items, -1)
