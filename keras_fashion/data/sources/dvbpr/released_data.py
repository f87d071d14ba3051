"""The data sets released with the DVBPR paper: their partition and their counts."""

from typing import NamedTuple

import pandas as pd

PARTS = ("train", "valid", "test")


def partition(interactions: pd.DataFrame, kept: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Makes the rows of a split file out of interactions of which each has its part.

    In a split, a pair of user and item has one part, a user has at most one item of validation and
    one of test, and at least one of training. Where the partition has it otherwise:

    - a pair that is in several parts is in the last of training, validation, test;
    - of several held-out items of a user the first counts, as in the authors' evaluation, and the
      others are in no part;
    - users without a training interaction are in no part.

    Args:
        interactions: Columns user, item and part (categorical of `PARTS`), a row an interaction;
            the same pair may occur often.
        kept: Columns user and item: the catalogue's interactions. Others are in no part.

    Returns:
        Distinct rows with the columns user, item and part, sorted, and a remark for each of these
        cases, with how many there were.
    """
    rows = interactions.drop_duplicates()
    remarks = []

    def leave(bad: pd.Series, remark: str) -> None:
        nonlocal rows
        if bad.any():
            remarks.append(f"{int(bad.sum()):,} {remark}")
            rows = rows[~bad]

    held_out = rows["part"] != PARTS[0]
    leave(
        held_out & rows.duplicated(["user", "part"]),
        "further held-out interaction(s) of users who have one already: in no part",
    )
    leave(
        rows.duplicated(["user", "item"], keep="last"),
        "interaction(s) in several parts: kept in the one that is held out, test before validation",
    )
    known = pd.MultiIndex.from_frame(kept)
    leave(
        pd.Series(~pd.MultiIndex.from_frame(rows[["user", "item"]]).isin(known), rows.index),
        "interaction(s) that the catalogue left out",
    )
    trained = rows["user"][rows["part"] == PARTS[0]]
    leave(
        ~rows["user"].isin(trained),
        "interaction(s) of users without one in training: in no part",
    )
    return rows.sort_values(["user", "part", "item"], ignore_index=True), remarks


class Counts(NamedTuple):
    """What a file holds.

    Attributes:
        users: Users.
        items: Items.
        train: Distinct (user, item) pairs of training.
        interactions: Distinct pairs of training, validation and test together.
        categories: Categories of the items.
    """

    users: int
    items: int
    train: int
    interactions: int
    categories: int | None

    def __str__(self) -> str:
        """In words, for a message."""
        categories = "" if self.categories is None else f", {self.categories} categories"
        return (
            f"{self.users:,} users, {self.items:,} items, {self.train:,} training interactions "
            f"({self.interactions:,} with those held out){categories}"
        )


RELEASED = {
    "AmazonFashion6ImgPartitioned.npy": Counts(45_184, 166_270, 267_635, 358_003, 6),
    "AmazonWomenWithImgPartitioned.npy": Counts(97_678, 347_591, 632_321, 827_677, None),
    "AmazonMenWithImgPartitioned.npy": Counts(34_244, 110_636, 186_339, 254_827, None),
    "TradesyImgPartitioned.npy": Counts(33_864, 326_393, 594_680, 662_408, None),
}
"""As counted by others: pairs within a part once each, and two held out of every user, which not
every user of Tradesy need have. The checkpoints published with Amazon Fashion confirm its counts:
the last one, of epoch 19, is of step 39,728 = 19 x 267,635 / 128 rounded up."""

PAPER = {
    "AmazonFashion6ImgPartitioned.npy": (64_583, 234_892, 513_367, 6),
    "AmazonWomenWithImgPartitioned.npy": (97_678, 347_591, 827_678, 53),
    "AmazonMenWithImgPartitioned.npy": (34_244, 110_636, 254_870, 50),
    "TradesyImgPartitioned.npy": (33_864, 326_393, 655_409, None),
}
"""Users, items, interactions and categories in the paper's table. Its Amazon Fashion is larger than
the file that was released."""


def compared(file_name: str, found: Counts) -> str:
    """Says what a file holds, and whether that is what it should.

    Args:
        file_name: Decides which of the released files it is; under another name the one with as
            many users and items.
        found: What it holds.

    Returns:
        Lines for the reader.
    """
    lines = [f"{file_name}: {found}"]
    alike = [name for name, known in RELEASED.items() if known[:2] == found[:2]]
    name = file_name if file_name in RELEASED else next(iter(alike), None)
    if name is None:
        return f"{lines[0]}; it is none of the paper's four files, whose counts are known"
    known = RELEASED[name]
    wrong = [
        f"{ours:,} {field} instead of {theirs:,}"
        for field, ours, theirs in zip(Counts._fields, found, known, strict=True)
        if theirs is not None and ours != theirs and field != "interactions"
    ]
    if wrong:
        lines.append(f"  warning: not what others counted in {name}: {', '.join(wrong)}")
    else:
        lines.append(f"  as others counted in {name}")
    users, items, interactions, categories = PAPER[name]
    if (found.users, found.items, found.interactions) != (users, items, interactions):
        lines.append(
            f"  the paper's table has {users:,} users, {items:,} items, {interactions:,} "
            "interactions"
        )
    if categories is not None and found.categories != categories:
        lines.append(f"  the paper's table has {categories} categories, here {found.categories}")
    return "\n".join(lines)
