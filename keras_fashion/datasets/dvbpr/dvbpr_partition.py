"""The paper's partition of the interactions, as a split that can be read back."""

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
