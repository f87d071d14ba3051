"""The data sets released with the DVBPR paper: their partition and their counts."""

from typing import NamedTuple

import pandas as pd

PARTS = ("train", "valid", "test")


def make_split(interactions: pd.DataFrame, kept: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Makes the rows of a split file out of interactions that have a part each.

    In a split, a pair of user and item is in one part, and a user has at most one validation item,
    at most one test item and at least one training item. Where the partition differs:

    - A pair in several parts is in the last of training, validation and test.
    - Of several held-out items of a user the first one counts, as in the evaluation of the authors,
      and the others are in no part.
    - Users without a training interaction are in no part.

    Args:
        interactions: One row per interaction, with the columns `user`, `item` and `part`
            (categorical of `PARTS`). The same pair may occur often.
        kept: Interactions of the catalogue, with the columns `user` and `item`. Other interactions
            are in no part.

    Returns:
        Distinct rows with the columns `user`, `item` and `part`, sorted, and a remark for each of
        the cases above that occurs, with the number of rows.

    Example:
        >>> kept = pd.DataFrame({"user": ["0", "0", "1"], "item": ["5", "6", "5"]})
        >>> part = pd.Categorical(["train", "test", "test"], PARTS)
        >>> rows, remarks = make_split(kept.assign(part=part), kept)
        >>> rows.to_numpy().tolist()
        [['0', '5', 'train'], ['0', '6', 'test']]
        >>> remarks
        ['1 interaction(s) of users without one in training: in no part']
    """
    rows = interactions.drop_duplicates()
    remarks = []

    def leave_out(is_bad: pd.Series, remark: str) -> None:
        nonlocal rows
        if is_bad.any():
            remarks.append(f"{int(is_bad.sum()):,} {remark}")
            rows = rows[~is_bad]

    is_held_out = rows["part"] != PARTS[0]
    leave_out(
        is_held_out & rows.duplicated(["user", "part"]),
        "further held-out interaction(s) of users who have one already: in no part",
    )
    leave_out(
        rows.duplicated(["user", "item"], keep="last"),
        "interaction(s) in several parts: kept in the one that is held out, test before validation",
    )
    known = pd.MultiIndex.from_frame(kept)
    leave_out(
        pd.Series(~pd.MultiIndex.from_frame(rows[["user", "item"]]).isin(known), rows.index),
        "interaction(s) that the catalogue left out",
    )
    train_users = rows["user"][rows["part"] == PARTS[0]]
    leave_out(
        ~rows["user"].isin(train_users),
        "interaction(s) of users without one in training: in no part",
    )
    return rows.sort_values(["user", "part", "item"], ignore_index=True), remarks


class Counts(NamedTuple):
    """The size of a data set.

    Attributes:
        users: Number of users.
        items: Number of items.
        train: Number of distinct (user, item) pairs in training.
        interactions: Number of distinct pairs in training, validation and test together.
        categories: Number of categories of the items, None if they have none or it is not known.

    Example:
        >>> print(Counts(users=1000, items=5, train=8000, interactions=10_000, categories=6))
        1,000 users, 5 items, 8,000 training interactions (10,000 with those held out), 6 categories
    """

    users: int
    items: int
    train: int
    interactions: int
    categories: int | None

    def __str__(self) -> str:
        categories = "" if self.categories is None else f", {self.categories} categories"
        return (
            f"{self.users:,} users, {self.items:,} items, {self.train:,} training interactions "
            f"({self.interactions:,} with those held out){categories}"
        )


class PaperCounts(NamedTuple):
    """A row of the paper's table of data sets.

    Attributes:
        users: Number of users.
        items: Number of items.
        interactions: Number of interactions.
        categories: Number of categories, None if there are none.
    """

    users: int
    items: int
    interactions: int
    categories: int | None


RELEASED = {
    "AmazonFashion6ImgPartitioned.npy": Counts(45_184, 166_270, 267_635, 358_003, 6),
    "AmazonWomenWithImgPartitioned.npy": Counts(97_678, 347_591, 632_321, 827_677, None),
    "AmazonMenWithImgPartitioned.npy": Counts(34_244, 110_636, 186_339, 254_827, None),
    "TradesyImgPartitioned.npy": Counts(33_864, 326_393, 594_680, 662_408, None),
}
"""The released files as others have counted them. A pair counts once within a part, and two are
held out of every user, although not every user of Tradesy need have them. The checkpoints published
with Amazon Fashion confirm its counts: the last one, of epoch 19, is of step 39,728, which is
19 x 267,635 / 128 rounded up."""

PAPER = {
    "AmazonFashion6ImgPartitioned.npy": PaperCounts(64_583, 234_892, 513_367, 6),
    "AmazonWomenWithImgPartitioned.npy": PaperCounts(97_678, 347_591, 827_678, 53),
    "AmazonMenWithImgPartitioned.npy": PaperCounts(34_244, 110_636, 254_870, 50),
    "TradesyImgPartitioned.npy": PaperCounts(33_864, 326_393, 655_409, None),
}
"""The paper's table. Its Amazon Fashion is larger than the file that was released."""


def compare_counts(file_name: str, found: Counts) -> str:
    """Describes what a file holds, and whether that is what it should hold.

    Args:
        file_name: Name of the file. If it is none of the released names, the file is compared with
            the released one that has as many users and items.
        found: What the file holds.

    Returns:
        One or more lines of text.

    Example:
        >>> print(compare_counts("mine.npy", Counts(2, 5, 8, 12, None)))
        mine.npy: 2 users, 5 items, 8 training interactions (12 with those held out); it is none
        of the paper's four files, whose counts are known
    """
    lines = [f"{file_name}: {found}"]
    alike = [name for name, known in RELEASED.items() if known[:2] == found[:2]]
    name = file_name if file_name in RELEASED else next(iter(alike), None)
    if name is None:
        return f"{lines[0]}; it is none of the paper's four files, whose counts are known"
    wrong = [
        f"{ours:,} {field} instead of {theirs:,}"
        for field, ours, theirs in zip(Counts._fields, found, RELEASED[name], strict=True)
        if theirs is not None and ours != theirs and field != "interactions"
    ]
    if wrong:
        lines.append(f"  warning: not what others counted in {name}: {', '.join(wrong)}")
    else:
        lines.append(f"  as others counted in {name}")
    paper = PAPER[name]
    if (found.users, found.items, found.interactions) != paper[:3]:
        lines.append(
            f"  the paper's table has {paper.users:,} users, {paper.items:,} items, "
            f"{paper.interactions:,} interactions"
        )
    if paper.categories is not None and found.categories != paper.categories:
        lines.append(
            f"  the paper's table has {paper.categories} categories, here {found.categories}"
        )
    return "\n".join(lines)
