"""The table of designs: a row of measurements for each design."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_fashion.design.preference_maximizer import Designs
from keras_fashion.design.targets import DesignTarget
from keras_fashion.evaluation.preference import preference_within_category
from keras_fashion.models.trained import TrainedRecommender

MAX_MEMBERS = 100
"""Largest number of a target's users over whom preference is measured."""


def design_table(
    run: TrainedRecommender,
    targets: Sequence[DesignTarget],
    category: int,
    etas: Sequence[float],
    designs: Designs,
    unseen: TrainedRecommender | None = None,
) -> list[dict[str, Any]]:
    """Measures designs.

    The preference of a target with more than `MAX_MEMBERS` users is measured over that many of
    them, drawn at random.

    Args:
        run: The recommender that the designs were made with.
        targets: The users, groups or clusters that the designs are for.
        category: Dense index of the designs' category.
        etas: Weights of realism.
        designs: Designs for each target at each weight, as `design_for_targets` returns them.
        unseen: A second recommender of the same users, with which the designs were not
            made.

    Returns:
        A dictionary for each design, with

        - "for": Name of the target.
        - "eta": Weight of realism.
        - "preference" and "realism": As in `Designs`.
        - "liked_less": Share of the category's items that are liked less, as the unweighted mean
          over the users.
        - "members": The same share for each user of a group, by id.
        - "standard" and "unseen": With `unseen` only. Mean preference by the two recommenders, in
          standard deviations over the category's items (`StandardizedPreference`).
        - "gap": With `unseen` only. Difference of the two.
    """
    rows = []
    for number, target in enumerate(targets):
        users = target.users
        if len(users) > MAX_MEMBERS:
            users = np.sort(np.random.default_rng(0).choice(users, MAX_MEMBERS, replace=False))
        own = slice(number * len(etas), (number + 1) * len(etas))
        pictures = np.concatenate(designs.pictures[own])
        seen = preference_within_category(run, users, category, pictures)
        table = {
            "for": [target.name] * len(pictures),
            "eta": np.repeat(etas, designs.pictures.shape[1]).tolist(),
            "preference": designs.preference[own].ravel().tolist(),
            "realism": designs.realism[own].ravel().tolist(),
            "liked_less": seen.percentile_rank.mean(axis=0).tolist(),
        }
        if len(target.user_embeddings) > 1:
            ids = run.catalogue.user_ids[target.users].tolist()
            table["members"] = [
                dict(zip(ids, each, strict=True)) for each in seen.percentile_rank.T.tolist()
            ]
        if unseen is not None:
            first = seen.standardized.mean(axis=0)
            other = preference_within_category(unseen, users, category, pictures)
            second = other.standardized.mean(axis=0)
            table |= {
                "standard": first.tolist(),
                "unseen": second.tolist(),
                "gap": (first - second).tolist(),
            }
        rows += [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return rows
