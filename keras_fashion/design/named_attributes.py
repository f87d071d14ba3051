"""Attributes as a user names them: what any picture shows, or a catalogue's label."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from keras_fashion.catalogue import Catalogue
from keras_fashion.design.label_attribute import LabelAttribute
from keras_fashion.design.picture_attributes import ATTRIBUTES, picture_attributes
from keras_fashion.errors import InputError

_MOST_PICTURES = 3000
"""That a label's classifier is fitted to, at most, drawn at random."""


def named_attributes(
    names: Sequence[str], catalogue: Catalogue, category: int, picture_size: tuple[int, int]
) -> Callable[[np.ndarray], pd.DataFrame]:
    """What `find_directions` measures.

    Args:
        names: Of `ATTRIBUTES`, or a label as "COLUMN=VALUE", such as "colour_group_name=Black".
        catalogue: Whose items teach what the labels look like.
        category: Dense index; only its items do.
        picture_size: Height and width of the pictures to measure.

    Returns:
        From (N, H, W, 3) uint8 pictures to N rows, a column a name.

    Raises:
        InputError: If there is no such attribute, column or value, or too few items have it.
    """
    names = list(dict.fromkeys(names))
    labels = {}
    for name in names:
        if "=" in name:
            labels[name] = _label(name, catalogue, category, picture_size)
        elif name not in ATTRIBUTES:
            raise InputError(
                f"no attribute {name!r}; there are {', '.join(ATTRIBUTES)}, and COLUMN=VALUE for "
                "a label of the catalogue."
            )

    def measure(pictures: np.ndarray) -> pd.DataFrame:
        table = picture_attributes(pictures)
        return table.assign(**{name: label(pictures) for name, label in labels.items()})[names]

    return measure


def _label(
    name: str, catalogue: Catalogue, category: int, picture_size: tuple[int, int]
) -> LabelAttribute:
    column, value = name.split("=", 1)
    has_label = catalogue.items_where([(column, value)])
    items = np.flatnonzero(catalogue.item_categories == category)
    items = np.random.default_rng(0).permutation(items)[:_MOST_PICTURES]
    try:
        return LabelAttribute(catalogue.pictures_of(items, picture_size), has_label[items])
    except InputError as error:
        raise InputError(f"{name} in {catalogue.categories[category]}: {error}") from error
