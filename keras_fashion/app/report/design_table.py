"""What there is to say of each design, in rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.design.preference_maximizer import Designs
from keras_fashion.design.targets import DesignTarget
from keras_fashion.evaluation.preference import standing

ASKED = 100
"""Members of a cluster who are asked what they think of its designs, at most."""


def design_table(
    run: Run,
    targets: Sequence[DesignTarget],
    category: int,
    etas: Sequence[float],
    designs: Designs,
    unseen: Run | None = None,
) -> list[dict[str, Any]]:
    """A row a design.

    Args:
        run: Of the recommender that designed.
        targets: For whom.
        category: Dense index of what was designed.
        etas: Weights of realism.
        designs: N = clients times etas, as `design_for_targets` gives them.
        unseen: Run of a second recommender of the same users, which had no say in the designs.

    Returns:
        "for" (the client's name), "eta", "preference" and "realism" as in `Designs`; "liked_less",
        the share of the category's items that are liked less, as the mean of all members, whatever
        their weights (of at most `ASKED`, drawn at random); "members", the same of each member of
        a group by id.
        With `unseen` also the mean preference in standard deviations over the category's items
        (`StandardizedPreference`) by the two recommenders, "standard" and "unseen", and "gap", how
        much more the first thinks of the design.
    """
    rows = []
    for who, target in enumerate(targets):
        asked = target.users
        if len(asked) > ASKED:
            asked = np.sort(np.random.default_rng(0).choice(asked, ASKED, replace=False))
        own = slice(who * len(etas), (who + 1) * len(etas))
        pictures = np.concatenate(designs.pictures[own])
        seen = standing(run, asked, category, pictures)
        table = {
            "for": [target.name] * len(pictures),
            "eta": np.repeat(etas, designs.pictures.shape[1]).tolist(),
            "preference": designs.preference[own].ravel().tolist(),
            "realism": designs.realism[own].ravel().tolist(),
            "liked_less": seen.liked_less.mean(axis=0).tolist(),
        }
        if len(target.user_embeddings) > 1:
            ids = run.catalogue.user_ids[target.users].tolist()
            table["members"] = [
                dict(zip(ids, each, strict=True)) for each in seen.liked_less.T.tolist()
            ]
        if unseen is not None:
            first = seen.standard.mean(axis=0)
            second = standing(unseen, asked, category, pictures).standard.mean(axis=0)
            table |= {
                "standard": first.tolist(),
                "unseen": second.tolist(),
                "gap": (first - second).tolist(),
            }
        rows += [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return rows
