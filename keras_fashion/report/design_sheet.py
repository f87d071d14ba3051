"""What a user bought, what is recommended to them and what was designed for them, in a row."""

from collections.abc import Sequence

import numpy as np

from keras_fashion.models.top_items import top_items
from keras_fashion.report.sheets import PictureGroup, SheetRow
from keras_fashion.run import Run

SHOWN = (128, 128)
"""Height and width at which sheets show items, in pixels."""

BOUGHT = 4
"""How many bought items stand in a row."""


def design_row(
    run: Run, users: Sequence[int], category: int, pictures: np.ndarray, preference: np.ndarray
) -> SheetRow:
    """A row of a picture sheet.

    Args:
        run: Of the recommender.
        users: Dense indices of one user or of a group; a group's taste is its mean.
        category: Dense index of what was designed.
        pictures: (n, H, W, 3) uint8, the designs.
        preference: (n,) float, theta . Phi of the designs.
    """
    catalogue = run.catalogue
    bought = np.concatenate([catalogue.items_of(user) for user in users])
    same = bought[catalogue.item_categories[bought] == category]
    others = bought[catalogue.item_categories[bought] != category]
    vectors = run.vectors
    taste = vectors._replace(users=vectors.users[users].mean(axis=0, keepdims=True))
    allowed = catalogue.item_categories == category
    items, scores = top_items(taste, 0, len(pictures), bought, allowed)
    ids = catalogue.user_ids[users]
    return SheetRow(
        str(ids[0]) if len(ids) == 1 else f"{len(ids)} users",
        [
            PictureGroup(
                "bought", catalogue.pictures_of(np.concatenate([same, others])[:BOUGHT], SHOWN)
            ),
            PictureGroup(
                "recommended",
                catalogue.pictures_of(items, SHOWN),
                [f"{score:.2f}" for score in scores],
            ),
            PictureGroup("designed", pictures, [f"{value:.2f}" for value in preference]),
        ],
    )
