"""Sheets of pictures that show designs, edits and redesigns."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_fashion.app.report.sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.app.run import Run
from keras_fashion.design.item_redesign import Redesign
from keras_fashion.design.objective import MEAN, Aggregation
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.design.targets import DesignTarget, preference_for_items

SHOWN = (128, 128)
"""Height and width at which sheets show items, in pixels."""

BOUGHT = 4
"""How many bought items stand in a row."""


def design_row(
    run: Run,
    users: Sequence[int],
    category: int,
    pictures: np.ndarray,
    preference: np.ndarray,
    scores: np.ndarray | None = None,
    captions: Sequence[str] | None = None,
) -> SheetRow:
    """What users bought, what is recommended to them, and what was designed for them.

    Of what several bought, what most of them did comes first; left out of what is recommended is
    what all of them have.

    Args:
        run: Of the recommender.
        users: Dense indices, one or more.
        category: Dense index of what was designed.
        pictures: (n, H, W, 3) uint8, the designs.
        preference: (n,) float, of the designs.
        scores: (I,) float, preference for all items; the users' mean by default.
        captions: Below the designs; their preference by default.
    """
    catalogue = run.catalogue
    bought, times = np.unique(
        np.concatenate([catalogue.items_of(user) for user in users]), return_counts=True
    )
    of_category = catalogue.item_categories[bought] == category
    shown = bought[np.lexsort((bought, -times, ~of_category))][:BOUGHT]
    if scores is None:
        scores = run.vectors.scores(np.asarray(users)).mean(axis=0)
    allowed = catalogue.item_categories == category
    allowed[bought[times == len(users)]] = False
    items = np.flatnonzero(allowed)
    items = items[np.argsort(-scores[items], kind="stable")[: len(pictures)]]
    return SheetRow(
        str(catalogue.user_ids[users[0]]) if len(users) == 1 else f"{len(users)} users",
        [
            PictureGroup("bought", catalogue.pictures_of(shown, SHOWN)),
            PictureGroup(
                "recommended",
                catalogue.pictures_of(items, SHOWN),
                [f"{score:.2f}" for score in scores[items]],
            ),
            PictureGroup(
                "designed", pictures, captions or [f"{value:.2f}" for value in preference]
            ),
        ],
    )


def design_sheet(
    run: Run,
    maximizer: PreferenceMaximizer,
    targets: Sequence[DesignTarget],
    category: int,
    etas: Sequence[float],
    designs: Designs,
    aggregation: Aggregation = MEAN,
) -> Image.Image:
    """A row a client; of several weights of realism, a row each below it.

    Args:
        run: Of the recommender.
        maximizer: That made the designs.
        targets: For whom.
        category: Dense index of what was designed.
        etas: Weights of realism.
        designs: N = clients times etas, as `design_for_targets` gives them.
        aggregation: How a group's preferences become one.
    """
    rows = []
    for who, target in enumerate(targets):
        scores = preference_for_items(maximizer, target, category, run.vectors.items, aggregation)
        sweep = []
        for which, eta in enumerate(etas):
            number = who * len(etas) + which
            pictures, preference = designs.pictures[number], designs.preference[number]
            captions = [
                f"{liked:.2f}, real {real:.2f}"
                for liked, real in zip(preference, designs.realism[number], strict=True)
            ]
            row = design_row(run, target.users, category, pictures, preference, scores, captions)
            *exist, designed = row.groups
            sweep.append(SheetRow(f"eta {eta:g}", [designed]))
        if len(etas) > 1:
            rows += [SheetRow(target.name, exist), *sweep]
        else:
            rows.append(SheetRow(target.name, [*exist, designed]))
    title = f"{run.catalogue.categories[category]}: preference, and realism (1: taken for real)"
    return picture_sheet(rows, title)


def edit_sheet(
    pictures: np.ndarray, values: np.ndarray, strengths: Sequence[float], title: str
) -> Image.Image:
    """Draws edits.

    Args:
        pictures: (n, S, H, W, 3) uint8.
        values: (n, S), the attribute as it is measured on each picture; stands below it.
        strengths: S of them; they stand above the columns.
        title: Above everything.
    """
    rows = [
        SheetRow(
            f"latent {number}",
            [
                PictureGroup(f"{strength:+g}", picture[None], [f"{value:.3g}"])
                for strength, picture, value in zip(strengths, row, measured, strict=True)
            ],
        )
        for number, (row, measured) in enumerate(zip(pictures, values, strict=True), start=1)
    ]
    return picture_sheet(rows, title)


def redesign_sheet(
    original: np.ndarray, strip: Redesign, liked_less: np.ndarray, title: str
) -> Image.Image:
    """The original, the generator's nearest picture to it, and the way from there.

    Args:
        original: (H, W, 3) uint8.
        strip: n frames.
        liked_less: (n + 1,) float, the share of the category's items that the user likes less
            than the original and than each frame.
        title: Above everything.
    """
    captions = [
        f"{share:.0%}, {real:.2f}, {far:.2f}"
        for share, real, far in zip(liked_less[1:], strip.realism, strip.distance, strict=True)
    ]
    groups = [
        PictureGroup("original", original[None], [f"{liked_less[0]:.0%}"]),
        PictureGroup("generator's nearest", strip.pictures[:1], captions[:1]),
        PictureGroup(
            "redesign: items liked less, realism (1: real), distance (0: the original)",
            strip.pictures[1:],
            captions[1:],
        ),
    ]
    return picture_sheet([SheetRow("", groups)], title)
