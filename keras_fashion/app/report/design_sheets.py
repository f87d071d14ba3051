"""Picture sheets of designs, edits and redesigns."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.design.aggregation import MEAN, Aggregation
from keras_fashion.design.item_redesign import Redesign
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.design.targets import DesignTarget, preference_for_items
from keras_fashion.models.trained import TrainedRecommender

ITEM_SIZE = (128, 128)
"""Height and width at which items are loaded for a sheet, in pixels."""

MAX_BOUGHT = 4
"""Largest number of bought items in a row."""


def design_row(
    run: TrainedRecommender,
    users: Sequence[int],
    category: int,
    pictures: np.ndarray,
    preference: np.ndarray,
    scores: np.ndarray | None = None,
    captions: Sequence[str] | None = None,
) -> SheetRow:
    """Makes a row with what users bought, what is recommended to them, and their designs.

    Bought items of the category come first, and among them those that most of the users bought.
    Items that all of the users bought are not recommended.

    Args:
        run: The recommender.
        users: Dense indices of one or more users.
        category: Dense index of the designs' category.
        pictures: The designs, of shape (n, H, W, 3), uint8.
        preference: Preference for the designs, of shape (n,), float.
        scores: Preference for all items, of shape (I,), float; by default the mean over the users.
        captions: Captions of the designs; by default their preference.

    Returns:
        A row with three groups of pictures.
    """
    catalogue = run.catalogue
    bought, num_buyers = np.unique(
        np.concatenate([catalogue.items_of(user) for user in users]), return_counts=True
    )
    of_category = catalogue.item_categories[bought] == category
    shown = bought[np.lexsort((bought, -num_buyers, ~of_category))][:MAX_BOUGHT]
    if scores is None:
        scores = run.vectors.scores(np.asarray(users)).mean(axis=0)
    preferences = np.asarray(scores)
    allowed = catalogue.item_categories == category
    allowed[bought[num_buyers == len(users)]] = False
    items = np.flatnonzero(allowed)
    items = items[np.argsort(-preferences[items], kind="stable")[: len(pictures)]]
    return SheetRow(
        str(catalogue.user_ids[users[0]]) if len(users) == 1 else f"{len(users)} users",
        [
            PictureGroup("bought", catalogue.pictures_of(shown, ITEM_SIZE)),
            PictureGroup(
                "recommended",
                catalogue.pictures_of(items, ITEM_SIZE),
                [f"{score:.2f}" for score in preferences[items]],
            ),
            PictureGroup(
                "designed", pictures, captions or [f"{value:.2f}" for value in preference]
            ),
        ],
    )


def design_sheet(
    run: TrainedRecommender,
    maximizer: PreferenceMaximizer,
    targets: Sequence[DesignTarget],
    category: int,
    etas: Sequence[float],
    designs: Designs,
    aggregation: Aggregation = MEAN,
) -> Image.Image:
    """Draws designs, with a row for each target.

    If there are several weights of realism, a row for each of them follows, with its designs.

    Args:
        run: The recommender.
        maximizer: The maximizer that made the designs.
        targets: The users, groups or clusters that the designs are for.
        category: Dense index of the designs' category.
        etas: Weights of realism.
        designs: Designs for each target at each weight, as `design_for_targets` returns them.
        aggregation: How the preferences of a group become one.

    Returns:
        An RGB image.
    """
    rows = []
    for target_number, target in enumerate(targets):
        scores = preference_for_items(maximizer, target, category, run.vectors.items, aggregation)
        existing, sweep = [], []
        for eta_number, eta in enumerate(etas):
            number = target_number * len(etas) + eta_number
            pictures, preference = designs.pictures[number], designs.preference[number]
            captions = [
                f"{liked:.2f}, real {real:.2f}"
                for liked, real in zip(preference, designs.realism[number], strict=True)
            ]
            row = design_row(
                run, target.users.tolist(), category, pictures, preference, scores, captions
            )
            *existing, designed = row.groups
            sweep.append(SheetRow(f"eta {eta:g}", [designed]))
        if len(etas) > 1:
            rows += [SheetRow(target.name, existing), *sweep]
        else:
            rows.append(SheetRow(target.name, [*existing, *sweep[0].groups]))
    title = f"{run.catalogue.categories[category]}: preference, and realism (1: taken for real)"
    return picture_sheet(rows, title)


def edit_sheet(
    pictures: np.ndarray, values: np.ndarray, strengths: Sequence[float], title: str
) -> Image.Image:
    """Draws edits, with a row for each design and a column for each strength.

    Args:
        pictures: Edited pictures of shape (n, S, H, W, 3), uint8.
        values: The attribute as measured on each picture, of shape (n, S); shown as its caption.
        strengths: The S strengths of the edit; shown above the columns.
        title: Title of the sheet.

    Returns:
        An RGB image.

    Example:
        >>> import numpy as np
        >>> pictures = np.zeros((2, 3, 32, 32, 3), np.uint8)
        >>> edit_sheet(pictures, np.zeros((2, 3)), [-1, 0, 1], "Tops: length").height
        402
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
    original: np.ndarray, redesign: Redesign, liked_less: np.ndarray, title: str
) -> Image.Image:
    """Draws the original, the generator's nearest picture to it, and the steps of a redesign.

    Args:
        original: The original picture of shape (H, W, 3), uint8.
        redesign: A redesign of n pictures.
        liked_less: Share of the category's items that the user likes less than the original and
            than each picture of the redesign, of shape (n + 1,), float.
        title: Title of the sheet.

    Returns:
        An RGB image.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.design.item_redesign import Redesign
        >>> pictures = np.zeros((3, 32, 32, 3), np.uint8)
        >>> redesign = Redesign(pictures, np.zeros((3, 8)), *np.zeros((3, 3)))
        >>> redesign_sheet(pictures[0], redesign, np.zeros(4), "A top").height
        240
    """
    captions = [
        f"{share:.0%}, {real:.2f}, {far:.2f}"
        for share, real, far in zip(
            liked_less[1:], redesign.realism, redesign.distance, strict=True
        )
    ]
    groups = [
        PictureGroup("original", original[None], [f"{liked_less[0]:.0%}"]),
        PictureGroup("generator's nearest", redesign.pictures[:1], captions[:1]),
        PictureGroup(
            "redesign: items liked less, realism (1: real), distance (0: the original)",
            redesign.pictures[1:],
            captions[1:],
        ),
    ]
    return picture_sheet([SheetRow("", groups)], title)
